#!/bin/sh
# go.sh DIR: the Go of every module below DIR is formatted, and clean to go vet
# and staticcheck. Dagger modules come with their generated code.
set -eu
tools=$(pwd)
cd "$1"
failed=0
unformatted=$(find . -name '*.go' ! -name dagger.gen.go ! -path '*/internal/dagger/*' \
	! -path '*/internal/querybuilder/*' ! -path '*/internal/telemetry/*' -exec gofmt -l {} +)
[ -z "$unformatted" ] || { printf 'gofmt would change:\n%s\n' "$unformatted"; failed=1; }

GOBIN=/usr/local/bin go install -C "$tools" tool
actionlint .github/workflows/*.yml || failed=1 # by name: there is no .git here to find them by
for module in $(find . -name go.mod -exec dirname {} + | sort); do
	packages=$(cd "$module" && go list ./...) || { failed=1; continue; }
	[ -n "$packages" ] || continue # it only pins tools
	(cd "$module" && go vet ./... && staticcheck ./...) || failed=1
	echo "$module: vet, staticcheck"
done
exit "$failed"
