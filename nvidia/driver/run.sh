#!/bin/bash
# run.sh INSTALLER VERSION SHA256 OUTDIR: takes NVIDIA's installer apart, a
# self-extracting .run file. OUTDIR gets the folders open and proprietary (sources
# of the kernel modules) and userland, as debian-userland.sh makes it.
set -euo pipefail
[ $# = 4 ] || { echo "usage: run.sh INSTALLER VERSION SHA256 OUTDIR" >&2; exit 2; }
installer=$1 version=$2 sha256=$3 out=$4

# It is a program that is about to be run: nothing of it before it is known.
digest=$(sha256sum <"$installer" | cut -d' ' -f1)
if [ "$digest" != "$sha256" ]; then
	echo "run.sh: $installer has the SHA-256 $digest, but NVIDIA_RUN_SHA256 for driver $version is $sha256" >&2
	exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
sh "$installer" --extract-only --target "$root" >"$work/log" 2>&1 ||
	{ cat "$work/log" >&2; echo "run.sh: $installer cannot be unpacked" >&2; exit 1; }

need() {
	for file; do
		[ -e "$root/$file" ] || { echo "run.sh: the installer of driver $version has no $file" >&2; exit 1; }
	done
}
libraries="libnvidia-ml.so.$version libnvidia-cfg.so.$version libcuda.so.$version libnvidia-ptxjitcompiler.so.$version"
# shellcheck disable=SC2086 # a list
need kernel kernel-open nvidia-smi firmware LICENSE $libraries

mkdir -p "$out"/userland/{bin,lib,firmware,doc}
mv "$root/kernel" "$out/proprietary"
mv "$root/kernel-open" "$out/open"
cd "$root"
echo "$version" >"$out/userland/version"
cp -a nvidia-smi "$out/userland/bin/"
[ ! -e nvidia-persistenced ] || cp -a nvidia-persistenced "$out/userland/bin/"
# shellcheck disable=SC2086 # a list
cp -a $libraries "$out/userland/lib/"
# only newer drivers have it, and their libcuda needs it
cp -a "libnvidia-gpucomp.so.$version" "$out/userland/lib/" 2>/dev/null || :
ldconfig -n "$out/userland/lib"
cp -a firmware/gsp_*.bin "$out/userland/firmware/"
cp LICENSE "$out/userland/doc/LICENSE"
chmod 755 "$out/userland/bin/"*
echo "run.sh: $installer, driver $version"
