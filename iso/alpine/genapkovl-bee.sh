#!/bin/sh
# genapkovl-bee.sh HOSTNAME: makes HOSTNAME.apkovl.tar.gz in the working directory,
# what Alpine's initramfs unpacks over the empty root before it installs the packages of
# etc/apk/world: those, the program that lays the layers over them, and which layers that
# are, in etc/bee/layers.
#
# BEE_FILES is a folder with alpine/packages, live (the program) and layers
# (NN-name.squashfs); BEE_EPOCH is the time of all files.
set -eu
# Without it a tar that failed would leave an apkovl of 20 bytes, and no error.
# shellcheck disable=SC3040 # busybox ash has it
set -o pipefail
[ $# = 1 ] || { echo "usage: genapkovl-bee.sh HOSTNAME" >&2; exit 2; }
out=$PWD/$1.apkovl.tar.gz
: "${BEE_FILES:?genapkovl-bee.sh: BEE_FILES must be set}" "${BEE_EPOCH:?genapkovl-bee.sh: BEE_EPOCH must be set}"
umask 022
tree=$(mktemp -d)
trap 'rm -rf "$tree" "$out.part"' EXIT

mkdir -p "$tree/etc/apk" "$tree/etc/bee" "$tree/usr/local/lib/bee"
echo "$1" >"$tree/etc/hostname"
sed 's/#.*//' "$BEE_FILES/alpine/packages" | tr -s ' \t' '\n' | sed '/^$/d' | LC_ALL=C sort >"$tree/etc/apk/world"
(cd "$BEE_FILES/layers" && sha256sum -- *.squashfs) >"$tree/etc/bee/layers"
install -m 755 "$BEE_FILES/live" "$tree/usr/local/lib/bee/live"
# names without ./, as apk has them
(cd "$tree" && tar --sort=name --mtime="@$BEE_EPOCH" --owner=0 --group=0 --numeric-owner --format=ustar -c -- *) |
	gzip -9n >"$out.part"
mv "$out.part" "$out"
