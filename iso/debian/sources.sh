#!/bin/sh
# sources.sh MIRROR RELEASE SNAPSHOT: sets the apt sources of a Debian container,
# and fetches the package lists. MIRROR is "snapshot", "image" (the sources stay
# as they are), a URL, or the folder of a saved copy, which knows its sources.
set -eu
mirror=$1 release=$2 snapshot=$3
components="main contrib non-free non-free-firmware"
options="signed-by=/usr/share/keyrings/debian-archive-keyring.gpg"

case $mirror in
image)
	archive=
	# Debian's own images name main only.
	sed -i "s/^Components:.*/Components: $components/" /etc/apt/sources.list.d/*.sources 2>/dev/null || : ;;
snapshot)
	[ -n "$snapshot" ] || { echo "sources.sh: mirror is \"snapshot\", but no time stamp is given" >&2; exit 2; }
	# What the archive had then is out of date by now. From anywhere else, lists that are
	# out of date would hide what was mended since.
	options="$options check-valid-until=no"
	archive=http://snapshot.debian.org/archive/debian/$snapshot
	security=http://snapshot.debian.org/archive/debian-security/$snapshot ;;
http://*|https://*)
	archive=${mirror%/}
	security=$archive-security ;;
/*)
	archive=
	rm -f /etc/apt/sources.list.d/*
	cp "$mirror/sources.list" /etc/apt/sources.list ;;
*) echo "sources.sh: \"$mirror\" is not snapshot, image or a URL" >&2; exit 2 ;;
esac

if [ -n "$archive" ]; then
	rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
	cat >/etc/apt/sources.list <<-EOT
		deb [$options] $archive $release $components
		deb [$options] $archive $release-updates $components
		deb [$options] $security $release-security $components
	EOT
fi

apt-get update --quiet -o APT::Update::Error-Mode=any -o Acquire::Retries=3 || {
	echo "Debian's package lists could not be fetched from ${archive:-$([ "$mirror" = image ] && echo "the sources of the image" || echo "the saved copy")}." >&2
	echo "Name a mirror that answers and is up to date in VERSIONS.local, DEBIAN_MIRROR=http://HOST/debian." >&2
	exit 1
}
