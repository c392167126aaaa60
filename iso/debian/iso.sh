#!/bin/bash
# iso.sh BASEDIR LAYERDIR OUT.iso: a hybrid ISO for BIOS and UEFI, CD and USB
# stick, of what base.sh made and the squashfs layers in LAYERDIR, which are
# stacked over it in the order of their names (NN-name.squashfs, NN over 00).
set -euo pipefail
[ $# = 3 ] || { echo "usage: iso.sh BASEDIR LAYERDIR OUT.iso" >&2; exit 2; }
base=$1 layers=$2 out=$3
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

# GRUB and the initramfs look for this file: layers of another build, on another
# disk of the same machine, are not taken for ours.
# b2sum, not sha256sum: a third of the time.
id=bee-$(cd "$iso/live" && b2sum -- * | b2sum | head -c 16)
: >"$iso/live/$id"

# net.ifnames=0: no interface is renamed while DHCP starts on it
# cryptomgr.notests: the self-tests take a second of every emulated boot
options="bee.id=$id net.ifnames=0 cryptomgr.notests"
# The last console is the one of /dev/console. The screen is first where it is the only one.
usual="console=tty0 console=ttyS0,115200"
entry() { # TITLE OPTIONS
	cat <<-END
		menuentry "$1" {
			linux /live/vmlinuz $options $2
			initrd /live/initrd
		}
	END
}
{
	# on the screen, and on each serial port that there is. Under UEFI, GRUB is Debian's, which
	# can look at no port, and the firmware shows its console on those that it knows.
	cat <<-'END'
		set timeout=1
		if [ "$grub_platform" = efi ]; then
			if serial --unit=0 --speed=115200; then
				terminal_input --append serial_com0
				terminal_output --append serial_com0
			fi
		else
			# a UART has a register to keep a value in: where there is none, serial would complain
			for port in 0:0x3ff 1:0x2ff; do
				regexp --set=1:unit --set=2:register '(.*):(.*)' $port
				outb $register 0x5a
				inb -v kept $register
				if [ "$kept" = 5a ]; then
					serial --unit=$unit --speed=115200
					terminal_input --append serial_com$unit
					terminal_output --append serial_com$unit
				fi
			done
		fi
	END
	entry "bee" "quiet $usual"
	entry "bee, with kernel messages" "$usual"
	entry "bee, kernel messages on ttyS1, as for Serial-over-LAN" "console=tty0 console=ttyS1,115200"
	entry "bee, screen without its driver (nomodeset)" "quiet nomodeset $usual"
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
mkdir -p "$iso/EFI/debian"
cp "$work/early.cfg" "$iso/EFI/debian/grub.cfg"
find "$efi" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
esp=$iso/boot/grub/efi.img
truncate -s "$(($(du -sk --apparent-size "$efi" | cut -f1) + 512))K" "$esp"
mkfs.vfat --invariant -i 42454530 -n BEE "$esp" >/dev/null
mcopy -s -m -i "$esp" "$efi/EFI" ::

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
mv "$out.part" "$out"
echo "iso.sh: $out, $(du -m "$out" | cut -f1) MB, $id"
