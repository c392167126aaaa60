package findings

import (
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	f.Add("gofmt would change:\n./ci/matrix/bad.go\nmatrix/bad.go:7:32: identical expressions (SA4000)\n./ci: vet, staticcheck\n# dagger/bee/matrix\n")
	f.Add("In ./engine/bad.sh line 2:\nfor i in $(ls *); do echo $i; done\n         ^-----^ SC2045 (error): Iterating over ls output is fragile.\n")
	f.Add("/../a.go:99999999999999999999:1: far\nvet: \x00:1: x")
	f.Fuzz(func(t *testing.T, text string) {
		all := Parse(repository, text)
		if len(all) > strings.Count(text, "\n")+1 {
			t.Errorf("%d findings", len(all))
		}
		for _, found := range all {
			if found.File == "" || found.Line < 0 || found.Message == "" || strings.Contains(found.File+found.Message, "\n") {
				t.Errorf("%+v", found)
			}
		}
	})
}
