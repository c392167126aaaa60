package golden

import (
	"testing"

	"bee/core/check"
)

func FuzzParse(f *testing.F) {
	for _, base := range []string{"alpine", "debian"} {
		text, err := lists.ReadFile(base)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("a SKIP server=PASS bmc=absent # why\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := parse("list", text)
		if err != nil {
			return
		}
		for _, holds := range [][]Fact{nil, {Server, BMC}, facts} {
			var checks []check.Check
			for _, e := range list.entries {
				if outcome := e.wants(holds); outcome != absent {
					checks = append(checks, check.Check{Name: e.check, Status: check.Status(outcome)})
				}
			}
			if c := list.Compare(checks, holds); c.Status != check.Pass {
				t.Errorf("what the list says, with %v: %s", holds, c)
			}
			if c := list.Compare(append(checks, check.Check{Name: "\n", Status: check.Pass}), holds); c.Status != check.Fail {
				t.Errorf("one more, with %v: %s", holds, c)
			}
		}
	})
}
