#!/bin/bash
# initrd.sh ROOT OUT: the initramfs but for its init, which each ISO has in a second one: of ROOT,
# a root file system, the busybox and those kernel modules that initrd-modules asks for.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 2 ] || { echo "usage: initrd.sh ROOT OUT" >&2; exit 2; }
root=$1 out=$2
: "${SOURCE_DATE_EPOCH:?initrd.sh: SOURCE_DATE_EPOCH must be set}"
umask 022
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
kernel=$(ls "$root/usr/lib/modules")
modules=$root/usr/lib/modules/$kernel

initrd=$work/initrd
mkdir -p "$initrd"/{bin,dev,proc,sys,run,"usr/lib/modules/$kernel"}
ln -s usr/lib "$initrd/lib"
ln -s bin "$initrd/sbin"
cp "$root/usr/bin/busybox" "$initrd/bin/"
for applet in $("$root/usr/bin/busybox" --list); do
	ln -s busybox "$initrd/bin/$applet" 2>/dev/null || :
done
"$here/modules.sh" "$here/initrd-modules" "$modules/modules.dep" >"$work/modules"
(cd "$modules" && xargs cp --parents -t "$initrd/usr/lib/modules/$kernel" modules.order modules.builtin modules.builtin.modinfo) <"$work/modules"
depmod -b "$initrd" "$kernel"
"$here/cpio.sh" "$initrd" "$out"
echo "initrd.sh: $out for $kernel, $(du -k "$out" | cut -f1) kB, $(wc -l <"$work/modules") modules"
