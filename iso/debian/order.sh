#!/bin/bash
# order.sh BASEDIR TREE: fails unless OpenRC would start bee's services, of TREE, over
# those of the base in the right order. BASEDIR is what base.sh made.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 2 ] || { echo "usage: order.sh BASEDIR TREE" >&2; exit 2; }
base=$1 tree=$2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
tar -C "$root" -xf "$base/openrc.tar"
cp -dR "$tree/." "$root/"
"$here/../service-order.sh" "$root"
