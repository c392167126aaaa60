#!/bin/sh
# repositories.sh MIRROR RELEASE: sets where a container of Alpine's takes its
# packages from. MIRROR is "image" (what /etc/apk/repositories of the image says), a
# URL or a folder with a saved copy; RELEASE is Alpine's, such as 3.21.
set -eu
[ $# = 2 ] || { echo "usage: repositories.sh MIRROR RELEASE" >&2; exit 2; }
mirror=${1%/} release=$2
list=/etc/apk/repositories

case $mirror in
image)
	grep -q "/v$release/" $list 2>/dev/null ||
		{ echo "repositories.sh: the image is not of Alpine $release: $list names no repository of it" >&2; exit 1; }
	exit ;;
/*)
	[ -d "$mirror/v$release" ] ||
		{ echo "repositories.sh: the saved copy of packages is not of Alpine $release: it has no folder v$release" >&2; exit 1; } ;;
esac
mkdir -p /etc/apk
for part in main community; do
	echo "$mirror/v$release/$part"
done >$list
