#!/bin/sh
# shell.sh DIR: every shell script below DIR passes shellcheck; those of an
# overlay, which run on the ISO, are also read by busybox's ash.
set -eu
cd "$1"
failed=0
scripts=0
find . -type f ! -path '*/.git/*' ! -path '*/node_modules/*' | sort >/tmp/files
while read -r file; do
	first=
	IFS= read -r first <"$file" 2>/dev/null || :
	# OpenRC reads the variables that its scripts only set.
	case $first in
	'#!/bin/sh'*) set -- --shell=sh ;;
	'#!/bin/bash'* | '#!/usr/bin/env bash'*) set -- --shell=bash ;;
	'#!/sbin/openrc-run'*) set -- --shell=sh --exclude=SC2034 ;;
	*) case $file in
		*/overlay/etc/conf.d/*) set -- --shell=sh --exclude=SC2034 ;;
		*) continue ;;
		esac ;;
	esac
	scripts=$((scripts + 1))
	shellcheck --external-sources "$@" "$file" || failed=1
	case $file in */overlay/*) busybox ash -n "$file" || failed=1 ;; esac
done </tmp/files
[ "$scripts" -gt 0 ] || { echo "shell.sh: no shell script found below $PWD" >&2; exit 1; }
[ "$failed" = 0 ] && echo "$scripts shell scripts are clean"
exit "$failed"
