#!/bin/bash
# cpio.sh TREE OUT: a folder as an initramfs, the same bytes for the same contents and modes.
# Everything belongs to root. The kernel takes none that is damaged: it has a checksum.
set -euo pipefail
[ $# = 2 ] || { echo "usage: cpio.sh TREE OUT" >&2; exit 2; }
tree=$1 out=$(realpath "$2")
: "${SOURCE_DATE_EPOCH:?cpio.sh: SOURCE_DATE_EPOCH must be set}"
trap 'rm -f "$out.part"' EXIT
find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
(cd "$tree" && find . -mindepth 1 -print0 | LC_ALL=C sort -z |
	cpio -0 -o -H newc --reproducible --owner 0:0 --quiet) | zstd -19 -T1 -q --check >"$out.part"
mv "$out.part" "$out"
