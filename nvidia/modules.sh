#!/bin/bash
# modules.sh tests   SOURCE HEADERS KERNEL OUTDIR
# modules.sh modules SOURCE HEADERS KERNEL OUTDIR [TESTS]
#
# NVIDIA's kernel modules, built from SOURCE against the kernel headers that HEADERS
# holds as they lie on a system (usr/src, usr/lib), for KERNEL, as uname -r says it.
#
# "tests" only makes the hundreds of tests of the kernel that each build begins with, and
# puts into OUTDIR what came of them, and the script that made them: both flavours of a
# driver make the same ones, which take half of each build.
#
# "modules" puts into OUTDIR the modules, without debug information, Module.symvers with
# what they export, and kernel.symvers with what the kernel does. Tests that lie in TESTS
# are not made again where SOURCE would make them by the same script.
set -euo pipefail
usage() { sed -n 's/^# \(modules.sh .*\)/usage: \1/p' "$0" >&2; exit 2; }
[ $# -ge 5 ] || usage
what=$1 source=$2 headers=$3 kernel=$4 out=$5 tests=${6-}
case $what in tests | modules) ;; *) usage ;; esac

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
mkdir -p "$out"

# Newer 6.12 kernels have one more parameter here than drivers of before know of.
# No BAR is to be excluded.
if grep -qs exclude_bars /lib/modules/"$kernel"/{build,source}/include/linux/pci.h; then
	sed -i 's/pci_resize_resource(pci_dev, NV_GPU_BAR1, requested_size)/pci_resize_resource(pci_dev, NV_GPU_BAR1, requested_size, 0)/' "$work/nvidia/nv-pci.c"
fi
# Nobody gets the debug information, and the open core comes with 200 MB of it:
# without, all of this takes a fraction of the time. BTF would be made of it.
find "$work" -name '*.o_binary' -exec strip --strip-debug {} +
find "$work" -name '*Kbuild' -exec sed -Ei 's/(^| )-g( |$)/\1\2/' {} +
make=(make -C "$work" -j "$(nproc)" KERNEL_UNAME="$kernel" KCFLAGS=-g0 CONFIG_DEBUG_INFO_BTF_MODULES=)

if [ "$what" = tests ]; then
	# Each object needs all tests; this one is small. Where that does not work, the build
	# of the modules makes its own, and says what is wrong.
	# shellcheck disable=SC2016 # make's own variables
	"${make[@]}" --eval 'tests: ; $(MAKE) $(KBUILD_PARAMS) nvidia-peermem/nvidia-peermem.o' tests ||
		echo "modules.sh: the tests of the kernel could not be made alone: each flavour makes its own" >&2
	if [ -d "$work/conftest" ]; then cp -a "$work/conftest" "$work/conftest.sh" "$out/"; fi
	exit
fi

if [ -d "$tests/conftest" ] && cmp -s "$tests/conftest.sh" "$work/conftest.sh"; then
	cp -a "$tests/conftest" "$work/"
fi
"${make[@]}" modules

cp "$work"/*.ko "$work/Module.symvers" "$out/"
cp "$build/Module.symvers" "$out/kernel.symvers"
strip --strip-debug "$out"/*.ko
echo "modules.sh: $(cd "$out" && echo ./*.ko) for $kernel, $(du -sm "$out" | cut -f1) MB"
