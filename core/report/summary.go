package report

import (
	"fmt"
	"strings"

	"bee/core/check"
)

// summary is the report for people: the verdict, what is no PASS and why, and then the
// names of the checks that passed.
func (r *Report) summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s, %.0f s: %d passed, %d failed, %d skipped\n\n", strings.ToUpper(string(r.Verdict)),
		r.Title(), r.DurationSeconds, r.Counts.Passed, r.Counts.Failed, r.Counts.Skipped)
	if r.Reason != "" {
		fmt.Fprintf(&b, "ERROR %s\n", r.Reason)
	}
	for _, status := range []check.Status{check.Fail, check.Skip, check.Pass} {
		for _, c := range r.Checks {
			if c.Status == status {
				fmt.Fprintln(&b, c)
			}
		}
	}
	return b.String()
}
