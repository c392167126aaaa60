#!/bin/bash
# base.sh ROOTFS.tar OUTDIR: takes the root file system apart for the medium.
# OUTDIR gets base.squashfs, vmlinuz, initrd, kernel (the release, uname -r),
# packages.tsv (name, version, architecture) and openrc.tar (with what
# order.sh checks the services).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 2 ] || { echo "usage: base.sh ROOTFS.tar OUTDIR" >&2; exit 2; }
rootfs=$(realpath "$1") out=$2
: "${SOURCE_DATE_EPOCH:?base.sh: SOURCE_DATE_EPOCH must be set}"
umask 022
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

# one pass over the tar for all but the squashfs
root=$work/root
mkdir "$root"
tar -C "$root" -xf "$rootfs" ./boot ./usr/lib/modules ./usr/bin/busybox ./var/lib/dpkg/status
kernel=$(ls "$root/usr/lib/modules")
echo "$kernel" >"$out/kernel"
cp "$root/boot/vmlinuz-$kernel" "$out/vmlinuz"
dpkg-query --admindir="$root/var/lib/dpkg" -W -f='${Package}\t${Version}\t${Architecture}\n' |
	LC_ALL=C sort >"$out/packages.tsv"

# what packs it uses one processor, for as long as the squashfs takes the others
"$here/initrd.sh" "$root" "$out/initrd" &
initrd=$!

# rc-depend, the shell script it runs, and the services both read
tar -C "$work" --transform='s,^\./,openrc/,' -xf "$rootfs" ./bin ./lib ./lib64 ./sbin \
	./etc/{init.d,conf.d,insserv.conf,insserv.conf.d,rc.conf} ./usr/lib/rc ./usr/bin/{sh,dash} ./usr/lib64 \
	./usr/lib/x86_64-linux-gnu/{ld-linux-x86-64.so.2,libc.so.6,librc.so.1,libeinfo.so.1}
tar -C "$work/openrc" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=ustar -cf "$out/openrc.tar" .

echo "base.sh: squashfs"
# mksquashfs reads SOURCE_DATE_EPOCH too and refuses it beside -mkfs-time
env -u SOURCE_DATE_EPOCH mksquashfs - "$out/base.squashfs" -tar <"$rootfs" \
	-quiet -no-progress -noappend -reproducible -no-exports -root-mode 0755 \
	-mkfs-time "$SOURCE_DATE_EPOCH" -all-time "$SOURCE_DATE_EPOCH" \
	-b 256K -comp zstd -Xcompression-level 15 -e boot
wait "$initrd"
echo "base.sh: base.squashfs $(du -m "$out/base.squashfs" | cut -f1) MB, vmlinuz $(du -m "$out/vmlinuz" | cut -f1) MB"
