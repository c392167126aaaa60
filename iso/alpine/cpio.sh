#!/bin/sh
# cpio.sh: busybox's cpio, for mkinitfs, which would pack an initramfs with the number of the device
# that its files were on.
case " $* " in *" -o "*) set -- --ignore-devno "$@" ;; esac
exec busybox cpio "$@"
