#!/bin/bash
# fetch.sh SHA256 PIN INSTEAD CACHEDIR OUT URL...: a file of NVIDIA's, of the digest that PIN
# of VERSIONS has, from CACHEDIR, or from the first URL that answers into CACHEDIR. INSTEAD
# says what there is for who reaches none.
set -euo pipefail
[ $# -ge 6 ] || { echo "usage: fetch.sh SHA256 PIN INSTEAD CACHEDIR OUT URL..." >&2; exit 2; }
sha256=$1 pin=$2 instead=$3 cache=$4 out=$5
shift 5
kept=$cache/$sha256
trap 'rm -f "$kept.$$"' EXIT

known() { echo "$sha256  $1" | sha256sum --check --status; }

if ! { [ -e "$kept" ] && known "$kept"; }; then
	fetched=
	for url; do
		echo "fetch.sh: fetching $url"
		curl --fail --silent --show-error --location --connect-timeout 20 --retry 3 --output "$kept.$$" "$url" && { fetched=$url; break; }
	done
	if [ -z "$fetched" ]; then
		echo "fetch.sh: ${url##*/} cannot be fetched from NVIDIA; $instead" >&2
		exit 1
	fi
	if ! known "$kept.$$"; then
		echo "fetch.sh: $fetched has the SHA-256 $(sha256sum <"$kept.$$" | cut -d' ' -f1), but $pin is $sha256" >&2
		exit 1
	fi
	mv "$kept.$$" "$kept"
fi
cp "$kept" "$out"
