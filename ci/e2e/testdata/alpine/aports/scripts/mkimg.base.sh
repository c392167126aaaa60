# shellcheck shell=sh disable=SC2034,SC2153,SC2154 # of mkimage
# Stands in for the profile that all of mkimage's derive from, and for its sections. The
# kernel's is what update-kernel makes.
profile_base() {
	kernel_flavors="lts"
	initfs_cmdline="modules=loop,squashfs quiet"
	initfs_features="ata base bootchart cdrom ext4 mmc nvme raid scsi squashfs usb virtio"
	grub_mod="all_video disk part_gpt part_msdos linux normal configfile search search_label efi_gop fat iso9660 test"
	apks="alpine-base"
}

section_kernels() {
	for flavor in $kernel_flavors; do
		build_section kernel "$ARCH" "$flavor" "$(apk fetch --root "$APKROOT" --simulate alpine-base "linux-$flavor" linux-firmware wireless-regdb | sort | sum)"
	done
}

build_kernel() {
	root=$WORKDIR/kernel-root modloop=modloop-$2
	signature=$WORKDIR/$modloop.SIGN.RSA.${PACKAGER_PUBKEY##*/}
	rm -rf "$root"
	mkdir -p "$root/etc/apk" "$DESTDIR/boot"
	cp -r /etc/apk/keys "$root/etc/apk/"
	apk add --root "$root" --repositories-file "$APKROOT/etc/apk/repositories" --initdb --quiet \
		busybox apk-tools "linux-$2" linux-firmware wireless-regdb || return 1
	cp "$PACKAGER_PUBKEY" "$root/etc/apk/keys/"
	cp "$root/boot/vmlinuz-$2" "$DESTDIR/boot/"
	release=$(ls "$root/lib/modules")
	mkdir -p "$root/loop/modules"
	cp -r "$root/lib/modules/$release" "$root/loop/modules/"
	mksquashfs "$root/loop" "$DESTDIR/boot/$modloop" -quiet -no-progress -all-root -comp zstd -Xcompression-level 1 >/dev/null || return 1
	openssl dgst -sha1 -sign "$PACKAGER_PRIVKEY" -out "$signature" "$DESTDIR/boot/$modloop" || return 1
	mkinitfs -q -b "$root" -s "$signature" -F "$initfs_features base squashfs" -o "$DESTDIR/boot/initramfs-$2" "$release" || return 1
	rm -rf "$root" "$signature"
}

section_apks() {
	# shellcheck disable=SC2086 # a list
	build_section apks "$ARCH" "$(apk fetch --root "$APKROOT" --simulate --recursive $apks | sort | sum)"
}

build_apks() {
	folder=$DESTDIR/apks/$ARCH
	mkdir -p "$folder"
	# shellcheck disable=SC2086 # a list
	apk fetch --root "$APKROOT" --link --recursive --output "$folder" $apks
	apk index --description "$RELEASE" --rewrite-arch "$ARCH" --output "$folder/APKINDEX.tar.gz" "$folder"/*.apk
	sign "$folder/APKINDEX.tar.gz"
	touch "$DESTDIR/apks/.boot_repository"
}

# sign puts a signature in front of an index, as abuild-sign does.
sign() {
	name=.SIGN.RSA.${PACKAGER_PUBKEY##*/}
	openssl dgst -sha1 -sign "$PACKAGER_PRIVKEY" -out "$WORKDIR/$name" "$1"
	touch -d "@$SOURCE_DATE_EPOCH" "$WORKDIR/$name"
	# the archive goes on in the index's: head and signature only, in blocks of 512 bytes
	tar -C "$WORKDIR" --format=ustar --owner=0 --group=0 --numeric-owner -c "$name" | head -c 1024 | gzip -9n >"$WORKDIR/signed"
	cat "$1" >>"$WORKDIR/signed"
	mv "$WORKDIR/signed" "$1"
	rm "$WORKDIR/$name"
}

section_syslinux() {
	build_section syslinux "$(apk fetch --root "$APKROOT" --simulate syslinux | sum)"
}

build_syslinux() {
	mkdir -p "$DESTDIR/boot/syslinux"
	for name in ISOLINUX/isohdpfx.bin ISOLINUX/isolinux.bin syslinux/modules/bios/ldlinux.c32; do
		cp "/usr/lib/$name" "$DESTDIR/boot/syslinux/" || return 1
	done
}

# initrds SEPARATOR: the files that a loader gets as one initramfs. Each of initrd_ucode comes
# before those that are there.
initrds() {
	list=/boot/initramfs-$kernel_flavors
	for early in ${initrd_ucode-}; do list=$early$1$list; done
	echo "$list"
}

syslinux_gen_config() {
	cat <<END
${syslinux_serial:+SERIAL $syslinux_serial}
TIMEOUT 10
PROMPT 1
DEFAULT $kernel_flavors
LABEL $kernel_flavors
	KERNEL /boot/vmlinuz-$kernel_flavors
	INITRD $(initrds ,)
	APPEND $initfs_cmdline $kernel_cmdline
END
}

section_syslinux_cfg() {
	build_section syslinux_cfg boot/syslinux/syslinux.cfg "$(syslinux_gen_config | sum)"
}

build_syslinux_cfg() {
	mkdir -p "$DESTDIR/boot/syslinux"
	syslinux_gen_config >"$DESTDIR/$1"
}

grub_gen_config() {
	cat <<END
set timeout=1
menuentry "Linux $kernel_flavors" {
	linux	/boot/vmlinuz-$kernel_flavors $initfs_cmdline $kernel_cmdline
	initrd	$(initrds ' ')
}
END
}

volume() { echo "alpine-${profile_abbrev:-$PROFILE} $RELEASE $ARCH"; }

section_grub_efi() {
	build_section grub_cfg boot/grub/grub.cfg "$(grub_gen_config | sum)"
	build_section grub_efi x86_64-efi bootx64.efi "$(volume | sum)"
}

build_grub_cfg() {
	mkdir -p "$DESTDIR/boot/grub"
	grub_gen_config >"$DESTDIR/$1"
}

build_grub_efi() {
	mkdir -p "$DESTDIR/efi/boot"
	cat >"$WORKDIR/early.cfg" <<END
search --no-floppy --set=root --label "$(volume)"
set prefix=(\$root)/boot/grub
END
	# shellcheck disable=SC2086 # a list
	grub-mkimage --config="$WORKDIR/early.cfg" --prefix=/boot/grub --output="$DESTDIR/efi/boot/$2" --format="$1" --compression=xz $grub_mod
}

create_image_iso() {
	efi=$DESTDIR/boot/grub/efi.img
	mformat -i "$efi" -C -f 1440 -N 0 :: && mcopy -i "$efi" -s "$DESTDIR/efi" :: && touch -md "@$SOURCE_DATE_EPOCH" "$efi" || return 1
	# shellcheck disable=SC2086 # a list
	xorriso -as mkisofs -quiet -o "$1" -l -J -R -sysid LINUX -volid "$(volume)" \
		-isohybrid-mbr "$DESTDIR/boot/syslinux/isohdpfx.bin" -b boot/syslinux/isolinux.bin -c boot/syslinux/boot.cat \
		-no-emul-boot -boot-load-size 4 -boot-info-table \
		-eltorito-alt-boot -e boot/grub/efi.img -no-emul-boot -isohybrid-gpt-basdat \
		-follow-links $iso_opts "$DESTDIR"
}
