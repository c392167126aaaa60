#!/bin/sh
# openrc.sh DIR: makes DIR a root file system with OpenRC's resolver of dependencies and
# what that needs, from packages of the Debian that this runs on. They are unpacked
# only: installed, OpenRC would become this machine's own.
set -eu
[ $# = 1 ] || { echo "usage: openrc.sh DIR" >&2; exit 2; }
mkdir -p "$1"
cd "$1"
download() { apt-get download --quiet openrc librc1 libeinfo1 libc6 busybox-static; }
download || { apt-get update --quiet && download; }
for package in *.deb; do
	dpkg-deb --extract "$package" .
	rm "$package"
done
mkdir -p bin etc/insserv.conf.d
ln -sf busybox bin/sh
: >etc/insserv.conf
rm -rf etc/runlevels
