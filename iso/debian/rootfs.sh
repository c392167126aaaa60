#!/bin/bash
# rootfs.sh PACKAGES OUT.tar: the root file system of the medium, as a tar.
# PACKAGES is a list of Debian packages, one per line. They come from the apt
# sources of the system this runs on, widened to non-free-firmware.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 2 ] || { echo "usage: rootfs.sh PACKAGES OUT.tar" >&2; exit 2; }
packages=$1 out=$2
: "${SOURCE_DATE_EPOCH:?rootfs.sh: SOURCE_DATE_EPOCH must be set}"
umask 022

names=$(sed 's/#.*//' "$packages" | xargs | tr ' ' ,)
[ -n "$names" ] || { echo "rootfs.sh: $packages names no package" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work" "$out.part"' EXIT
shopt -s nullglob
for source in /etc/apt/*.list /etc/apt/sources.list.d/*.{list,sources}; do
	sed -E -e 's/^(Components:).*/\1 main non-free-firmware/' \
		-e 's/^(deb .*) main( .*)?$/\1 main non-free-firmware/' \
		"$source" >"$work/${source##*/}"
done

# dpkg takes the patterns in this order, the last match decides.
# shellcheck disable=SC1091
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
echo "rootfs.sh: installing ${names//,/ } from $suite"
# The kernel package would build its own initramfs without INITRD=No.
INITRD=No mmdebstrap --mode=root --variant=essential --format=tar --skip=output/dev --include="$names" \
	--aptopt='Apt::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
	--dpkgopt="$here/dpkg.cfg" --customize-hook="$here/trim.sh \"\$1\"" \
	"$suite" "$out.part" "$work"/*.{list,sources}
mv "$out.part" "$out"
echo "rootfs.sh: $out, $(du -m "$out" | cut -f1) MB"
