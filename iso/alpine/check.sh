#!/bin/sh
# check.sh ISO PUBLIC KERNEL LOCK: fails where something would keep an ISO from booting
# to its packages and services; mkimage ends well with broken ones, too. PUBLIC is the key
# that its index of packages is signed with, KERNEL the release of its kernel, LOCK the
# packages that it may have.
#
# apk on a machine that boots leaves out what it does not find, and says nothing: so it
# installs here, as there. OpenRC is as quiet: so it orders the services.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 4 ] || { echo "usage: check.sh ISO PUBLIC KERNEL LOCK" >&2; exit 2; }
iso=$1 public=$2 kernel=$3 lock=$4
: "${BEE_FLAVOR:?check.sh: BEE_FLAVOR must be set}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root/etc/apk/keys"
cp "$public" "$root/etc/apk/keys/"

alpine check --key "$public" --kernel "$kernel" --flavor "$BEE_FLAVOR" --lock "$lock" "$iso"
xorriso -report_about WARNING -osirrox on -indev "$iso" \
	-extract /apks "$work/apks" -extract /boot/bee.img "$work/bee.img" -extract /live/90-bee.squashfs "$work/bee.squashfs"
(cd "$work" && cpio -i --quiet) <"$work/bee.img"
apk add --root "$root" --arch x86_64 --initdb --quiet
tar -C "$root" -xzf "$work/bee.apkovl.tar.gz"
echo "check.sh: $(xargs <"$root/etc/apk/world")"
# shellcheck disable=SC2046 # a list
apk add --root "$root" --arch x86_64 --repositories-file /dev/null --repository "$work/apks" \
	--no-network --no-scripts --quiet $(cat "$root/etc/apk/world") ||
	{ echo "check.sh: the packages on the ISO cannot be installed" >&2; exit 1; }
unsquashfs -quiet -no-progress -force -dest "$root" "$work/bee.squashfs" etc usr/local/lib/bee
"$here/../service-order.sh" "$root"
