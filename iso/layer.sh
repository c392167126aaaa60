#!/bin/bash
# layer.sh TREE OUT.squashfs: a folder as a squashfs layer, the same bytes for the same
# contents and modes. Everything belongs to root. Level 9 of zstd would be quicker, by 4 s for
# bee's own layer, and make that a megabyte larger, of 150 that a boot without GPUs may take.
set -euo pipefail
[ $# = 2 ] || { echo "usage: layer.sh TREE OUT.squashfs" >&2; exit 2; }
tree=$1 out=$2
: "${SOURCE_DATE_EPOCH:?layer.sh: SOURCE_DATE_EPOCH must be set}"
trap 'rm -f "$out.part"' EXIT
# mksquashfs reads SOURCE_DATE_EPOCH too and refuses it beside -mkfs-time
env -u SOURCE_DATE_EPOCH mksquashfs "$tree" "$out.part" \
	-quiet -no-progress -noappend -reproducible -no-exports -all-root \
	-mkfs-time "$SOURCE_DATE_EPOCH" -all-time "$SOURCE_DATE_EPOCH" \
	-b 256K -comp zstd -Xcompression-level 15
mv "$out.part" "$out"
echo "layer.sh: $out, $(du -k "$out" | cut -f1) kB"
