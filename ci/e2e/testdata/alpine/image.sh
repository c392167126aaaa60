#!/bin/sh
# image.sh: makes of an image of Debian's one that stands in for Alpine's: what a build calls
# there is busybox, and the tools that iso/alpine/tools names are Debian's.
set -eu
apt-get update --quiet
DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends \
	busybox grub-common grub-efi-amd64-bin isolinux kmod mtools openssl squashfs-tools syslinux-common xorriso xz-utils
rm -rf /var/lib/apt/lists/*
mkdir /busybox
cp /bin/busybox /busybox/
# tar and gzip are Alpine's own packages, as they are Debian's here; and not busybox-static, whose
# shell prefers what it has itself
for applet in $(busybox --list | grep -vxE 'busybox|tar|gzip|gunzip'); do
	ln -s busybox "/busybox/$applet"
done
ln -sf /busybox/busybox /bin/sh
