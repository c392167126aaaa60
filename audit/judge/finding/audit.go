package finding

import (
	"fmt"
	"slices"
	"strings"

	"bee/audit/report"
	"bee/audit/report/label"
)

// auditHung looks for tools and collectors that had to be given up on: often a
// part of the machine does not answer them.
func auditHung(r *report.Report) []report.Finding {
	return auditErrors(r, report.Warning, []report.Kind{report.TimeLimit, report.Stuck},
		"No answer to %s in time: something on the machine hangs, or is too slow, and the report lacks what only that knows.",
		"Look in the kernel's log for the device that hangs, and audit again, with a longer --timeout where the machine was busy. If the log names a device that does not answer, a power cycle may bring it back.")
}

// auditFailed looks for tools that did not give what was asked.
func auditFailed(r *report.Report) []report.Finding {
	return auditErrors(r, report.Info, []report.Kind{report.NotStarted, report.ExitStatus, report.OutputLimit, report.BadOutput, report.Interrupted, report.Internal},
		"No use could be made of the answer to %s: the report is not complete.",
		"See the errors in the report.")
}

// auditErrors makes one finding of all errors of some kinds, as one broken device
// can be behind many.
func auditErrors(r *report.Report, severity report.Severity, kinds []report.Kind, message, advice string) []report.Finding {
	const most = 20
	var evidence, tools []string
	n := 0
	for _, e := range r.Errors {
		if !slices.Contains(kinds, e.Kind) {
			continue
		}
		if e.Tool != "" {
			tools = append(tools, e.Tool)
		}
		n += len(e.Runs())
		evidence = append(evidence, about(strings.Join(e.Sections(), ", "), label.Command(e.Tool, e.Args), e.Message+label.Times(len(e.Runs()))))
	}
	if n == 0 {
		return nil
	}
	// Errors come in the order in which tools ended, which says nothing.
	slices.Sort(tools)
	slices.Sort(evidence)
	if left := len(evidence) - most; left > 0 {
		evidence = append(evidence[:most], fmt.Sprintf("%d more", left))
	}
	what := "one question"
	if n > 1 {
		what = fmt.Sprintf("%d questions", n)
	}
	return []report.Finding{{
		Severity:  severity,
		Component: strings.Join(slices.Compact(tools), ", "),
		Message:   fmt.Sprintf(message, what),
		Evidence:  evidence,
		Advice:    advice,
	}}
}
