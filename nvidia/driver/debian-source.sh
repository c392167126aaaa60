#!/bin/bash
# debian-source.sh FLAVOUR OUTDIR: the sources of NVIDIA's kernel modules, of the
# flavour open or proprietary, from Debian's package.
set -euo pipefail
[ $# = 2 ] || { echo "usage: debian-source.sh FLAVOUR OUTDIR" >&2; exit 2; }
flavour=$1 out=$2
case $flavour in
open) package=nvidia-open-kernel-dkms ;;
proprietary) package=nvidia-kernel-dkms ;;
*) echo "debian-source.sh: flavour $flavour is neither open nor proprietary" >&2; exit 2 ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get -qq download "$package"
dpkg-deb --extract ./*.deb root
mkdir -p "$out"
cp -a root/usr/src/nvidia-current-*/. "$out/"
echo "debian-source.sh: $(echo ./*.deb)"
