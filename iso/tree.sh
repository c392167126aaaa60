#!/bin/bash
# tree.sh OVERLAY BASE TREE: bee's own files as they lie over a base: OVERLAY (shared by
# all bases), and of the base's folder overlay/ and the links of its runlevels. TREE is
# made anew.
set -euo pipefail
[ $# = 3 ] || { echo "usage: tree.sh OVERLAY BASE TREE" >&2; exit 2; }
overlay=$1 base=$2 tree=$3
umask 022

rm -rf "$tree"
mkdir -p "$tree"
cp -dR --no-preserve=all --preserve=links "$overlay/." "$base/overlay/." "$tree/"
while read -r level services; do
	mkdir -p "$tree/etc/runlevels/$level"
	for service in $services; do
		ln -s "/etc/init.d/$service" "$tree/etc/runlevels/$level/$service"
	done
done < <(sed 's/#.*//; /^$/d' "$base/runlevels")

# git keeps only the execute bit; everything else about a mode is the checkout's
find "$tree" -type d -exec chmod 755 {} +
find "$overlay" "$base/overlay" -type f -perm /100 -printf '%P\0' | (cd "$tree" && xargs -0 chmod 755)
echo "tree.sh: $tree, $(find "$tree" -type f | wc -l) files"
