#!/bin/bash
# net.sh ROOTFS.tar OUT: an initramfs, to be given behind that of base.sh, with what a boot over
# the network needs besides: the kernel modules of net-modules, and their firmware.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 2 ] || { echo "usage: net.sh ROOTFS.tar OUT" >&2; exit 2; }
rootfs=$1 out=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/root" "$work/initrd"
tar -C "$work/root" -xf "$rootfs" ./usr/lib/modules ./usr/lib/firmware
kernel=$(ls "$work/root/usr/lib/modules")
modules=$work/root/usr/lib/modules/$kernel
own=$work/initrd/usr/lib/modules/$kernel
mkdir -p "$own"

"$here/modules.sh" "$here/initrd-modules" "$modules/modules.dep" >"$work/there"
"$here/modules.sh" "$here/net-modules" "$modules/modules.dep" | grep -vxFf "$work/there" >"$work/more"
(cd "$modules" && cat "$work/there" "$work/more" | xargs cp --parents -t "$own" modules.order modules.builtin modules.builtin.modinfo)
ln -s usr/lib "$work/initrd/lib"
depmod -b "$work/initrd" "$kernel" # of all, in place of what the other initramfs has
rm "$work/initrd/lib"
(cd "$own" && xargs modinfo -F firmware <"$work/more" | sort -u >"$work/firmware" && xargs rm <"$work/there")
find "$own" -type d -empty -delete

mkdir "$work/initrd/usr/lib/firmware"
cd "$work/root/usr/lib/firmware"
while read -r name; do
	[ ! -e "$name" ] || cp -L --parents "$name" "$work/initrd/usr/lib/firmware/" # not all is there
done <"$work/firmware"
"$here/cpio.sh" "$work/initrd" "$out"
echo "net.sh: $out for $kernel, $(du -k "$out" | cut -f1) kB, $(wc -l <"$work/more") modules"
