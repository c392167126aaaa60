#!/bin/sh
# netboot.sh ISO NET.img OUTDIR: what a server needs for machines to boot an ISO over the network: its
# kernel, initramfs, modules, packages and layers, what net.sh made, an iPXE script, and a GRUB for UEFI.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 3 ] || { echo "usage: netboot.sh ISO NET.img OUTDIR" >&2; exit 2; }
iso=$1 net=$2 out=$3
: "${BEE_FLAVOR:?netboot.sh: BEE_FLAVOR must be set}"
umask 022
mkdir -p "$out"
xorriso -report_about WARNING -osirrox on:auto_chmod_off -indev "$iso" \
	-extract /apks "$out/apks" -extract /live "$out/live" \
	-extract "/boot/vmlinuz-$BEE_FLAVOR" "$out/vmlinuz" \
	-extract "/boot/initramfs-$BEE_FLAVOR" "$out/initrd" \
	-extract "/boot/modloop-$BEE_FLAVOR" "$out/modloop-$BEE_FLAVOR" \
	-extract /boot/bee.img "$out/bee.img"
chmod -R u+w,a+rX "$out"
cp "$net" "$out/net.img"
# It begins by TFTP, and finds its menu where UEFI got it from.
grub-mkimage --format=x86_64-efi --prefix=/grub --output="$out/bootx64.efi" \
	all_video configfile efi_gop efinet http linux normal serial terminal test tftp

# Words of Alpine's initramfs, and of its service modloop:
# BOOTIF: the card that it asks for an address on, else the first one that has a link
# apkovl: the one of bee.img
# modloop: known by its signature, which the initramfs has for it by this name
"$here/../boot/netboot.sh" "$out" "modules=loop,squashfs,overlay ip=dhcp BOOTIF=01-\${card} alpine_repo=\${base}apks \
modloop=\${base}modloop-$BEE_FLAVOR apkovl=/bee.apkovl.tar.gz init=/usr/local/lib/bee/live bee.fetch=\${base} cryptomgr.notests" \
	initrd bee.img net.img
