#!/bin/sh
# go.sh DIR: the Go of every module below DIR is formatted, clean to go vet and
# staticcheck, and calls nothing that is known to be vulnerable. Dagger modules come
# with their generated code.
#
# GOVULNDB is the URL of the database of vulnerabilities; file:// is a folder with its
# index or with OSV files. A site that reaches none is told so, and passes.
set -eu
tools=$(pwd)
database=${GOVULNDB:-https://vuln.go.dev}
cd "$1"
failed=0
unformatted=$(find . -name '*.go' ! -name dagger.gen.go ! -path '*/internal/dagger/*' \
	! -path '*/internal/querybuilder/*' ! -path '*/internal/telemetry/*' -exec gofmt -l {} +)
[ -z "$unformatted" ] || { printf 'gofmt would change:\n%s\n' "$unformatted"; failed=1; }

GOBIN=/usr/local/bin go install -C "$tools" tool
actionlint .github/workflows/*.yml || failed=1 # by name: there is no .git here to find them by
# the version of the database comes only where it was reached
if ! timeout 60 govulncheck -db "$database" -version 2>/dev/null | grep -q '^DB updated: '; then
	echo "vulnerabilities were not checked: $database cannot be reached"
	database=
fi
for module in $(find . -name go.mod -exec dirname {} + | sort); do
	packages=$(cd "$module" && go list ./...) || { failed=1; continue; }
	[ -n "$packages" ] || continue # it only pins tools
	(cd "$module" && go vet ./... && staticcheck ./...) || failed=1
	echo "$module: vet, staticcheck"
	[ -z "$database" ] || (cd "$module" && govulncheck -db "$database" ./...) || failed=1
done
exit "$failed"
