#!/bin/bash
# fetch-run.sh VERSION SHA256 CACHEDIR OUT: NVIDIA's installer of a driver, from
# CACHEDIR, or from NVIDIA into CACHEDIR.
set -euo pipefail
[ $# = 4 ] || { echo "usage: fetch-run.sh VERSION SHA256 CACHEDIR OUT" >&2; exit 2; }
version=$1 sha256=$2 cache=$3 out=$4
file=NVIDIA-Linux-x86_64-$version.run
kept=$cache/$sha256
trap 'rm -f "$kept.$$"' EXIT

known() { echo "$sha256  $1" | sha256sum --check --status; }

if ! { [ -e "$kept" ] && known "$kept"; }; then
	fetched=
	# data centre drivers are in the first place, all others in the second
	for place in us.download.nvidia.com/tesla download.nvidia.com/XFree86/Linux-x86_64; do
		url=https://$place/$version/$file
		echo "fetch-run.sh: fetching $url"
		curl --fail --silent --show-error --location --connect-timeout 20 --retry 3 --output "$kept.$$" "$url" && { fetched=$url; break; }
	done
	if [ -z "$fetched" ]; then
		echo "fetch-run.sh: $file cannot be fetched from NVIDIA; give the file with --nvidia-run, where you have it" >&2
		exit 1
	fi
	if ! known "$kept.$$"; then
		echo "fetch-run.sh: $fetched has the SHA-256 $(sha256sum <"$kept.$$" | cut -d' ' -f1), but NVIDIA_RUN_SHA256 is $sha256" >&2
		exit 1
	fi
	mv "$kept.$$" "$kept"
fi
cp "$kept" "$out"
