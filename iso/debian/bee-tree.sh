#!/bin/bash
# bee-tree.sh OVERLAY BASEDIR TREE: bee's own files as they lie over the base:
# OVERLAY (shared by all bases), this folder's overlay/ and the links of the runlevels.
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

# with bee's services over those of the base
root=$work/root
mkdir "$root"
tar -C "$root" -xf "$base/openrc.tar"
cp -dR "$tree/." "$root/"
"$here/../service-order.sh" "$root"
echo "bee-tree.sh: $tree, $(find "$tree" -type f | wc -l) files"
