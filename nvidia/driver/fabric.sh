#!/bin/bash
# fabric.sh fabricmanager ARCHIVE VERSION SHA256 OUTDIR
# fabric.sh nvlsm         ARCHIVE VERSION SHA256 OUTDIR
#
# Takes an archive of NVIDIA's Fabric Manager, or of its subnet manager NVLSM, apart. OUTDIR
# gets the files at the places where NVIDIA's own packages have them, and in
# usr/local/lib/nvidia/fabric the libraries that the programs run with: there is no glibc on
# Alpine, and not all of them on Debian.
set -euo pipefail
[ $# = 5 ] || { sed -n 's/^# \(fabric.sh .*\)/usage: \1/p' "$0" >&2; exit 2; }
what=$1 archive=$2 version=$3 sha256=$4 out=$5

digest=$(sha256sum <"$archive" | cut -d' ' -f1)
if [ "$digest" != "$sha256" ]; then
	echo "fabric.sh: $archive has the SHA-256 $digest, but that of $what $version in VERSIONS is $sha256" >&2
	exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar -xJf "$archive" -C "$work" || { echo "fabric.sh: $archive is no tar.xz" >&2; exit 1; }
root=$work/$what-linux-x86_64-$version-archive
if [ ! -d "$root" ]; then
	echo "fabric.sh: $archive has no $(basename "$root"), but $(ls "$work"): it is not of $what $version" >&2
	exit 1
fi
need() {
	for file; do
		[ -e "$root/$file" ] || { echo "fabric.sh: the archive of $what $version has no $file" >&2; exit 1; }
	done
}
# set KEY VALUE FILE: a line of a configuration, where there is one and where there is none
set_key() {
	if grep -q "^$1=" "$3"; then sed -i "s|^$1=.*|$1=$2|" "$3"; else echo "$1=$2" >>"$3"; fi
}

home=$out/usr/local/lib/nvidia/fabric
mkdir -p "$home/lib" "$home/doc"
case $what in
fabricmanager)
	need bin/nv-fabricmanager etc/fabricmanager.cfg share/nvidia/nvswitch LICENSE
	program=$out/usr/bin/nv-fabricmanager
	install -D -m 755 "$root/bin/nv-fabricmanager" "$program"
	share=$out/usr/share/nvidia/nvswitch
	mkdir -p "$share"
	# what connects several machines is for none that is audited
	find "$root/share/nvidia/nvswitch" -type f ! -name '*gh200*' ! -name '*gb[23]00*' -exec install -m 644 -t "$share" {} +
	install -m 644 "$root/etc/fabricmanager.cfg" "$share/"
	# a bare machine whose GPUs are all its own; what is written goes where it may be
	while read -r key value; do
		set_key "$key" "$value" "$share/fabricmanager.cfg"
	done <<-END
		DAEMONIZE 1
		FABRIC_MODE 0
		LOG_FILE_NAME /var/log/fabricmanager.log
		LOG_USE_SYSLOG 0
		BIND_INTERFACE_IP 127.0.0.1
		FM_CMD_BIND_INTERFACE 127.0.0.1
		FM_STAY_RESIDENT_ON_FAILURES 0
		STATE_FILE_NAME /run/nvidia-fabricmanager/fabricmanager.state
		TOPOLOGY_FILE_PATH /usr/share/nvidia/nvswitch
	END
	;;
nvlsm)
	need sbin/nvlsm lib share/nvidia/nvlsm/nvlsm.conf LICENSE
	program=$out/opt/nvidia/nvlsm/sbin/nvlsm
	install -D -m 755 "$root/sbin/nvlsm" "$program"
	mkdir -p "$out/opt/nvidia/nvlsm/lib" "$out/usr/share/nvidia/nvlsm"
	cp -a "$root/lib/." "$out/opt/nvidia/nvlsm/lib/"
	cp -a "$root/share/nvidia/nvlsm/." "$out/usr/share/nvidia/nvlsm/"
	;;
*)
	echo "fabric.sh: $what is neither fabricmanager nor nvlsm" >&2
	exit 2
	;;
esac
install -m 644 "$root/LICENSE" "$home/doc/$what.LICENSE"
[ ! -e "$root/third-party-notices.txt" ] || install -m 644 "$root/third-party-notices.txt" "$home/doc/$what.third-party-notices.txt"

# The libraries of the programs and of what they load later, as this system has them.
loader=/lib64/ld-linux-x86-64.so.2
files=("$program")
[ ! -d "$out/opt/nvidia/nvlsm/lib" ] || mapfile -t -O 1 files < <(find "$out/opt/nvidia/nvlsm/lib" -name '*.so*' -type f | sort)
for file in "${files[@]}"; do
	"$loader" --library-path "$out/opt/nvidia/nvlsm/lib" --list "$file"
done >"$work/needs" || { cat "$work/needs" >&2; echo "fabric.sh: $program is no program for glibc" >&2; exit 1; }
if grep 'not found' "$work/needs" >&2; then
	echo "fabric.sh: $what $version needs libraries that are not here, see above; FABRIC_MANAGER_ORIGIN=none in VERSIONS.local does without it" >&2
	exit 1
fi
cp -L "$loader" "$home/lib/"
awk '$2 == "=>" && $3 ~ /^\// { print $3 }' "$work/needs" | grep -v "^$out/" | sort -u | xargs -r cp -L -t "$home/lib"
# what libraries load by name
cp -L /lib/x86_64-linux-gnu/{libgcc_s.so.1,libdl.so.2,libpthread.so.0,librt.so.1} "$home/lib/"
# and their licences, which slim images lack; those of GCC's are in a package of their own
gcc=$(dpkg-query --show --showformat '${Package}\n' 'gcc-*-base' | tail -n 1)
for library in "libc.so.6 libc6" "libgcc_s.so.1 $gcc" "libz.so.1 zlib1g" "libibumad.so.3 libibumad3"; do
	read -r file package <<<"$library"
	[ -e "$home/lib/$file" ] || continue
	copyright=usr/share/doc/$package/copyright
	if [ -e "/$copyright" ]; then
		cp "/$copyright" "$home/doc/$package.copyright"
	else
		(cd "$work" && apt-get -qq download "$package" && dpkg-deb --fsys-tarfile "$package"_*.deb | tar -xO "./$copyright") >"$home/doc/$package.copyright"
	fi
done
find "$out" -type d -exec chmod 755 {} +
echo "fabric.sh: $what $version, $(du -sk "$out" | cut -f1) kB"
