#!/bin/sh
# Stands in for mkimage of Alpine's aports, as far as bee depends on it: a profile is built of
# sections, each a folder of WORKDIR that is named by its kind and arguments and made by
# build_KIND in DESTDIR where it is not there, and the image is made of links to all of them.
# Like mkimage, it knows one --repository, the last one, and any number of others; and what
# goes wrong within a section, but in its last command, goes unnoticed.
set -e
while [ $# -gt 0 ]; do
	case $1 in
	--tag) RELEASE=$2 ;;
	--profile) PROFILE=$2 ;;
	--arch) ARCH=$2 ;;
	--workdir) WORKDIR=$2 ;;
	--outdir) OUTDIR=$2 ;;
	--repository) repository=$2 ;;
	--extra-repository) others="${others-} $2" ;;
	*) echo "mkimage.sh: $1 is not known" >&2; exit 1 ;;
	esac
	shift 2
done
[ -e "$APORTS/main/build-base" ] || { echo "mkimage.sh: APORTS is no tree of aports" >&2; exit 1; }
here=$(dirname "$0")
sections=$(sed -n 's/^section_\(.*\)() {$/\1/p' "$here"/mkimg.*.sh)
# shellcheck disable=SC1090 # profiles
for file in "$here"/mkimg.*.sh; do . "$file"; done

APKROOT=$WORKDIR/apkroot-$ARCH
if [ ! -e "$APKROOT" ]; then
	mkdir -p "$APKROOT/etc/apk"
	cp -r /etc/apk/keys "$APKROOT/etc/apk/"
	apk --arch "$ARCH" --root "$APKROOT" add --initdb
	# shellcheck disable=SC2086 # a list
	printf '%s\n' "$repository" ${others-} >"$APKROOT/etc/apk/repositories"
fi
apk --root "$APKROOT" update

sum() { sha1sum | cut -d' ' -f1; }

build_section() {
	kind=$1
	section_dir=$(echo "$*" | sed 's/[^a-zA-Z0-9]/_/g')
	shift
	if [ ! -e "$WORKDIR/$section_dir" ]; then
		echo ">>> mkimage-$ARCH: --> $kind $*" >&2
		DESTDIR=$WORKDIR/$section_dir.work
		rm -rf "$DESTDIR"
		mkdir "$DESTDIR"
		if "build_$kind" "$@"; then mv "$DESTDIR" "$WORKDIR/$section_dir"; else return 1; fi
	fi
	unset DESTDIR
	made="${made-} $section_dir"
}

"profile_$PROFILE"
for section in $sections; do "section_$section"; done
DESTDIR=$WORKDIR/image-$(echo "$made" | sum)-$ARCH-$PROFILE
rm -rf "$DESTDIR"
for name in $made; do
	(cd "$WORKDIR/$name" && find . -type d -exec mkdir -p "$DESTDIR/{}" \; &&
		find . ! -type d -exec ln -s "$WORKDIR/$name/{}" "$DESTDIR/{}" \;)
done
# shellcheck disable=SC2154 # the profile's
echo "alpine-$PROFILE-$RELEASE $build_date" >"$DESTDIR/.alpine-release"
# shellcheck disable=SC2154
"create_image_$output_format" "$OUTDIR/alpine-$PROFILE-$RELEASE-$ARCH.$image_ext" || false
echo "Images generated in $OUTDIR"
