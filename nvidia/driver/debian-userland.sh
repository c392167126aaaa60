#!/bin/bash
# debian-userland.sh OUTDIR PACKAGE...: what programs need of NVIDIA's driver, from Debian's
# packages, nvidia-smi and others. OUTDIR gets version, and the folders bin, lib, firmware and doc.
set -euo pipefail
[ $# -gt 1 ] || { echo "usage: debian-userland.sh OUTDIR PACKAGE..." >&2; exit 2; }
out=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get -qq download "$@"
for package in ./*.deb; do dpkg-deb --extract "$package" root; done
version=$(dpkg-deb --field ./nvidia-smi_*.deb Version)

mkdir -p "$out"/{bin,lib,firmware,doc}
echo "${version%-*}" >"$out/version"
cp -a root/usr/lib/nvidia/current/nvidia-smi root/usr/bin/nvidia-persistenced "$out/bin/"
cp -a root/usr/lib/x86_64-linux-gnu/nvidia/current/lib*.so.*.* "$out/lib/"
ldconfig -n "$out/lib"
cp -a root/usr/lib/firmware/nvidia/*/*.bin "$out/firmware/"
for package in nvidia-smi nvidia-persistenced; do
	cp "root/usr/share/doc/$package/copyright" "$out/doc/$package.copyright"
done
echo "debian-userland.sh: $(echo ./*.deb)"
