#!/bin/sh
# archives.sh DRIVER NVLSM OUTDIR: archives of the shape of NVIDIA's, with stand-ins of the
# Fabric Manager for a driver of this version, and of NVLSM.
set -eu
[ $# = 3 ] || { echo "usage: archives.sh DRIVER NVLSM OUTDIR" >&2; exit 2; }
driver=$1 nvlsm=$2 out=$3
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pack() { # NAME VERSION
	tar -C "$work" -cJf "$out/$1-linux-x86_64-$2-archive.tar.xz" "$1-linux-x86_64-$2-archive"
}
fm=$work/fabricmanager-linux-x86_64-$driver-archive
mkdir -p "$fm/bin" "$fm/etc" "$fm/share/nvidia/nvswitch"
gcc -O2 -DVERSION="\"$driver\"" -o "$fm/bin/nv-fabricmanager" "$here/nv-fabricmanager.c"
printf 'LOG_LEVEL=4\nLOG_FILE_NAME=/elsewhere\nDAEMONIZE=0\nFABRIC_MODE=1\n' >"$fm/etc/fabricmanager.cfg"
echo topology >"$fm/share/nvidia/nvswitch/dgxh100_hgxh100_topology"
echo stand-in >"$fm/LICENSE"
pack fabricmanager "$driver"
sm=$work/nvlsm-linux-x86_64-$nvlsm-archive
mkdir -p "$sm/sbin" "$sm/lib" "$sm/share/nvidia/nvlsm"
gcc -O2 -o "$sm/sbin/nvlsm" "$here/nvlsm.c" -ldl
echo 'int grpc_mgr = 1;' | gcc -O2 -shared -fPIC -o "$sm/lib/libgrpc_mgr.so" -x c -
echo 'log_flags 0x3' >"$sm/share/nvidia/nvlsm/nvlsm.conf"
echo stand-in >"$sm/LICENSE"
pack nvlsm "$nvlsm"
