# shellcheck shell=sh disable=SC2034 # mkimage reads the variables
# mkimage's profile of bee's ISO. iso.sh sets the variables BEE_*.
profile_bee() {
	profile_base
	profile_abbrev="bee"
	arch="x86_64"
	image_ext="iso"
	output_format="iso"
	kernel_flavors="$BEE_FLAVOR"
	# rootflags: all there is lies in memory, NVIDIA's driver, too; half of it,
	# which is what a file system in memory may take else, is too little for 1 GiB
	# modloop: where it is, or each file of the medium is looked into
	# cryptomgr.notests: the self-tests take a second of every emulated boot
	kernel_cmdline="rootflags=size=80% modloop=/boot/modloop-$BEE_FLAVOR cryptomgr.notests console=tty0 console=ttyS0,115200"
	syslinux_serial="0 115200"
	apks="$BEE_PACKAGES"
	apkovl="genapkovl-bee.sh"
	hostname="bee"

	# What mkimage would take from the clock.
	build_date=$(date -u -d "@$BEE_EPOCH" +%y%m%d)
	iso_opts="--set_all_file_dates =$BEE_EPOCH --modification-date=$(date -u -d "@$BEE_EPOCH" +%Y%m%d%H%M%S00)"
}
