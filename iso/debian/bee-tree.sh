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

# OpenRC drops a faulty service with a message that nobody sees, and goes on.
# Its own resolver, run on the base's services with ours over them, tells now.
root=$work/root
mkdir -p "$root/run/openrc"
tar -C "$root" -xf "$base/openrc.tar"
cp -dR "$tree/." "$root/"
echo default >"$root/run/openrc/softlevel"
chroot "$root" /usr/lib/rc/bin/rc-depend -u >/dev/null 2>"$work/errors" || :
# shellcheck disable=SC2046 # one argument per service
order=$(chroot "$root" /usr/lib/rc/bin/rc-depend -a -t ineed,iwant,iuse,iafter $(cd "$tree/etc/runlevels" && echo */* | sed 's|[^ ]*/||g') 2>>"$work/errors") || :
check_order() {
	places=$(for service; do echo "$order" | tr ' ' '\n' | grep -nx "$service" | cut -d: -f1; done)
	[ "$(echo "$places" | wc -l)" = $# ] && echo "$places" | sort -c -n 2>/dev/null
}
if [ -s "$work/errors" ] || ! check_order localmount bee-sshsetup dropbear ||
	! check_order localmount bee-network bee-nvidia bee-audit; then
	cat "$work/errors" >&2
	echo "bee-tree.sh: OpenRC would start the services in the wrong order or not at all: $order" >&2
	exit 1
fi
echo "bee-tree.sh: $tree, $(find "$tree" -type f | wc -l) files; services: $order"
