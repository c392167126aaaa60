package check

import (
	"slices"
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	f.Add("motd\r\nPASS kernel-release: 6.12: yes\nFAIL ssh-policy: no\nSKIP internet: not expected\nbee-smoke: 1 passed, 1 failed, 1 skipped\n", 1)
	f.Add("PASS a\nPASS a\n", 0)
	f.Fuzz(func(t *testing.T, output string, status int) {
		checks, err := Parse(output, status)
		counts := Count(checks)
		if err == nil && (counts.Passed+counts.Failed+counts.Skipped == 0 || (status != 0) != (counts.Failed > 0)) {
			t.Errorf("%v with exit status %d", counts, status)
		}
		if err != nil {
			return
		}
		var again strings.Builder
		for _, c := range checks {
			again.WriteString(c.String() + "\n")
		}
		again.WriteString(counts.String() + "\n")
		if got, err := Parse(again.String(), status); err != nil || !slices.Equal(got, checks) {
			t.Errorf("%q, %v after %q", got, err, checks)
		}
	})
}
