#!/bin/sh
# iso.sh APORTS FILES REPOSITORIES KEY KERNEL LOCK OUTDIR: an ISO, made by Alpine's mkimage
# of packages and of bee's own files, and checked by check.sh. OUTDIR gets bee.iso, whose
# folder keys has the public part of the key, by the name that signatures have for it.
#
# APORTS is a tree of Alpine's aports, FILES what mkimg.bee.sh and genapkovl-bee.sh read, with
# alpine/ as the folder of this script and boot/ as the one beside it, REPOSITORIES a list of
# folders as in /etc/apk/repositories, KEY the private key that signs the medium's index of
# packages and the kernel's modules, KERNEL the release of its kernel, LOCK what the repositories
# have: every package that the ISO is made of and with.
#
# mkimage's sections are kept in TMPDIR/sections, when the ISO that was made of them is
# found to be good, by all that they are made of: SOURCE_DATE_EPOCH is their time,
# BEE_EPOCH the time of this ISO.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 7 ] || { echo "usage: iso.sh APORTS FILES REPOSITORIES KEY KERNEL LOCK OUTDIR" >&2; exit 2; }
aports=$1 files=$2 repositories=$3 key=$4 kernel=$5 lock=$6 out=$7
: "${SOURCE_DATE_EPOCH:?iso.sh: SOURCE_DATE_EPOCH must be set}" "${BEE_EPOCH:?iso.sh: BEE_EPOCH must be set}"
: "${BEE_FLAVOR:?iso.sh: BEE_FLAVOR must be set}"
scripts="$aports/scripts/mkimage.sh $aports/scripts/mkimg.base.sh"
# shellcheck disable=SC2086 # a list
ls $scripts >/dev/null || { echo "iso.sh: $aports is no tree of Alpine's aports" >&2; exit 1; }
umask 022
# /tmp is too small for the kernel's firmware
export TMPDIR="${TMPDIR:-/var/tmp}"
kept=$TMPDIR/sections
mkdir -p "$kept"
# what a build left that was killed; another one may be at work beside this
find "$kept" -maxdepth 1 -name '.work-*' -mtime +0 -exec rm -rf {} +
work=$(mktemp -d "$kept/.work-XXXXXX")
trap 'rm -rf "$work"' EXIT

public=$(openssl rsa -in "$key" -pubout 2>/dev/null) || { echo "iso.sh: the signing key is no RSA key in PEM" >&2; exit 1; }
name=bee-$(echo "$public" | sha256sum | cut -c1-8).rsa.pub
echo "$public" >"$work/$name"
export PACKAGER_PRIVKEY="$key" PACKAGER_PUBKEY="$work/$name"

# mkimage knows a section by less than what is in it. The lock has the checksums of packages
# but for their signatures, which lie on the medium, too, and are what packages begin with.
signatures=$(sed 's|$|/x86_64|' "$repositories" | xargs -I {} find {} -name '*.apk' | sort | xargs -r head -c 4096 | sha256sum)
# shellcheck disable=SC2086 # a list
id=$( (echo "$SOURCE_DATE_EPOCH $BEE_FLAVOR $name $signatures"; cat "$0" "$here/cpio.sh" $scripts "$files/alpine/mkimg.bee.sh" "$lock") | sha256sum | cut -c1-16)
sections=$work/sections
cp -al "$kept/$id" "$sections" 2>/dev/null || { rm -rf "$sections"; mkdir "$sections"; }

# GRUB looks for a medium by its name, the system for its layers by this file: those of
# another build, on another disk of the same machine, are not taken for ours.
tag=$( (sha256sum "$lock" "$files/live"; cd "$files/layers" && sha256sum -- *.squashfs) | sed 's/ .*[/]/ /' | sha256sum | cut -c1-12)
BEE_ID=bee-$tag

# Packages that mkimage makes the kernel, the modloop and the boot loaders of are not on the
# medium: the bill of materials has them by what the indexes say.
while read -r repository; do
	tar -xzOf "$repository/x86_64/APKINDEX.tar.gz" APKINDEX && echo
done <"$repositories" |
	awk -v RS= -v ORS='\n\n' "/(^|\n)P:(grub-efi|linux-($BEE_FLAVOR|firmware[^\n]*)|syslinux|wireless-regdb)(\n|\$)/" >"$work/packages"
[ -s "$work/packages" ] || { echo "iso.sh: the indexes of $repositories have no linux-$BEE_FLAVOR" >&2; exit 1; }

mkdir "$work/mkimage" "$work/bin" "$work/out"
# shellcheck disable=SC2086 # a list
cp $scripts "$files/alpine/mkimg.bee.sh" "$files/alpine/genapkovl-bee.sh" "$work/mkimage/"
ln -s "$here/cpio.sh" "$work/bin/cpio"
# mkimage writes the tag, which is this ISO's alone, into the index of a section that others use
cat >"$work/bin/apk" <<'END'
#!/bin/sh
[ "$1" != index ] || set -- "$@" --description bee
PATH=${PATH#*:}
exec apk "$@"
END
chmod 755 "$work"/mkimage/* "$work"/bin/apk
BEE_FILES=$files
BEE_BOOT_PACKAGES=$work/packages
BEE_PACKAGES=$(sed 's/#.*//' "$files/alpine/packages" | xargs)
export BEE_FILES BEE_BOOT_PACKAGES BEE_PACKAGES BEE_ID APORTS="$aports" PATH="$work/bin:$PATH"
set -- --tag "$tag" --profile bee --arch x86_64 --workdir "$sections" --outdir "$work/out"
option=--repository # of which some versions of mkimage know one
while read -r repository; do
	set -- "$@" "$option" "$repository"
	option=--extra-repository
done <"$repositories"
(cd "$work/mkimage" && sh ./mkimage.sh "$@")
iso=$work/out/alpine-bee-$tag-x86_64.iso
[ -s "$iso" ] || { echo "iso.sh: mkimage made no ISO" >&2; exit 1; }
"$here/../boot/seal.sh" "$iso"
"$here/check.sh" "$iso" "$work/$name" "$kernel" "$lock"

# What is of this ISO alone, mkimage would find for no other.
if [ ! -e "$kept/$id" ]; then
	mkdir "$work/kept"
	find "$sections"/image-*/ -type l -exec readlink {} \; | sed "s|^$sections/||; s|/.*||" | sort -u |
		grep -v '^bee_' | while read -r section; do mv "$sections/$section" "$work/kept/"; done
	# another build may have been as quick
	mv -T "$work/kept" "$kept/$id" || [ -e "$kept/$id" ]
fi
touch -c "$kept/$id"
# shellcheck disable=SC2012 # their names are hexadecimal digits
ls -td "$kept"/* | tail -n +4 | xargs rm -rf # of packages that are no more
mkdir -p "$out"
mv "$iso" "$out/bee.iso"
echo "iso.sh: $out/bee.iso, $(du -m "$out/bee.iso" | cut -f1) MB, signed by $name"
