#!/bin/sh
# installed.sh ISO PUBLIC: fails where a boot from the ISO would not install all the
# packages that it is to run (apk on a machine that boots leaves out what it does not
# find, and says nothing), or would not start bee's services in the right order.
# PUBLIC is the key that the ISO's index of packages is signed with.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 2 ] || { echo "usage: installed.sh ISO PUBLIC" >&2; exit 2; }
iso=$1 public=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root/etc/apk/keys"
cp "$public" "$root/etc/apk/keys/"

xorriso -report_about WARNING -osirrox on -indev "$iso" \
	-extract /apks "$work/apks" -extract /bee.apkovl.tar.gz "$work/apkovl.tar.gz"
apk add --root "$root" --arch x86_64 --initdb --quiet
tar -C "$root" -xzf "$work/apkovl.tar.gz" etc usr/local/lib/bee
echo "installed.sh: $(xargs <"$root/etc/apk/world")"
# shellcheck disable=SC2046 # a list
apk add --root "$root" --arch x86_64 --repositories-file /dev/null --repository "$work/apks" \
	--no-network --no-scripts --quiet $(cat "$root/etc/apk/world") ||
	{ echo "installed.sh: the packages on the ISO cannot be installed" >&2; exit 1; }
"$here/../service-order.sh" "$root"
