#!/bin/bash
# build.sh SOURCE ARCHITECTURES MISSING OUTDIR: builds gpu_burn from SOURCE and gpu_probe
# from the folder probe beside this script, and makes a folder of both that needs nothing
# but NVIDIA's driver: no CUDA, and no glibc.
#
# ARCHITECTURES is a list of compute capabilities ("80 90" for 8.0 and 9.0): each
# gets native code, the newest also PTX, which newer GPUs compile when they run it.
# MISSING says what to do with one that the toolkit does not know: fail or skip.
set -euo pipefail
[ $# = 4 ] || { echo "usage: build.sh SOURCE ARCHITECTURES fail|skip OUTDIR" >&2; exit 2; }
source=$1 architectures=$2 missing=$3 out=$4

PATH=/usr/lib/nvidia-cuda-toolkit/bin:/usr/local/cuda/bin:$PATH
nvcc=$(PATH=/usr/bin:/usr/local/cuda/bin command -v nvcc) ||
	{ echo "build.sh: there is no nvcc: this is no CUDA toolkit" >&2; exit 1; }
release=$("$nvcc" --version | sed -n 's/.*release \([0-9.]*\),.*/\1/p')
known=$("$nvcc" --list-gpu-arch | sed -n 's/^compute_//p' | xargs)

# the first CUDA that knows an architecture, from the toolkits' release notes
first() {
	case $1 in
	50 | 52 | 53 | 60 | 61 | 62 | 70 | 72) echo 'one between 9.2 and 12.9' ;;
	75) echo '10.0 or newer' ;;
	80) echo '11.0 or newer' ;;
	86) echo '11.1 or newer' ;;
	87) echo '11.4 or newer' ;;
	89 | 90) echo '11.8 or newer' ;;
	100 | 101 | 120) echo '12.8 or newer' ;;
	103 | 121) echo '12.9 or newer' ;;
	*) echo 'another one, if there is such an architecture' ;;
	esac
}

build=()
for architecture in $architectures; do
	if [[ " $known " = *" $architecture "* ]]; then
		build+=("$architecture")
	elif [ "$missing" = skip ]; then
		echo "build.sh: CUDA $release does not know architecture $architecture, which is left out"
	else
		echo "build.sh: CUDA $release does not know architecture $architecture; it takes $(first "$architecture"). It knows: $known" >&2
		exit 1
	fi
done
[ ${#build[@]} -gt 0 ] || { echo "build.sh: CUDA $release knows none of the architectures $architectures; it knows: $known" >&2; exit 1; }
mapfile -t build < <(printf '%s\n' "${build[@]}" | sort -nu)
newest=${build[-1]}
flags=
for architecture in "${build[@]}"; do
	code=sm_$architecture
	[ "$architecture" != "$newest" ] || code="[$code,compute_$architecture]"
	flags+=" -gencode arch=compute_$architecture,code=$code"
done

# The path goes into the program: always the same one.
work=/usr/src/gpu_burn
rm -rf "$work"
cp -a "$source" "$work"
[ -e "$work/Makefile" ] || { echo "build.sh: the source has no Makefile: it is not that of gpu_burn" >&2; exit 1; }

# Static libraries in place of the shared ones, which are four times as large.
links=$(mktemp -d)
trap 'rm -rf "$links"' EXIT
echo 'INPUT(-lcublas_static -lcublasLt_static -lculibos)' >"$links/libcublas.so"
echo 'INPUT(-lcudart_static)' >"$links/libcudart.so"
cuda=$(dirname "$(dirname "$nvcc")")
make -C "$work" CUDAPATH="$cuda" COMPUTE= NVCCFLAGS="$flags" \
	LDFLAGS="-L$links -L/usr/lib/x86_64-linux-gnu/stubs -static-libstdc++ -static-libgcc -ldl -lrt -lpthread"

# shellcheck disable=SC2086 # a list
(cd "$(dirname "$0")/probe" && "$nvcc" -O3 -std=c++17 $flags -c -o "$work/gpu_probe.o" gpu_probe.cu)
g++ -o "$work/gpu_probe" "$work/gpu_probe.o" -L"$cuda/lib64" -lcudart_static -static-libstdc++ -static-libgcc -ldl -lrt -lpthread

mkdir -p "$out"/{lib,doc}
cp "$work/gpu_burn" "$work/gpu_probe" "$work"/compare.* "$out/lib/"
rm -f "$out"/lib/*.{cu,o}
for program in gpu_burn gpu_probe; do
	strip "$out/lib/$program"
	for library in $(objdump -p "$out/lib/$program" | awk '$1 == "NEEDED" { print $2 }'); do
		case $library in
		libcuda.so.1 | ld-linux-x86-64.so.2 | libc.so.6 | libm.so.6 | libdl.so.2 | librt.so.1 | libpthread.so.0) ;;
		*) echo "build.sh: $program needs $library, which is neither of the driver nor of glibc" >&2; exit 1 ;;
		esac
	done
	install -m 755 "$(dirname "$0")/launcher.sh" "$out/$program"
done
# What they and the driver's libcuda need of glibc: there is none on Alpine.
cp -L /lib64/ld-linux-x86-64.so.2 /lib/x86_64-linux-gnu/{libc.so.6,libm.so.6,libdl.so.2,librt.so.1,libpthread.so.0} "$out/lib/"
cp "$work"/LICENSE* "$out/doc/" 2>/dev/null || :
for licence in /usr/share/doc/nvidia-cuda-dev/copyright /usr/local/cuda/EULA.txt; do
	[ ! -e "$licence" ] || cp "$licence" "$out/doc/CUDA"
done
cp /usr/share/doc/libc6/copyright "$out/doc/glibc"
cat >"$out/manifest.json" <<END
{
  "schema_version": 1,
  "cuda": "$release",
  "architectures": [$(printf '%s, ' "${build[@]}" | sed 's/, $//')],
  "ptx": $newest
}
END
echo "build.sh: gpu_burn and gpu_probe, CUDA $release, architectures ${build[*]}, PTX of $newest, $(du -sm "$out" | cut -f1) MB"
