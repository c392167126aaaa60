#!/bin/bash
# cuda-debian.sh PACKAGE...: unpacks of the packages of Debian's CUDA toolkit what gpu_burn is
# compiled and linked with. The whole of it takes up five times as much.
set -euo pipefail
[ $# != 0 ] || { echo "usage: cuda-debian.sh PACKAGE..." >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get -qq download "$@"

unpack() { # PACKAGE PATH...
	package=$1
	shift
	dpkg-deb --fsys-tarfile ./"$package"_*.deb | tar -C / -x "$@"
}
unpack nvidia-cuda-toolkit ./etc ./usr/bin ./usr/lib
unpack libcu++-dev ./usr/include
libraries=./usr/lib/x86_64-linux-gnu
unpack nvidia-cuda-dev ./usr/include ./usr/share/doc "$libraries/stubs" \
	"$libraries"/lib{cublas_static,cublasLt_static,culibos,cudart_static}.a
# the licence of what is copied, which slim images lack
unpack libc6 ./usr/share/doc/libc6/copyright
echo "cuda-debian.sh: $(echo ./*.deb)"
