package junit

import (
	"io"
	"slices"
	"strings"

	"bee/audit/judge/compare"
	"bee/audit/show/comparison"
	"bee/core/junit"
)

// WriteComparison writes what came of comparing a machine with a baseline. Each section of hardware
// has a test "baseline", and so has what else the baseline asks for: it fails where something is
// not as expected, and has an error where something could not be compared, so that a file without
// failures and errors is one of a machine that is all as expected.
func WriteComparison(w io.Writer, c *compare.Comparison) error {
	s := junit.Suite{Name: name, Hostname: c.Got.Hostname, Time: "0", Properties: &junit.Properties{}}
	if c.Got.StartedAt != nil && !c.Got.StartedAt.IsZero() {
		s.Timestamp = c.Got.StartedAt.UTC().Format(timestamp)
	}
	add(s.Properties, "manufacturer", c.Got.Manufacturer)
	add(s.Properties, "product_name", c.Got.ProductName)
	add(s.Properties, "serial_number", c.Got.SerialNumber)
	add(s.Properties, "report", c.Got.File)
	add(s.Properties, "baseline", c.Expected.File)
	for _, section := range compared(c) {
		s.Cases = append(s.Cases, baseline(c, section))
	}
	return write(w, s)
}

// compared are the sections of hardware, and others that the baseline asks for.
func compared(c *compare.Comparison) []string {
	all := compare.Sections()
	with := func(section string) {
		if !slices.Contains(all, section) {
			all = append(all, section)
		}
	}
	for _, d := range c.Differences {
		with(d.Section)
	}
	for _, u := range c.NotCompared {
		with(u.Section)
	}
	for _, e := range c.Equal {
		with(e.Section)
	}
	return all
}

// baseline is the test of a section.
func baseline(c *compare.Comparison, section string) junit.Case {
	t := junit.Case{Class: name + "." + section, Name: "baseline"}
	var differ, unknown, neither, equal []string
	for _, d := range c.Differences {
		if d.Section == section {
			differ = append(differ, comparison.Line(d))
		}
	}
	for _, u := range c.NotCompared {
		switch {
		case u.Section != section:
		case u.Side == "both":
			neither = append(neither, "known to neither side: "+comparison.Unknown(u))
		default:
			unknown = append(unknown, "not compared: "+comparison.Unknown(u))
		}
	}
	for _, e := range c.Equal {
		if e.Section == section {
			equal = append(equal, "as expected: "+comparison.Count(e.Components, e.Kind))
		}
	}
	t.Output = strings.Join(slices.Concat(equal, neither), "\n")
	switch {
	case len(differ) > 0:
		t.Failure = message(append(differ, unknown...))
	case len(unknown) > 0:
		t.Error = message(unknown)
	case len(equal) == 0:
		t.Skipped = &junit.Message{Text: "no component was compared"}
	}
	return t
}
