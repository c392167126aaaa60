#!/bin/bash
# sign.sh MODULES HEADERS KEY CERTIFICATE OUTDIR
#
# The kernel modules (*.ko) of the folder MODULES, signed by the RSA key KEY (PEM), for machines
# that have its CERTIFICATE (PEM or DER) enrolled. OUTDIR gets them, and as
# module-certificate.der the certificate.
#
# The kernel's own sign-file, which the HEADERS bring as they lie on a system, writes what that
# kernel reads. An RSA signature (PKCS #1 v1.5, no attributes, so no time) has the same bytes
# each time. What came out is verified before anybody boots it.
set -euo pipefail
[ $# = 5 ] || { echo "usage: sign.sh MODULES HEADERS KEY CERTIFICATE OUTDIR" >&2; exit 2; }
modules=$1 headers=$2 key=$3 certificate=$4 out=$5

shopt -s nullglob
tools=("$headers"/usr/lib/linux-kbuild-*/scripts/sign-file)
[ ${#tools[@]} = 1 ] || { echo "sign.sh: $headers has ${#tools[@]} sign-file (usr/lib/linux-kbuild-*/scripts), not one" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

openssl x509 -in "$certificate" -outform DER -out "$out/module-certificate.der"
openssl x509 -in "$certificate" -out "$work/certificate.pem"

# verify MODULE SIGNED: a module's bytes, a CMS signature of them, 12 bytes that end in its length,
# and the line that tells the kernel of all that (struct module_signature)
verify() {
	local size length mark='~Module signature appended~'
	size=$(stat -c %s "$2")
	[ "$(tail -c 28 "$2")" = "$mark" ] || { echo "there is no signature"; return 1; }
	length=$((0x$(tail -c 32 "$2" | head -c 4 | od -An -tx1 | tr -d ' ')))
	tail -c +$((size - 40 - length + 1)) "$2" | head -c "$length" >"$work/signature"
	head -c $((size - 40 - length)) "$2" | cmp - "$1" &&
		openssl cms -verify -binary -inform DER -in "$work/signature" -content "$1" \
			-certfile "$work/certificate.pem" -nointern -noverify -out /dev/null 2>&1
}

count=0
for module in "$modules"/*.ko; do
	name=${module##*/}
	"${tools[0]}" sha256 "$key" "$work/certificate.pem" "$module" "$out/$name"
	said=$(verify "$module" "$out/$name") || { echo "sign.sh: $name is not signed as its certificate verifies: $said" >&2; exit 1; }
	count=$((count + 1))
done
[ "$count" -gt 0 ] || { echo "sign.sh: $modules has no module" >&2; exit 1; }
echo "sign.sh: $count modules signed by $(openssl x509 -in "$certificate" -noout -subject -nameopt RFC2253)"
