#!/bin/bash
# trim.sh ROOT: called by rootfs.sh; makes the freshly installed ROOT fit for a
# live medium, and the same from the same packages wherever it was made.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$1
kernel=$(ls "$root/usr/lib/modules")
modules=$root/usr/lib/modules/$kernel
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Plain modules load faster, and squashfs compresses them better than each
# was by itself.
find "$modules" -name '*.ko.xz' -exec xz -d {} +

# A driver that depends on one left out by dpkg.cfg could not load: it goes too.
while :; do
	find "$modules/kernel" -name '*.ko' >"$work/modules"
	xargs modinfo <"$work/modules" | awk -v builtin="$modules/modules.builtin" -v modules="$work/modules" '
		function name(path) { sub(".*/", "", path); sub("[.]ko$", "", path); gsub("-", "_", path); return path }
		BEGIN {
			while ((getline path <builtin) > 0) present[name(path)]
			while ((getline path <modules) > 0) present[name(path)]
		}
		$1 == "filename:" { file = $2 }
		$1 == "depends:" {
			split($2, needed, ",")
			for (i in needed) if (!(name(needed[i]) in present)) { print file; next }
		}' >"$work/orphans"
	[ -s "$work/orphans" ] || break
	echo "trim.sh: without what they depend on: $(sed 's|.*/||' "$work/orphans" | xargs)"
	xargs rm <"$work/orphans"
done
depmod -b "$root" "$kernel"

# Of the firmware only what the listed drivers ask for, with what links lead to.
firmware=$root/usr/lib/firmware
sed 's/#.*//; /^$/d' "$here/firmware-drivers" | while read -r folder; do
	find "$modules/kernel/$folder" -name '*.ko' -exec modinfo -F firmware {} +
done | sort -u >"$work/firmware"
mv "$firmware" "$firmware.all"
mkdir "$firmware"
while read -r name; do
	while [ -e "$firmware.all/$name" ]; do
		mkdir -p "$firmware/$(dirname "$name")"
		cp -a "$firmware.all/$name" "$firmware/$name"
		target=$(readlink "$firmware.all/$name") || break
		name=$(realpath -m --relative-to="$firmware.all" "$firmware.all/$(dirname "$name")/$target")
	done
done <"$work/firmware"
rm -rf "$firmware.all"
echo "trim.sh: firmware $(du -sm "$firmware" | cut -f1) MB, modules $(du -sm "$modules" | cut -f1) MB"

# Services: only native ones that are of use, for OpenRC asks each one for its
# dependencies at every boot; no runlevels but what bee's own layer links.
rm "$root"/etc/init.d/{cgroups,savecache}
for script in "$root"/etc/init.d/*; do
	head -1 "$script" | grep -q openrc-run || rm "$script"
done
find "$root/etc/runlevels" -mindepth 2 -delete
rm -rf "$root"/etc/rc?.d

# busybox supplies the commands that nothing else does, but for those that signal its own init:
# OpenRC's does not hear them, and services find /usr/bin before /usr/sbin, where ours are.
for applet in $(chroot "$root" busybox --list | grep -vxE 'halt|poweroff|reboot'); do
	chroot "$root" sh -c "command -v $applet" >/dev/null || ln -s busybox "$root/usr/bin/$applet"
done

# What the build leaves behind: caches, logs, lists, identities, hosts' names.
rm -f "$root"/etc/nvme/host{id,nqn} "$root"/etc/{hostname,resolv.conf} "$root"/etc/*- \
	"$root"/var/lib/dpkg/*-old "$root"/var/cache/debconf/*-old "$root"/{vmlinuz,initrd.img}*
rm -rf "$root"/var/log/* "$root"/var/cache/* "$root"/var/lib/apt "$root"/etc/apt/sources.list.d \
	"$root"/var/lib/systemd "$root"/{tmp,run,var/tmp}/*
: >"$root/etc/resolv.conf"
: >"$root/etc/machine-id"
