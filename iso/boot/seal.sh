#!/bin/sh
# seal.sh ISO: writes the digest of an image into it, for who checks a medium that it was
# written to: into the application use field of the primary volume descriptor (ECMA-119 8.4.32),
# which is blank before, the SHA-256 of the image as it is then, and its size.
set -eu
[ $# = 1 ] || { echo "usage: seal.sh ISO" >&2; exit 2; }
at=$((16 * 2048 + 883))
[ -z "$(dd if="$1" bs=1 skip=$at count=512 2>/dev/null | tr -d ' ')" ] || { echo "seal.sh: $1 has something of another program in its application use field" >&2; exit 1; }
digest=$(sha256sum <"$1")
printf 'bee-sha256 %s %s\n' "${digest%% *}" "$(wc -c <"$1")" | dd of="$1" bs=1 seek=$at conv=notrunc 2>/dev/null
