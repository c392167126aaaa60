package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"bee/audit/accuracy/score"
	"bee/audit/report/label"
)

// table prints a score for people, all that is not right at first.
func table(w io.Writer, s *score.Score) error {
	for _, f := range s.Faults {
		fmt.Fprintln(w, f)
	}
	if len(s.Faults) > 0 {
		fmt.Fprintln(w)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "section\tvalues\tright\twrong\tabsent\t\n")
	for _, v := range slices.Concat(s.Sections, []score.Values{s.Total()}) {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t\n", v.Section, v.Checked, v.Right, v.Wrong, v.Absent)
	}
	fmt.Fprint(t, "\nrule\tright\tfalse\tmissed\t\n")
	for _, r := range s.Rules {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t\n", r.Rule, r.Right, r.False, r.Missed)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if fields := s.Unreached(); len(fields) > 0 {
		fmt.Fprintf(w, "\n%s of a report that no machine here has:\n", label.Count(len(fields), "field"))
		for _, f := range fields {
			fmt.Fprintln(w, " ", f)
		}
	}
	_, err := fmt.Fprintf(w, "\n%d of %d labelled machines read, %.2f %% of the values right\n", s.Read, s.Labelled, s.Total().Percent())
	return err
}
