// Package junit writes what tests came to for the pipelines that show it: Ant's JUnit format,
// in the dialect that GitLab, Jenkins and GitHub's actions read.
package junit

import "encoding/xml"

// Suite is a list of tests that ran together.
type Suite struct {
	XMLName  xml.Name `xml:"testsuite"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Skipped  int      `xml:"skipped,attr"`
	// How long it took, in seconds.
	Time string `xml:"time,attr"`
	// When it began, in UTC: 2006-01-02T15:04:05. Where it ran.
	Timestamp  string      `xml:"timestamp,attr,omitempty"`
	Hostname   string      `xml:"hostname,attr,omitempty"`
	Properties *Properties `xml:"properties"`
	Cases      []Case      `xml:"testcase"`
}

// Properties say more of a suite.
type Properties struct {
	List []Property `xml:"property"`
}

// Property is a name and its value.
type Property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

// Case is one test: passed where it has none of failure, error and skipped.
type Case struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Failure *Message `xml:"failure"`
	Error   *Message `xml:"error"`
	Skipped *Message `xml:"skipped"`
	// What it said beside.
	Output string `xml:"system-out,omitempty"`
}

// Message says why a test did not pass: in a line, and in full.
type Message struct {
	Text string `xml:"message,attr"`
	Full string `xml:",chardata"`
}

// Document is the suite as an XML document, with its tests counted.
func (s Suite) Document() ([]byte, error) {
	s.Tests, s.Failures, s.Errors, s.Skipped = len(s.Cases), 0, 0, 0
	for _, c := range s.Cases {
		switch {
		case c.Error != nil:
			s.Errors++
		case c.Failure != nil:
			s.Failures++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	data, err := xml.MarshalIndent(s, "", "  ")
	return append([]byte(xml.Header), append(data, '\n')...), err
}
