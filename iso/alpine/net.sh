#!/bin/sh
# net.sh LIST APK KERNEL OUT: an initramfs, to be given behind that of an ISO, with what a boot over
# the network needs besides: made by Alpine's own mkinitfs, of the packages of LIST, whose kernel has to
# be KERNEL. APK is a folder as /etc/apk, which says where they come from, and whom to trust.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 4 ] || { echo "usage: net.sh LIST APK KERNEL OUT" >&2; exit 2; }
list=$1 apk=$2 kernel=$3 out=$4
: "${SOURCE_DATE_EPOCH:?net.sh: SOURCE_DATE_EPOCH must be set}"
umask 022
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root/etc/apk" "$work/bin"
cp -r "$apk/keys" "$root/etc/apk/"
# shellcheck disable=SC2046 # a list
apk add --root "$root" --arch x86_64 --repositories-file "$apk/repositories" --initdb --no-scripts --quiet \
	$(sed 's/#.*//' "$list")
# The keys are those that the ISO's initramfs has.
rm -r "$root/etc/apk/keys"

# The features are those of Alpine's netboot images.
ln -s "$here/cpio.sh" "$work/bin/cpio"
PATH=$work/bin:$PATH mkinitfs -q -b "$root" -t "$work/initramfs" -F "base network squashfs usb virtio" -o "$out" "$kernel"
chmod 644 "$out"

# It leaves out, and says nothing of, what a feature has under another name.
gzip -dc "$out" >"$work/archive"
busybox cpio -t <"$work/archive" >"$work/names" 2>/dev/null
for name in usr/share/udhcpc/default.script "modules/$kernel/kernel/drivers/net/ethernet/"; do
	grep -qF "$name" "$work/names" || { echo "net.sh: mkinitfs made an initramfs for the network without $name" >&2; exit 1; }
done
echo "net.sh: $out for $kernel, $(du -k "$out" | cut -f1) kB"
