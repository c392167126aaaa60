# shellcheck shell=sh disable=SC2034,SC2154 # mkimage reads the variables, and sets DESTDIR
# mkimage's profile of bee's ISO. iso.sh sets the variables BEE_*.
profile_bee() {
	profile_base
	profile_abbrev="bee"
	arch="x86_64"
	image_ext="iso"
	output_format="iso"
	kernel_flavors="$BEE_FLAVOR"
	initfs_cmdline="modules=loop,squashfs,overlay,sd-mod,usb-storage"
	# an ISO that UEFI loaded by HTTP, which the firmware shows as persistent memory
	case " $initfs_features " in
	*" nfit "*) ;;
	*) initfs_features="$initfs_features nfit" ;;
	esac
	# apkovl: the one of the initramfs, which lies in bee.img; else Alpine takes one that it
	# finds on any disk
	# init: lays the layers of the medium, found by its id, over the packages
	# modloop: where it is, or each file of the medium is looked into
	# cryptomgr.notests: the self-tests take a second of every emulated boot
	kernel_cmdline="apkovl=/bee.apkovl.tar.gz bee.id=$BEE_ID init=/usr/local/lib/bee/live modloop=/boot/modloop-$BEE_FLAVOR cryptomgr.notests"
	initrd_ucode="/boot/bee.img"
	grub_mod="$grub_mod iorw regexp serial terminal"
	apks="$BEE_PACKAGES"

	# What mkimage would take from the clock.
	build_date=$(date -u -d "@$BEE_EPOCH" +%y%m%d)
	iso_opts="--set_all_file_dates =$BEE_EPOCH --modification-date=$(date -u -d "@$BEE_EPOCH" +%Y%m%d%H%M%S00)"
}

# menu: what there is to boot, see boot/menu.
menu() { grep -v '^#' "$BEE_FILES/boot/menu"; }

# In place of mkimage's own, which have one entry. SYSLINUX can have one serial port.
syslinux_gen_config() {
	printf 'SERIAL 0 115200\nTIMEOUT 10\nPROMPT 1\nSAY bee starts by itself; or type: %s\nDEFAULT bee\n' "$(menu | cut -d'|' -f1 | xargs)"
	menu | while IFS='|' read -r label title options; do
		cat <<-END

			LABEL $label
				MENU LABEL $title
				KERNEL /boot/vmlinuz-$kernel_flavors
				INITRD $initrd_ucode,/boot/initramfs-$kernel_flavors
				APPEND $initfs_cmdline $kernel_cmdline $options
		END
	done
}

grub_gen_config() {
	echo "set timeout=1"
	cat "$BEE_FILES/boot/consoles.cfg"
	menu | while IFS='|' read -r label title options; do
		cat <<-END
			menuentry "$title" {
				linux /boot/vmlinuz-$kernel_flavors $initfs_cmdline $kernel_cmdline $options
				initrd $initrd_ucode /boot/initramfs-$kernel_flavors
			}
		END
	done
}

section_bee() {
	build_section bee "$BEE_ID"
}

# build_bee puts the layers onto the medium, the key that its signatures are checked with, what
# its kernel and boot loaders come from, and into an initramfs of its own the apkovl.
build_bee() {
	mkdir -p "$DESTDIR/boot" "$DESTDIR/keys" "$DESTDIR/live" &&
		cp "$PACKAGER_PUBKEY" "$DESTDIR/keys/" &&
		cp "$BEE_BOOT_PACKAGES" "$DESTDIR/boot/packages" &&
		cp "$BEE_FILES"/layers/*.squashfs "$DESTDIR/live/" &&
		: >"$DESTDIR/live/$BEE_ID" &&
		sh ./genapkovl-bee.sh bee &&
		touch -d "@$BEE_EPOCH" bee.apkovl.tar.gz &&
		echo bee.apkovl.tar.gz | cpio --quiet --renumber-inodes -o -H newc >"$DESTDIR/boot/bee.img"
}
