#!/bin/bash
# layer.sh TREE OUT.tar.gz: a folder as the beginning of an apkovl, to which
# genapkovl-bee.sh adds the rest: a tar without its end. The same bytes for the same
# contents and modes; everything belongs to root.
set -euo pipefail
[ $# = 2 ] || { echo "usage: layer.sh TREE OUT.tar.gz" >&2; exit 2; }
tree=$1 out=$2
: "${SOURCE_DATE_EPOCH:?layer.sh: SOURCE_DATE_EPOCH must be set}"
trap 'rm -f "$out.part"' EXIT
# The end of a tar is two blocks of zeros, where --blocking-factor=1 adds none.
(cd "$tree" && tar --blocking-factor=1 --sort=name --mtime="@$SOURCE_DATE_EPOCH" \
	--owner=0 --group=0 --numeric-owner --format=ustar -c -- *) |
	head -c -1024 | gzip -9n >"$out.part"
mv "$out.part" "$out"
echo "layer.sh: $out, $(du -k "$out" | cut -f1) kB"
