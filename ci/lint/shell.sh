#!/bin/sh
# shell.sh DIR: every shell script below DIR passes shellcheck; those that run on the
# ISO or on Alpine are also read by busybox's ash.
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
	'#!/bin/sh'* | '# shellcheck shell=sh'*) set -- --shell=sh ;;
	'#!/bin/bash'* | '#!/usr/bin/env bash'*) set -- --shell=bash ;;
	'#!/sbin/openrc-run'*) set -- --shell=sh --exclude=SC2034 ;;
	*) case $file in
		*/overlay/etc/conf.d/*) set -- --shell=sh --exclude=SC2034 ;;
		*) continue ;;
		esac ;;
	esac
	scripts=$((scripts + 1))
	shellcheck --external-sources "$@" "$file" || failed=1
	case $file,$1 in
	*/overlay/*,* | */alpine/*,--shell=sh) busybox ash -n "$file" || failed=1 ;;
	esac
done </tmp/files
[ "$scripts" -gt 0 ] || { echo "shell.sh: no shell script found below $PWD" >&2; exit 1; }
[ "$failed" = 0 ] && echo "$scripts shell scripts are clean"
exit "$failed"
