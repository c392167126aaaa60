#!/bin/bash
# bee-tree.sh OVERLAY BASEDIR TREE: bee's own files as they lie over the base:
# OVERLAY (shared by all bases), this folder's overlay/, the links of runlevels,
# and OpenRC's dependency cache, which would take seconds of every boot.
# BASEDIR is what base.sh made; TREE is made anew.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 3 ] || { echo "usage: bee-tree.sh OVERLAY BASEDIR TREE" >&2; exit 2; }
overlay=$1 base=$2 tree=$3
: "${SOURCE_DATE_EPOCH:?bee-tree.sh: SOURCE_DATE_EPOCH must be set}"
umask 022
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

rm -rf "$tree"
mkdir -p "$tree"
cp -dR --no-preserve=all --preserve=links "$overlay/." "$here/overlay/." "$tree/"
while read -r level services; do
	mkdir -p "$tree/etc/runlevels/$level"
	for service in $services; do
		ln -s "/etc/init.d/$service" "$tree/etc/runlevels/$level/$service"
	done
done < <(sed 's/#.*//; /^$/d' "$here/runlevels")

# git keeps only the execute bit; everything else about a mode is the checkout's
find "$tree" -type d -exec chmod 755 {} +
find "$overlay" "$here/overlay" -type f -perm /100 -printf '%P\0' | (cd "$tree" && xargs -0 chmod 755)

# OpenRC takes the cache if it is not older than any service: give all one time.
root=$work/root
mkdir -p "$root/run/openrc"
tar -C "$root" -xf "$base/openrc.tar"
cp -dR "$tree/." "$root/"
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
chroot "$root" /usr/lib/rc/bin/rc-depend -u 2>"$work/errors" >/dev/null || :
if [ -s "$work/errors" ] || [ ! -s "$root/run/openrc/deptree" ]; then
	cat "$work/errors" >&2
	echo "bee-tree.sh: OpenRC finds fault with the services, see above" >&2
	exit 1
fi
# init.sh copies the cache only if it has a softlevel
mkdir -p "$tree/usr/lib/rc/cache"
cp "$root/run/openrc/deptree" "$tree/usr/lib/rc/cache/"
echo sysinit >"$tree/usr/lib/rc/cache/softlevel"
echo "bee-tree.sh: $tree, $(find "$tree" -type f | wc -l) files"
