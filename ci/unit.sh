#!/bin/sh
# unit.sh PACKAGE...: runs the unit tests of the packages. Those whose code starts
# goroutines are tested for races, which takes longer, and a C compiler: without one, Go
# has no cgo.
set -eu
race=-race
if [ "$(go env CGO_ENABLED)" != 1 ]; then
	echo "there is no C compiler: races are not looked for"
	race=
fi
folders=$(go list -f '{{.ImportPath}}={{.Dir}}' "$@")
concurrent=
others=
for package in $folders; do
	if find "${package#*=}" -maxdepth 1 -name '*.go' ! -name '*_test.go' \
		-exec grep -qE '^\s*go [a-zA-Z.]+\(|\.Go\(' {} +; then
		concurrent="$concurrent ${package%%=*}"
	else
		others="$others ${package%%=*}"
	fi
done
failed=0
# shellcheck disable=SC2086 # lists
[ -z "$concurrent" ] || go test $race $concurrent || failed=1
# shellcheck disable=SC2086 # lists
[ -z "$others" ] || go test $others || failed=1
exit "$failed"
