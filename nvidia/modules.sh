#!/bin/bash
# modules.sh SOURCE HEADERS KERNEL OUTDIR: NVIDIA's kernel modules, built from
# SOURCE against the kernel headers that HEADERS holds as they lie on a system
# (usr/src, usr/lib). OUTDIR gets the modules, without debug information, and
# Module.symvers with what they export and kernel.symvers with what the kernel
# does. KERNEL is the kernel that they are for, as uname -r says it.
set -euo pipefail
[ $# = 4 ] || { echo "usage: modules.sh SOURCE HEADERS KERNEL OUTDIR" >&2; exit 2; }
source=$1 headers=$2 kernel=$3 out=$4

shopt -s nullglob
releases=("$headers"/usr/src/linux-headers-*/include/config/kernel.release)
[ ${#releases[@]} = 1 ] || { echo "modules.sh: the headers are of ${#releases[@]} kernels, not of one" >&2; exit 1; }
release=$(cat "${releases[0]}")
if [ "$release" != "$kernel" ]; then
	echo "modules.sh: the headers are of kernel $release, but the ISO's kernel is $kernel" >&2
	exit 1
fi
# The headers lead to each other by paths from the root on. Some lead to them from
# lib/modules, some from usr/lib/modules: wherever that is here.
cp -a "$headers/usr/." /usr/
build=/lib/modules/$kernel/build
[ -e "$build" ] || { mkdir -p "${build%/*}" && ln -s "/usr/src/linux-headers-$kernel" "$build"; }

# The path goes into the modules: always the same one.
work=/usr/src/nvidia
rm -rf "$work"
cp -a "$source" "$work"

# Newer 6.12 kernels have one more parameter here than drivers of before know of.
# No BAR is to be excluded.
if grep -qs exclude_bars /lib/modules/"$kernel"/{build,source}/include/linux/pci.h; then
	sed -i 's/pci_resize_resource(pci_dev, NV_GPU_BAR1, requested_size)/pci_resize_resource(pci_dev, NV_GPU_BAR1, requested_size, 0)/' "$work/nvidia/nv-pci.c"
fi
# Nobody gets the debug information, and the open core comes with 200 MB of it:
# without, all of this takes a fraction of the time. BTF would be made of it.
find "$work" -name '*.o_binary' -exec strip --strip-debug {} +
find "$work" -name '*Kbuild' -exec sed -Ei 's/(^| )-g( |$)/\1\2/' {} +
make -C "$work" -j "$(nproc)" modules KERNEL_UNAME="$kernel" KCFLAGS=-g0 CONFIG_DEBUG_INFO_BTF_MODULES=

mkdir -p "$out"
cp "$work"/*.ko "$work/Module.symvers" "$out/"
cp "$build/Module.symvers" "$out/kernel.symvers"
strip --strip-debug "$out"/*.ko
echo "modules.sh: $(cd "$out" && echo ./*.ko) for $kernel, $(du -sm "$out" | cut -f1) MB"
