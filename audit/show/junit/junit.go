// Package junit writes an audit report, or what came of comparing a machine with a baseline, as test
// results, for pipelines that show such.
//
// Each section of the report has two tests: "findings" fails where something critical was
// found in it, and says beside it what was found that is not; "examined" is skipped where the
// audit could not look, or not at all of it. Both are there in each report, so that a pipeline
// can follow them over time, and what nobody has looked at never reads as passed.
package junit

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"bee/audit/report"
	"bee/audit/report/label"
	"bee/core/junit"
)

const name = "bee-audit"

// Write writes the report.
func Write(w io.Writer, r *report.Report) error {
	s := junit.Suite{
		Name: name, Hostname: r.Host.Hostname, Properties: properties(r),
		Time: fmt.Sprintf("%.2f", max(0, r.FinishedAt.Sub(r.StartedAt).Seconds())),
	}
	if !r.StartedAt.IsZero() {
		s.Timestamp = r.StartedAt.UTC().Format(timestamp)
	}
	for _, section := range sections(r) {
		why := gaps(r, section)
		examined := junit.Case{Class: name + "." + section, Name: "examined"}
		if len(why) > 0 {
			examined.Skipped = &junit.Message{Text: strings.Join(why, "; ")}
		}
		s.Cases = append(s.Cases, findings(r, section, why), examined)
	}
	return write(w, s)
}

// timestamp is the form of a suite's time.
const timestamp = "2006-01-02T15:04:05"

func write(w io.Writer, s junit.Suite) error {
	text, err := s.Document()
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}

// add adds a property that is known.
func add(p *junit.Properties, name, value string) {
	if value != "" {
		p.List = append(p.List, junit.Property{Name: name, Value: value})
	}
}

// message is the first of some texts in a line, and all of them.
func message(texts []string) *junit.Message {
	first, _, _ := strings.Cut(texts[0], "\n")
	if n := len(texts) - 1; n > 0 {
		first += fmt.Sprintf(" (and %d more)", n)
	}
	return &junit.Message{Text: first, Full: strings.Join(texts, "\n")}
}

func properties(r *report.Report) *junit.Properties {
	p := &junit.Properties{}
	if r.Board != nil && r.Board.System != nil {
		add(p, "manufacturer", r.Board.System.Manufacturer)
		add(p, "product_name", r.Board.System.ProductName)
		add(p, "serial_number", r.Board.System.SerialNumber)
	}
	if r.BeeRelease != nil {
		add(p, "bee_version", r.BeeRelease.Version)
	}
	add(p, "audit_version", r.Audit.Version)
	add(p, "schema_version", r.SchemaVersion)
	return p
}

// sections are those that the audit was asked for, the audit itself, and others that findings
// are about.
func sections(r *report.Report) []string {
	var all []string
	add := func(section string) {
		if !slices.Contains(all, section) {
			all = append(all, section)
		}
	}
	for _, c := range r.Collectors {
		add(c.Name)
	}
	add("audit")
	for _, f := range r.Findings {
		add(f.Section)
	}
	return all
}

// gaps says why the report lacks something of a section.
func gaps(r *report.Report, section string) []string {
	var all []string
	for _, g := range r.NotExamined {
		if slices.Contains(g.Sections, section) {
			all = append(all, g.Reason+label.Times(g.Count))
		}
	}
	if len(all) > 0 {
		return all
	}
	// A report before schema version 1.3 has no list of them.
	for _, c := range r.Collectors {
		switch {
		case c.Name != section:
		case c.Status == report.Skipped:
			all = append(all, strings.TrimSpace("skipped: no "+strings.Join(c.MissingTools, ", ")))
		case c.Status == report.GivenUp:
			all = append(all, "given up, as it took too long")
		}
	}
	for _, e := range r.Errors {
		if r.NotExamined == nil && slices.Contains(e.Sections(), section) {
			all = append(all, e.Message+label.Times(len(e.Runs())))
		}
	}
	return all
}

// findings is the test of what was found in a section; why says what it lacks.
func findings(r *report.Report, section string, why []string) junit.Case {
	c := junit.Case{Class: name + "." + section, Name: "findings"}
	var critical, others []string
	for _, f := range r.Findings {
		switch {
		case f.Section != section:
		case f.Severity == report.Critical:
			critical = append(critical, text(f))
		default:
			others = append(others, text(f))
		}
	}
	c.Output = strings.Join(others, "\n")
	switch {
	case len(critical) > 0:
		c.Failure = message(critical)
	case r.Findings == nil:
		c.Skipped = &junit.Message{Text: "the program that made this report did not look for findings"}
	case len(why) > 0 && !has(r, section):
		c.Skipped = &junit.Message{Text: strings.Join(why, "; ")}
	}
	return c
}

// has reports whether there is anything of a section.
func has(r *report.Report, section string) bool {
	there, known := map[string]bool{
		"board": r.Board != nil, "platform": r.Platform != nil, "kernel": r.Kernel != nil, "cpu": r.CPU != nil,
		"memory": r.Memory != nil, "storage": r.Storage != nil, "pcie": r.PCIe != nil, "network": r.Network != nil,
		"psu": r.PSU != nil, "bmc": r.BMC != nil, "nvidia": r.NVIDIA != nil,
	}[section]
	return there || !known
}

// text is a finding in a few lines.
func text(f report.Finding) string {
	line := string(f.Severity) + ": " + f.Message
	if f.Component != "" {
		line = string(f.Severity) + ": " + f.Component + ": " + f.Message
	}
	lines := []string{line + " [" + cmp.Or(f.Rule, "no rule") + "]"}
	for _, e := range f.Evidence {
		lines = append(lines, "  evidence: "+e)
	}
	if f.Advice != "" {
		lines = append(lines, "  "+f.Advice)
	}
	return strings.Join(lines, "\n")
}
