package report

import (
	"fmt"

	"bee/core/check"
	"bee/core/junit"
)

// junit has a case for each check, and one for the test as a whole, which is in
// error where the checks did not run to their end.
func (r *Report) junit() ([]byte, error) {
	s := junit.Suite{Name: "bee-smoke", Time: fmt.Sprintf("%.1f", r.DurationSeconds)}
	whole := junit.Case{Class: s.Name, Name: "boot"}
	if r.Reason != "" || r.Verdict == Error {
		whole.Error = &junit.Message{Text: r.Reason}
	}
	s.Cases = append(s.Cases, whole)
	for _, c := range r.Checks {
		one := junit.Case{Class: s.Name, Name: c.Name}
		switch c.Status {
		case check.Fail:
			one.Failure = &junit.Message{Text: c.Detail}
		case check.Skip:
			one.Skipped = &junit.Message{Text: c.Detail}
		}
		s.Cases = append(s.Cases, one)
	}
	return s.Document()
}
