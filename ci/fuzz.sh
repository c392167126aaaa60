#!/bin/sh
# fuzz.sh TIME PACKAGE...: runs every fuzz test of the packages for TIME. It stops at
# the first one that fails; go test then names the package, and the file below its
# testdata/fuzz that has the input, which is kept as a seed once the fault is mended.
set -eu
time=$1
shift
listed=$(mktemp)
trap 'rm -f "$listed"' EXIT
# The names of a package's tests, then "ok PACKAGE"; "? PACKAGE" where there are none.
go test -list '^Fuzz' "$@" >"$listed" || { cat "$listed"; exit 1; }
awk '/^Fuzz/ { names = names " " $1 } /^ok/ && names { print $2 names } /^(ok|\?)/ { names = "" }' "$listed" |
	while read -r package tests; do
		for test in $tests; do
			echo "$package $test"
			# else it would spend its time on making large inputs smaller
			go test -run '^$' -fuzz "^$test\$" -fuzztime "$time" -fuzzminimizetime 1s "$package" || exit 1
		done
	done
