#!/bin/bash
# debian-source.sh PACKAGE OUTDIR: the sources of NVIDIA's kernel modules from Debian's package,
# which has those of one flavour.
set -euo pipefail
[ $# = 2 ] || { echo "usage: debian-source.sh PACKAGE OUTDIR" >&2; exit 2; }
package=$1 out=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get -qq download "$package"
dpkg-deb --extract ./*.deb root
mkdir -p "$out"
cp -a root/usr/src/nvidia-current-*/. "$out/"
echo "debian-source.sh: $(echo ./*.deb)"
