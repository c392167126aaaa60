#!/bin/bash
# packages.sh BASE FOLDER OUT: a signed repository of packages that stand in for Alpine's, as
# OUT/vRELEASE/main: each name of iso/alpine's lists is in it. BASE is the base layer of the
# base debian, of which the system and the kernel are; FOLDER is the top of bee's repository. It
# needs the programs apkrepo and apk of iso/alpine/apktest in PATH.
set -euo pipefail
[ $# = 3 ] || { echo "usage: packages.sh BASE FOLDER OUT" >&2; exit 2; }
base=$1 bee=$2 out=$3
here=$(cd "$(dirname "$0")" && pwd)
umask 022
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
unsquashfs -quiet -no-progress -dest debian "$base/base.squashfs"
mkdir trees

# the kernel, with what a medium, a test's machine and its hardware need
modules=debian/usr/lib/modules
kernel=$(ls "$modules")
for list in "$bee/iso/debian/initrd-modules" "$here/modules"; do
	"$bee/iso/debian/modules.sh" "$list" "$modules/$kernel/modules.dep"
done | sort -u >chosen
mkdir -p "trees/linux-lts/boot" "trees/linux-lts/lib/modules/$kernel" "trees/linux-lts-dev/usr/src/linux-headers-$kernel/include/config"
cp "$base/vmlinuz" trees/linux-lts/boot/vmlinuz-lts
(cd "$modules/$kernel" && xargs cp --parents -t "$work/trees/linux-lts/lib/modules/$kernel" modules.order modules.builtin modules.builtin.modinfo) <chosen
depmod -b trees/linux-lts "$kernel"
echo "$kernel" >"trees/linux-lts-dev/usr/src/linux-headers-$kernel/include/config/kernel.release"

# the system: Debian's, with the init of busybox and the services that Alpine's runlevels name
mkdir -p trees/busybox/usr/bin trees/apk-tools/usr/bin trees/mkinitfs/usr/share/mkinitfs
mv debian/usr/bin/busybox trees/busybox/usr/bin/
cp "$(command -v apk)" trees/apk-tools/usr/bin/
install -m 755 "$here/init" trees/mkinitfs/usr/share/mkinitfs/initramfs-init
install -m 755 -D -t trees/mkinitfs/usr/sbin "$here/mkinitfs"
install -m 755 -D -t trees/busybox/usr/share/udhcpc "$here/default.script"
# what a boot has no use for takes time to install
rm -rf "$modules" debian/usr/lib/firmware debian/boot debian/usr/share/doc debian/usr/lib/x86_64-linux-gnu/{gconv,perl-base} debian/usr/bin/perl*
mv debian trees/alpine-base
for applet in $(trees/busybox/usr/bin/busybox --list); do
	[ -e "trees/alpine-base/usr/bin/$applet" ] || [ -e "trees/alpine-base/usr/sbin/$applet" ] || ln -s ../bin/busybox "trees/alpine-base/usr/sbin/$applet"
done
# /lib is a folder, as apk's database is in it
rm trees/alpine-base/lib
mkdir trees/alpine-base/lib
for path in trees/alpine-base/usr/lib/*; do
	ln -s "../usr/lib/${path##*/}" trees/alpine-base/lib/
done
ln -s ../../lib/modules trees/alpine-base/usr/lib/modules
install -m 755 -D -t trees/alpine-base/etc/init.d "$here"/services/*
echo 'dmesg_level="1"' >trees/alpine-base/etc/conf.d/dmesg
for service in mdev modules bootmisc localmount killprocs mount-ro; do # which have nothing to do
	printf '#!/sbin/openrc-run\nstart() { :; }\n' >"trees/alpine-base/etc/init.d/$service"
	chmod 755 "trees/alpine-base/etc/init.d/$service"
done

# openssl, which checks the kernel's modules, with the libraries that the system has not
mkdir -p trees/openssl/usr/bin trees/openssl/usr/lib/x86_64-linux-gnu
cp "$(command -v openssl)" trees/openssl/usr/bin/
for library in ssl crypto; do
	[ -e "trees/alpine-base/usr/lib/x86_64-linux-gnu/lib$library.so.3" ] ||
		cp -L "/usr/lib/x86_64-linux-gnu/lib$library.so.3" trees/openssl/usr/lib/x86_64-linux-gnu/
done

mkdir -p trees/gcompat/lib
: >trees/gcompat/lib/libgcompat.so.0 # programs for glibc have glibc here

sed 's/#.*//' "$bee"/iso/alpine/{packages,kernel,tools,compiler} | xargs -n 1 | sort -u >names
{
	echo '{"main": ['
	comma=
	while read -r name; do
		tree=$work/trees/$name
		[ -d "$tree" ] || { mkdir -p "$tree/usr/share/alpine"; echo "$name" >"$tree/usr/share/alpine/$name"; }
		case $name in
		alpine-base) depends='"busybox", "apk-tools"' ;;
		linux-lts) depends='"mkinitfs"' ;;
		*) depends= ;;
		esac
		printf '%s{"Name": "%s", "Version": "1-r0", "Depends": [%s], "Tree": "%s"}\n' "$comma" "$name" "$depends" "$tree"
		comma=,
	done <names
	echo '], "community": [{"Name": "unneeded", "Version": "1-r0"}]}'
} >packages.json
mkdir -p "$out/v3.21"
apkrepo "$out/v3.21" <packages.json
mv "$out/v3.21/keys" "$out/keys"
cp -al "$out/v3.21" "$out/v3.22"
