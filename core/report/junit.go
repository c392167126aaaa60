package report

import (
	"encoding/xml"
	"fmt"

	"bee/core/check"
)

// The format is that of Ant's JUnit task, in the dialect that GitLab, Jenkins and
// GitHub's actions read.
type suite struct {
	XMLName  xml.Name   `xml:"testsuite"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Skipped  int        `xml:"skipped,attr"`
	Time     string     `xml:"time,attr"`
	Cases    []testCase `xml:"testcase"`
}

type testCase struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Failure *message `xml:"failure"`
	Error   *message `xml:"error"`
	Skipped *message `xml:"skipped"`
}

type message struct {
	Text string `xml:"message,attr"`
}

// junit has a case for each check, and one for the test as a whole, which is in
// error where the checks did not run to their end.
func (r *Report) junit() ([]byte, error) {
	s := suite{
		Name:     "bee-smoke",
		Tests:    len(r.Checks) + 1,
		Failures: r.Counts.Failed,
		Skipped:  r.Counts.Skipped,
		Time:     fmt.Sprintf("%.1f", r.DurationSeconds),
	}
	whole := testCase{Class: s.Name, Name: "boot"}
	if r.Reason != "" || r.Verdict == Error {
		s.Errors = 1
		whole.Error = &message{r.Reason}
	}
	s.Cases = append(s.Cases, whole)
	for _, c := range r.Checks {
		one := testCase{Class: s.Name, Name: c.Name}
		switch c.Status {
		case check.Fail:
			one.Failure = &message{c.Detail}
		case check.Skip:
			one.Skipped = &message{c.Detail}
		}
		s.Cases = append(s.Cases, one)
	}
	data, err := xml.MarshalIndent(s, "", "  ")
	return append([]byte(xml.Header), append(data, '\n')...), err
}
