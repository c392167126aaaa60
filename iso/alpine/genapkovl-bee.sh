#!/bin/sh
# genapkovl-bee.sh HOSTNAME: makes HOSTNAME.apkovl.tar.gz in the working directory,
# what Alpine's initramfs unpacks over the empty root before it installs the
# packages of etc/apk/world. mkimage calls it.
#
# BEE_FILES is a folder with overlay (of all bases), alpine (this folder), own (what
# is of this ISO only) and layers (what layer.sh made, NN-name.tar.gz); BEE_EPOCH is
# the time of all files but those of the layers.
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

cp -a "$BEE_FILES/overlay/." "$BEE_FILES/alpine/overlay/." "$tree/"
# git keeps only the execute bit; everything else about a mode is the checkout's
find "$tree" -type d -exec chmod 755 {} +
find "$tree" -type f -perm -100 -exec chmod 755 {} +
find "$tree" -type f ! -perm -100 -exec chmod 644 {} +

echo "$1" >"$tree/etc/hostname"
mkdir -p "$tree/etc/apk"
sed 's/#.*//' "$BEE_FILES/alpine/packages" | tr -s ' \t' '\n' | sed '/^$/d' | LC_ALL=C sort >"$tree/etc/apk/world"
sed 's/#.*//; /^$/d' "$BEE_FILES/alpine/runlevels" | while read -r level services; do
	mkdir -p "$tree/etc/runlevels/$level"
	for service in $services; do
		ln -s "/etc/init.d/$service" "$tree/etc/runlevels/$level/$service"
	done
done
cp -a "$BEE_FILES/own/." "$tree/"

# A gzip file may be several one after the other, and so may what layer.sh leaves of
# a tar: the layers need not be compressed anew.
for layer in "$BEE_FILES"/layers/*.tar.gz; do
	[ ! -e "$layer" ] || cat "$layer"
done >"$out.part"
# names without ./, as apk has them
(cd "$tree" && tar --sort=name --mtime="@$BEE_EPOCH" --owner=0 --group=0 --numeric-owner --format=ustar -c -- *) |
	gzip -9n >>"$out.part"
mv "$out.part" "$out"
