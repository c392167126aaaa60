#!/bin/bash
# trim.sh ROOT: called by rootfs.sh; makes the freshly installed ROOT fit for a
# live medium, and the same from the same packages wherever it was made.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$1
kernel=$(ls "$root/usr/lib/modules")
modules=$root/usr/lib/modules/$kernel

# Plain modules load faster, and squashfs compresses them better than each
# was by itself.
find "$modules" -name '*.ko.xz' -exec xz -d {} +
depmod -b "$root" "$kernel"

# Of the firmware only what the listed drivers ask for, with what links lead to.
firmware=$root/usr/lib/firmware
list=$(mktemp)
sed 's/#.*//; /^$/d' "$here/firmware-drivers" | while read -r folder; do
	find "$modules/kernel/$folder" -name '*.ko' -exec modinfo -F firmware {} +
done | sort -u >"$list"
mv "$firmware" "$firmware.all"
mkdir "$firmware"
while read -r name; do
	while [ -e "$firmware.all/$name" ]; do
		mkdir -p "$firmware/$(dirname "$name")"
		cp -a "$firmware.all/$name" "$firmware/$name"
		target=$(readlink "$firmware.all/$name") || break
		name=$(realpath -m --relative-to="$firmware.all" "$firmware.all/$(dirname "$name")/$target")
	done
done <"$list"
rm -rf "$firmware.all" "$list"
echo "trim.sh: firmware $(du -sm "$firmware" | cut -f1) MB, modules $(du -sm "$modules" | cut -f1) MB"

# Services: only native ones, and no runlevel but what bee's own layer links.
for script in "$root"/etc/init.d/*; do
	head -1 "$script" | grep -q openrc-run || rm "$script"
done
find "$root/etc/runlevels" -mindepth 2 -delete
rm -rf "$root"/etc/rc?.d

# busybox supplies the commands that nothing else does.
for applet in $(chroot "$root" busybox --list); do
	chroot "$root" sh -c "command -v $applet" >/dev/null || ln -s busybox "$root/usr/bin/$applet"
done

# What the build leaves behind: caches, logs, lists, identities, hosts' names.
rm -f "$root"/etc/nvme/host{id,nqn} "$root"/etc/{hostname,resolv.conf} "$root"/etc/*- \
	"$root"/var/lib/dpkg/*-old "$root"/var/cache/debconf/*-old "$root"/{vmlinuz,initrd.img}*
rm -rf "$root"/var/log/* "$root"/var/cache/* "$root"/var/lib/apt "$root"/etc/apt/sources.list.d \
	"$root"/var/lib/systemd "$root"/{tmp,run,var/tmp}/*
: >"$root/etc/resolv.conf"
: >"$root/etc/machine-id"
