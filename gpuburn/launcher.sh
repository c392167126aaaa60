#!/bin/sh
# gpu_burn [OPTION...] [SECONDS]: runs gpu_burn with the glibc and the compare
# kernel that lie beside it, and with the libraries of the NVIDIA driver that the
# system has.
here=$(dirname "$(readlink -f "$0")")/lib
cd "$here" || exit 1
exec ./ld-linux-x86-64.so.2 --library-path "$here:/usr/lib/x86_64-linux-gnu:/usr/lib" ./gpu_burn "$@"
