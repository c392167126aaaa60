#!/bin/bash
# iso.sh BASEDIR LAYERDIR LIVE OUT.iso [CERTIFICATE.der]: a hybrid ISO for BIOS and UEFI, CD and
# USB stick, of what base.sh made and the squashfs layers in LAYERDIR, which are
# stacked over it in the order of their names (NN-name.squashfs, NN over 00) by the program LIVE.
# The certificate, by which modules in them are signed, is where MokManager can enrol it from.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 4 ] || [ $# = 5 ] || { echo "usage: iso.sh BASEDIR LAYERDIR LIVE OUT.iso [CERTIFICATE.der]" >&2; exit 2; }
base=$1 layers=$2 live=$3 out=$4 certificate=${5-}
: "${SOURCE_DATE_EPOCH:?iso.sh: SOURCE_DATE_EPOCH must be set}"
umask 022
work=$(mktemp -d)
trap 'rm -rf "$work" "$out.part"' EXIT
iso=$work/iso
mkdir -p "$iso/live" "$iso/boot/grub"

cp "$base"/{vmlinuz,initrd} "$iso/live/"
cp "$base/base.squashfs" "$iso/live/00-base.squashfs"
for layer in "$layers"/*; do
	case ${layer##*/} in
	00-*) ;;
	[0-9][0-9]-*.squashfs) cp "$layer" "$iso/live/" && continue ;;
	esac
	echo "iso.sh: $layer is not a layer NN-name.squashfs, NN from 01 to 99" >&2
	exit 1
done

# Each layer ends in a hash tree, by which the kernel checks what it reads of it. The initramfs
# has the list of what there has to be: a second one, of this ISO alone.
initramfs=$work/initramfs
mkdir -p "$initramfs/etc/bee"
install -m 755 "$live" "$initramfs/init"
for layer in "$iso"/live/*.squashfs; do
	size=$(stat -c %s "$layer")
	veritysetup format --no-superblock --salt=- --hash-offset="$size" --data-blocks=$((size / 4096)) \
		--root-hash-file="$work/root" "$layer" "$layer" >/dev/null
	digest=$(sha256sum <"$layer")
	echo "${digest%% *}  ${layer##*/}  $(cat "$work/root")  $size"
done >"$initramfs/etc/bee/layers"
"$here/cpio.sh" "$initramfs" "$iso/live/bee.img"

# GRUB and the initramfs look for this file: layers of another build, on another
# disk of the same machine, are not taken for ours.
id=bee-$(cd "$iso/live" && { cat vmlinuz initrd "$initramfs"/etc/bee/layers; } | b2sum | head -c 16)
: >"$iso/live/$id"

# net.ifnames=0: no interface is renamed while DHCP starts on it
# cryptomgr.notests: the self-tests take a second of every emulated boot
options="bee.id=$id net.ifnames=0 cryptomgr.notests"
{
	echo "set timeout=1"
	cat "$here/../boot/consoles.cfg"
	grep -v '^#' "$here/../boot/menu" | while IFS='|' read -r _ title more; do
		cat <<-END
			menuentry "$title" {
				linux /live/vmlinuz $options $more
				initrd /live/initrd /live/bee.img
			}
		END
	done
} >"$iso/boot/grub/grub.cfg"
# the device that the firmware started GRUB from, and its disk, before all others
cat >"$work/early.cfg" <<END
regexp --set=1:from '^\(([^)]*)\)' "\$cmdpath"
regexp --set=1:disk '^([^,]*)' "\$from"
search --file --set=root --hint="\$from" --hint="\$disk" /live/$id
set prefix=(\$root)/boot/grub
configfile /boot/grub/grub.cfg
END

# BIOS: grub-mkstandalone, not grub-mkrescue: smaller, and the same bytes every time
modules="part_gpt part_msdos iso9660 fat normal linux search search_fs_file regexp configfile echo iorw serial terminal test biosdisk"
grub-mkstandalone -O i386-pc -o "$work/core.img" --modules="$modules" --install-modules="$modules" \
	--compress=no --locales= --fonts= --themes= "boot/grub/grub.cfg=$work/early.cfg"
cat /usr/lib/grub/i386-pc/cdboot.img "$work/core.img" >"$iso/boot/grub/bios.img"

# UEFI: Debian's shim, which Microsoft signs, and Debian's GRUB, which shim lets in as it does the
# kernel: they start with Secure Boot, too. That GRUB reads EFI/debian/grub.cfg where it was
# started from: in the partition that it is in, on a stick; on a CD, beside the image of that.
efi=$work/efi
mkdir -p "$efi/EFI/BOOT" "$efi/EFI/debian"
cp /usr/lib/shim/shimx64.efi.signed "$efi/EFI/BOOT/BOOTX64.EFI"
cp /usr/lib/shim/mmx64.efi.signed "$efi/EFI/BOOT/mmx64.efi"
cp /usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed "$efi/EFI/BOOT/grubx64.efi"
cp "$work/early.cfg" "$efi/EFI/debian/grub.cfg"
# MokManager, of shim's, reads FAT alone, and begins at the top
[ -z "$certificate" ] || cp "$certificate" "$efi/module-certificate.der"
mkdir -p "$iso/EFI/debian"
cp "$work/early.cfg" "$iso/EFI/debian/grub.cfg"
find "$efi" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
esp=$iso/boot/grub/efi.img
truncate -s "$(($(du -sk --apparent-size "$efi" | cut -f1) + 512))K" "$esp"
mkfs.vfat --invariant -i 42454530 -n BEE "$esp" >/dev/null
mcopy -s -m -i "$esp" "$efi"/* ::

# The boot loaders' packages are in no database of the system: the bill of materials has them by this.
dpkg-query --status grub-pc-bin grub-efi-amd64-signed shim-signed shim-helpers-amd64-signed >"$iso/boot/packages"

find "$iso" -type d -exec chmod 755 {} +
find "$iso" -type f -exec chmod 644 {} +
find "$iso" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
xorriso -report_about WARNING -stdio_sync off -as mkisofs -quiet -iso-level 3 -r -J -joliet-long -V BEE \
	--modification-date="$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S00)" \
	--gpt_disk_guid 42454530-0000-4000-8000-000000000001 \
	-b boot/grub/bios.img -no-emul-boot -boot-load-size 4 -boot-info-table \
	--grub2-boot-info --grub2-mbr /usr/lib/grub/i386-pc/boot_hybrid.img \
	--efi-boot-part --efi-boot-image -eltorito-alt-boot -e boot/grub/efi.img -no-emul-boot \
	-o "$out.part" "$iso"
"$here/../boot/seal.sh" "$out.part"
mv "$out.part" "$out"
echo "iso.sh: $out, $(du -m "$out" | cut -f1) MB, $id"
