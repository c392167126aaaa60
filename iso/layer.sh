#!/bin/bash
# layer.sh TREE LEVEL OUT.squashfs: a folder as a squashfs layer, compressed at a level
# of zstd; the same bytes for the same contents and modes. Everything belongs to root.
set -euo pipefail
[ $# = 3 ] || { echo "usage: layer.sh TREE LEVEL OUT.squashfs" >&2; exit 2; }
tree=$1 level=$2 out=$3
: "${SOURCE_DATE_EPOCH:?layer.sh: SOURCE_DATE_EPOCH must be set}"
trap 'rm -f "$out.part"' EXIT
# mksquashfs reads SOURCE_DATE_EPOCH too and refuses it beside -mkfs-time
env -u SOURCE_DATE_EPOCH mksquashfs "$tree" "$out.part" \
	-quiet -no-progress -noappend -reproducible -no-exports -all-root \
	-mkfs-time "$SOURCE_DATE_EPOCH" -all-time "$SOURCE_DATE_EPOCH" \
	-b 256K -comp zstd -Xcompression-level "$level"
mv "$out.part" "$out"
echo "layer.sh: $out, $(du -k "$out" | cut -f1) kB"
