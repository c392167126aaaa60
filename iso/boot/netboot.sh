#!/bin/sh
# netboot.sh OUTDIR OPTIONS INITRD...: completes a folder that machines boot over their network from,
# which has vmlinuz: with what iPXE and GRUB begin with, and the digests of all files. INITRD are files
# of it. The kernel is told OPTIONS, in which ${base} is the URL of the folder, and ${card} the MAC
# address of the network card that was booted from.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 3 ] || { echo "usage: netboot.sh OUTDIR OPTIONS INITRD..." >&2; exit 2; }
out=$1 options=$2
shift 2
: "${SOURCE_DATE_EPOCH:?netboot.sh: SOURCE_DATE_EPOCH must be set}"
mkdir -p "$out/grub"

# Words of bee's that are for a medium are of no use.
menu() { grep -v -e '^#' -e 'bee\.' "$here/menu"; }

# Both take for granted that the server of the boot has this folder as the root of its HTTP server,
# unless iPXE itself was told of the script by HTTP: then it is the folder of that.
{
	cat <<-'END'
		#!ipxe
		# Where machines get this folder from by HTTP:
		set base http://${next-server}/
		isset ${cwduri} || goto menu
		iseq ${cwuri} tftp://${next-server}/${filename} || set base ${cwduri}

		:menu
		set card ${netX/mac:hexhyp}
		menu bee
	END
	menu | sed 's/^\([^|]*\)|\([^|]*\)|.*/item \1 \2/'
	cat <<-'END'
		choose --timeout 3000 --default bee entry || goto bee
		goto ${entry}
	END
	menu | sed 's/^\([^|]*\)|[^|]*|\(.*\)/\n:\1\nset options \2\ngoto start/'
	cat <<-END

		:start
		kernel \${base}vmlinuz $options \${options}
	END
	for initrd; do
		echo "initrd \${base}$initrd"
	done
	echo boot
} >"$out/bee.ipxe"
{
	cat <<-'END'
		# Where machines get this folder from by HTTP:
		set base=http://$net_default_server/
		set card=$net_default_mac
		set timeout=3
	END
	cat "$here/consoles.cfg"
	menu | while IFS='|' read -r _ title more; do
		cat <<-END
			menuentry "$title" {
				linux /vmlinuz $options $more
				initrd$(printf ' /%s' "$@")
			}
		END
	done
} >"$out/grub/grub.cfg"
sums=$(cd "$out" && find . -type f | sed 's|^\./||' | LC_ALL=C sort | xargs sha256sum)
echo "$sums" >"$out/SHA256SUMS"
find "$out" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
