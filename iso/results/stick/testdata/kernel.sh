#!/bin/sh
# kernel.sh DIR: puts a kernel of the Debian that this runs on into DIR, as vmlinuz, with its
# modules beside it. Its package is unpacked only: nothing of this machine's boot changes.
set -eu
[ $# = 1 ] || { echo "usage: kernel.sh DIR" >&2; exit 2; }
mkdir -p "$1"
cd "$1"
download() {
	package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p')
	apt-get download --quiet "$package"
}
download || { apt-get update --quiet && download; }
dpkg-deb --extract ./*.deb .
rm ./*.deb
mv boot/vmlinuz-* vmlinuz
