package summary

import (
	"fmt"
	"slices"
	"strings"

	"bee/core/check"
	"bee/core/report"
	"bee/gate/internal/reports"
)

// Text is the summary of the smoke tests of an ISO for a terminal, where what matters most
// comes last: why checks were skipped, why machines did not pass, the ISO, whose path may
// be known, and the verdicts.
func Text(iso string, results []reports.Result) string {
	sections := []string{skipped(results)}
	for _, r := range results {
		if r.Report != nil && r.Verdict() != report.Pass {
			sections = append(sections, reasons(r))
		}
	}
	var b strings.Builder
	for _, f := range images(results) {
		if iso != "" {
			f.Name = iso
		}
		fmt.Fprintln(&b, f)
	}
	for _, r := range results {
		fmt.Fprintln(&b, Result(r))
	}
	sections = append(sections, b.String()+verdict(results)+"\n")
	sections = slices.DeleteFunc(sections, func(s string) bool { return s == "" })
	return strings.Join(sections, "\n")
}

// Result is what came out on a machine, in one line.
func Result(r reports.Result) string {
	if r.Report == nil {
		return fmt.Sprintf("%s %s: %s", upper(r.Verdict()), r.Name, r.Problem)
	}
	c := r.Report.Counts
	return fmt.Sprintf("%s %s: %.0f s, %d passed, %d failed, %d skipped", upper(r.Verdict()), r.Name,
		r.Report.DurationSeconds, c.Passed, c.Failed, c.Skipped)
}

// skipped says for which reasons checks were skipped, and on which machines where that is
// not on all that were checked.
func skipped(results []reports.Result) string {
	var lines []string
	machines := map[string][]string{}
	checked := 0
	for _, r := range results {
		if r.Report == nil || len(r.Report.Checks) == 0 {
			continue
		}
		checked++
		for _, c := range r.Report.Checks {
			if c.Status != check.Skip {
				continue
			}
			line := c.String()
			if machines[line] == nil {
				lines = append(lines, line)
			}
			machines[line] = append(machines[line], r.Name)
		}
	}
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(line)
		if on := machines[line]; len(on) < checked {
			b.WriteString(" (" + strings.Join(on, ", ") + ")")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// reasons are why a machine did not pass, and the end of its serial console.
func reasons(r reports.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:\n", r.Name)
	r.Report.Explain(&b, report.Serial(r.Dir))
	return b.String()
}
