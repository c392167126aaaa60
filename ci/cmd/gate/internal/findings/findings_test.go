package findings

import (
	"reflect"
	"testing"
	"testing/fstest"
)

var repository = fstest.MapFS{
	"ci/go.mod":                  {Data: []byte("module dagger/bee\n\ngo 1.25\n")},
	"ci/main.go":                 {},
	"ci/matrix/bad.go":           {},
	"ci/cmd/gate/go.mod":         {Data: []byte("module bee/gate\n")},
	"iso/go.mod":                 {Data: []byte("module bee/iso\n")},
	"iso/main.go":                {},
	"iso/smoke/golden/bad.go":    {},
	".github/workflows/gate.yml": {},
}

func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []Finding
	}{
		"standard output of the Go linters": {`gofmt would change:
./ci/matrix/bad.go
.github/workflows/gate.yml:3:5: unexpected key "job" [syntax-check]
  |
3 | job:
./audit: vet, staticcheck
matrix/bad.go:7:32: identical expressions on the left and right side of the '==' operator (SA4000)
main.go:1:1: odd (ST1000)
./ci: vet, staticcheck
main.go:2:1: other (ST1000)
./iso: vet, staticcheck
`, []Finding{
			{"ci/matrix/bad.go", 0, "gofmt would change it"},
			{".github/workflows/gate.yml", 3, `unexpected key "job" [syntax-check]`},
			{"ci/matrix/bad.go", 7, "identical expressions on the left and right side of the '==' operator (SA4000)"},
			{"ci/main.go", 1, "odd (ST1000)"},
			{"iso/main.go", 2, "other (ST1000)"},
		}},
		"standard error of the compiler": {`go: downloading golang.org/x/mod v0.35.0
# dagger/bee/matrix
# [dagger/bee/matrix]
matrix/bad.go:5:27: fmt.Printf format %d has arg "x" of wrong type string
# bee/iso/smoke/golden [bee/iso/smoke/golden.test]
vet: smoke/golden/bad.go:9:1: undefined: x
`, []Finding{
			{"ci/matrix/bad.go", 5, `fmt.Printf format %d has arg "x" of wrong type string`},
			{"iso/smoke/golden/bad.go", 9, "undefined: x"},
		}},
		"standard error of go vet, without names of packages": {"matrix/bad.go:5:27: wrong\nmain.go:1:1: anywhere\n", []Finding{
			{"ci/matrix/bad.go", 5, "wrong"},
			{"main.go", 1, "anywhere"},
		}},
		"shellcheck": {`
In ./engine/bad.sh line 2:
for i in $(ls *); do echo $i; done
         ^-----^ SC2045 (error): Iterating over ls output is fragile. Use globs.
              ^-- SC2035 (info): Use ./*glob* or -- *glob* so names with dashes won't become options.

For more information:
  https://www.shellcheck.net/wiki/SC2045 -- Iterating over ls output is fragi...
`, []Finding{
			{"engine/bad.sh", 2, "SC2045 (error): Iterating over ls output is fragile. Use globs."},
			{"engine/bad.sh", 2, "SC2035 (info): Use ./*glob* or -- *glob* so names with dashes won't become options."},
		}},
		"nothing": {"12 shell scripts are clean\n", nil},
	} {
		if got := Parse(repository, c.text); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v\nwant %+v", name, got, c.want)
		}
	}
}
