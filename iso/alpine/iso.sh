#!/bin/sh
# iso.sh APORTS FILES REPOSITORIES KEY OUTDIR: an ISO, made by Alpine's mkimage of
# packages and of bee's own files. OUTDIR gets bee.iso, and the public part of the key,
# by the name that the ISO knows it by.
#
# APORTS is a tree of Alpine's aports, FILES what genapkovl-bee.sh reads, REPOSITORIES
# a list as in /etc/apk/repositories, KEY the private key that signs the medium's index
# of packages and the kernel's modules.
#
# mkimage's sections are kept in TMPDIR/sections between builds, for what they are
# made of: SOURCE_DATE_EPOCH is their time, BEE_EPOCH the time of this ISO.
set -eu
[ $# = 5 ] || { echo "usage: iso.sh APORTS FILES REPOSITORIES KEY OUTDIR" >&2; exit 2; }
aports=$1 files=$2 repositories=$3 key=$4 out=$5
: "${SOURCE_DATE_EPOCH:?iso.sh: SOURCE_DATE_EPOCH must be set}" "${BEE_EPOCH:?iso.sh: BEE_EPOCH must be set}"
: "${BEE_FLAVOR:?iso.sh: BEE_FLAVOR must be set}"
scripts="$aports/scripts/mkimage.sh $aports/scripts/mkimg.base.sh"
# shellcheck disable=SC2086 # a list
ls $scripts >/dev/null || { echo "iso.sh: $aports is no tree of Alpine's aports" >&2; exit 1; }
umask 022
# /tmp is too small for the kernel's firmware
export TMPDIR="${TMPDIR:-/var/tmp}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

public=$(openssl rsa -in "$key" -pubout 2>/dev/null) || { echo "iso.sh: the signing key is no RSA key in PEM" >&2; exit 1; }
name=bee-$(echo "$public" | sha256sum | cut -c1-8).rsa.pub
echo "$public" >"$work/$name"
export PACKAGER_PRIVKEY="$key" PACKAGER_PUBKEY="$work/$name"

# mkimage knows a section by less than what is in it: neither the key nor the time,
# nor its own scripts.
# shellcheck disable=SC2086 # a list
id=$( (echo "$SOURCE_DATE_EPOCH $name"; cat $scripts "$files/alpine/mkimg.bee.sh") | sha256sum | cut -c1-16)
sections=$TMPDIR/sections/$id
mkdir -p "$sections"
# What mkimage would take for the one it is to make: the apkovl's files do not count
# for it.
rm -rf "$sections"/apkovl_* "$sections"/image-* "$sections"/apkroot-* "$sections"/*.work

# GRUB looks for a medium by its name: this one, and no other with bee on it.
tag=$(tar -C "$files" --sort=name --mtime=@0 --owner=0 --group=0 --format=ustar -c . | sha256sum | cut -c1-12)

mkdir "$work/mkimage" "$work/out"
# shellcheck disable=SC2086 # a list
cp $scripts "$files/alpine/mkimg.bee.sh" "$files/alpine/genapkovl-bee.sh" "$work/mkimage/"
chmod 755 "$work"/mkimage/*
BEE_FILES=$files
BEE_PACKAGES=$(sed 's/#.*//' "$files/alpine/packages" | xargs)
export BEE_FILES BEE_PACKAGES APORTS="$aports"
set -- --tag "$tag" --profile bee --arch x86_64 --workdir "$sections" --outdir "$work/out"
while read -r repository; do
	set -- "$@" --repository "$repository"
done <"$repositories"
(cd "$work/mkimage" && sh ./mkimage.sh "$@")
[ -s "$work/out/alpine-bee-$tag-x86_64.iso" ] || { echo "iso.sh: mkimage made no ISO" >&2; exit 1; }

# Sections that this ISO is not made of are of packages that are no more.
used=$(find "$sections"/image-*/ -type l -exec readlink {} \; | sed "s|^$sections/||; s|/.*||" | sort -u)
for section in "$sections"/*; do
	case " $(echo "$used" | xargs) " in
	*" ${section##*/} "*) ;;
	*) rm -rf "$section" ;;
	esac
done
mkdir -p "$out"
cp "$work/$name" "$out/"
mv "$work/out/alpine-bee-$tag-x86_64.iso" "$out/bee.iso"
echo "iso.sh: $out/bee.iso, $(du -m "$out/bee.iso" | cut -f1) MB, signed by $name"
