#!/bin/sh
# gpu_burn [OPTION...] [SECONDS], gpu_probe [OPTION...]: runs the program of this name with the
# glibc and the compare kernel that lie beside it, and with the libraries of the NVIDIA driver
# that the system has.
self=$(readlink -f "$0")
here=$(dirname "$self")/lib
cd "$here" || exit 1
exec ./ld-linux-x86-64.so.2 --library-path "$here:/usr/lib/x86_64-linux-gnu:/usr/lib" "./$(basename "$self")" "$@"
