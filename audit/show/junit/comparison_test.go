package junit

import (
	"encoding/json"
	"io"
	"os"
	"testing"

	"bee/audit/judge/compare"
	"bee/core/junit"
)

func comparisonDocument(t *testing.T, c *compare.Comparison) (string, map[string]junit.Case) {
	t.Helper()
	return read(t, func(w io.Writer) error { return WriteComparison(w, c) })
}

func TestComparison(t *testing.T) {
	text, err := os.ReadFile("../comparison/testdata/comparison.json")
	if err != nil {
		t.Fatal(err)
	}
	var c compare.Comparison
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	got, _ := comparisonDocument(t, &c)
	golden(t, "testdata/comparison.xml", got)
}

// What was not compared is neither a failure nor as expected.
func TestComparisonCases(t *testing.T) {
	_, cases := comparisonDocument(t, &compare.Comparison{
		NotCompared: []compare.Unknown{{Section: "psu", Side: "got", Reason: "no ipmitool"}, {Section: "storage", Side: "both"}},
		Equal:       []compare.Equal{{Section: "memory", Kind: compare.Module, Components: 8}, {Section: "findings", Kind: compare.Finding, Components: 2}},
	})
	for section, want := range map[string]string{
		"memory": "as expected: 8 modules", "findings": "as expected: 2 findings",
		"psu": "not compared: PSU: no ipmitool", "storage": "no component was compared", "nvidia": "no component was compared",
	} {
		c, there := cases["bee-audit."+section+" baseline"]
		switch {
		case !there:
			t.Errorf("%s has no test", section)
		case c.Failure != nil:
			t.Errorf("%s fails: %+v", section, c.Failure)
		case c.Error != nil && (section != "psu" || c.Error.Text != want),
			c.Skipped != nil && c.Skipped.Text != want,
			c.Error == nil && c.Skipped == nil && c.Output != want:
			t.Errorf("%s: %+v, want %q", section, c, want)
		}
	}
	if len(cases) != len(compare.Sections())+1 {
		t.Errorf("%d tests", len(cases))
	}
}
