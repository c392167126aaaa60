#!/bin/bash
# netboot.sh ISO NET.img TREE OUTDIR: what a server needs for machines to boot an ISO over the network:
# its kernel, initramfs and layers, what net.sh made, with the programs of TREE, an iPXE script, and
# Debian's shim and GRUB for UEFI, also with Secure Boot.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 4 ] || { echo "usage: netboot.sh ISO NET.img TREE OUTDIR" >&2; exit 2; }
iso=$1 net=$2 tree=$3 out=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022
mkdir -p "$out"

xorriso -report_about WARNING -osirrox on:auto_chmod_off -indev "$iso" -extract /live "$out/live"
chmod -R u+w "$out/live"
mv "$out"/live/{vmlinuz,initrd,bee.img} "$out/"
"$here/cpio.sh" "$tree" "$work/programs"
cat "$net" "$work/programs" >"$out/net.img"
cp /usr/lib/shim/shimx64.efi.signed "$out/bootx64.efi"
cp /usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed "$out/grubx64.efi"

"$here/../boot/netboot.sh" "$out" "bee.fetch=\${base} net.ifnames=0 cryptomgr.notests" initrd bee.img net.img
