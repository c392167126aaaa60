// Package summary prints an audit report for people: what is wrong first, then a
// few aligned lines a section, and what failed at the end.
package summary

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"bee/audit/report"
	"bee/audit/report/alike"
	"bee/audit/report/label"
	"bee/audit/show/terminal"
)

// Options say how a report is printed.
type Options struct {
	// What is printed on.
	Terminal terminal.Terminal
	// Every part by itself, with its serial number, and the evidence of findings.
	// Else the equal ones of a long list share a line.
	Verbose bool
}

// Write prints the summary of a report.
func Write(w io.Writer, r *report.Report, o Options) error {
	p := &printer{Options: o}
	p.header(r)
	p.findings(r.Findings)
	p.notExamined(r.NotExamined)
	for _, section := range p.sections(r) {
		section()
	}
	p.collectors(r)
	_, err := io.WriteString(w, p.String())
	return err
}

// sections print what each of them is of, in their order.
func (p *printer) sections(r *report.Report) []func() {
	var all []func()
	add := func(there bool, print func()) {
		if there {
			all = append(all, print)
		}
	}
	add(r.Board != nil, func() { p.board(r.Board) })
	add(r.Platform != nil, func() { p.platform(r.Platform) })
	add(r.Kernel != nil, func() { p.kernel(r.Kernel) })
	add(r.CPU != nil, func() { p.cpu(r.CPU) })
	add(r.Memory != nil, func() { p.memory(r.Memory) })
	add(r.Storage != nil, func() { p.storage(r.Storage) })
	g := r.NVIDIA
	add(g != nil && len(g.GPUs)+len(g.MissingGPUs)+len(g.UnknownGPUs) > 0, func() { p.nvidia(g) })
	add(r.Network != nil, func() { p.network(r.Network) })
	add(r.PSU != nil && len(r.PSU.Supplies) > 0, func() { p.psu(r.PSU) })
	add(r.BMC != nil, func() { p.bmc(r.BMC) })
	add(r.PCIe != nil, func() { p.pcie(r.PCIe) })
	return all
}

// Sections are the parts of the summary that are of hardware, each as its own text, whose
// first line is its title.
func Sections(r *report.Report, o Options) []string {
	p := &printer{Options: o}
	var all []string
	for _, section := range p.sections(r) {
		p.Reset()
		section()
		if text := strings.TrimPrefix(p.String(), "\n"); text != "" {
			all = append(all, text)
		}
	}
	return all
}

// WriteFindings prints only which machine it is, what is wrong with it, and what could not
// be examined.
func WriteFindings(w io.Writer, r *report.Report, o Options) error {
	p := &printer{Options: o}
	p.header(r)
	p.findings(r.Findings)
	p.notExamined(r.NotExamined)
	_, err := io.WriteString(w, p.String())
	return err
}

// printer gathers the summary. Its own words use no characters but those that
// the console of Linux has in its font (code page 437), also where the screen
// is in text mode: × and ° it has, an ellipsis or a dash it has not.
type printer struct {
	Options
	strings.Builder
}

// title begins a section.
func (p *printer) title(format string, args ...any) {
	p.WriteString("\n" + p.Terminal.Wrap(terminal.Bold, fmt.Sprintf(format, args...)))
}

// titleOf begins a section with what is known, unless that is nothing.
func (p *printer) titleOf(name string, words []string) {
	if words = slices.DeleteFunc(words, func(w string) bool { return w == "" }); len(words) > 0 {
		p.title("%s: %s", name, strings.Join(words, ", "))
	}
}

func (p *printer) rows(rows [][]terminal.Cell) { p.WriteString(p.Terminal.Table(rows)) }

func (p *printer) header(r *report.Report) {
	p.WriteString(p.Terminal.Wrap(terminal.Plain, subject(r)+label.Prefix(", by audit ", r.Audit.Version)))
	if c := r.Replay; c != nil {
		p.WriteString(p.Terminal.Wrap(terminal.Plain, fmt.Sprintf("Replayed from %s, captured %s", c.Capture, c.CapturedAt.UTC().Format("2006-01-02 15:04:05 UTC"))))
	}
	if rel := r.BeeRelease; rel != nil {
		p.WriteString(p.Terminal.Wrap(terminal.Plain, fmt.Sprintf("bee %s (%s %s, kernel %s)%s", cmp.Or(rel.Version, "?"), rel.Base, rel.Release, rel.Kernel,
			label.Prefix(", pins overridden: ", strings.Join(rel.Overrides, " ")))))
		var programs []string
		for _, program := range rel.VendorPrograms {
			text := label.Join(program.Name, program.Version)
			if r.Ran(program.Name) {
				text += " (run by the audit)"
			}
			programs = append(programs, text)
		}
		if len(programs) > 0 {
			p.WriteString(p.Terminal.Wrap(terminal.Plain, "Vendor programs: "+strings.Join(programs, ", ")))
		}
	}
	if machine := System(r); machine != "" {
		p.WriteString(p.Terminal.Wrap(terminal.Plain, machine))
	}
	for _, line := range access(r) {
		p.WriteString(p.Terminal.Wrap(terminal.Plain, line))
	}
	p.rows(cells(reach(r)))
}

// subject is whose report it is, and of when.
func subject(r *report.Report) string {
	return fmt.Sprintf("Hardware audit of %s, %s", cmp.Or(r.Host.Hostname, "an unnamed host"), r.StartedAt.UTC().Format("2006-01-02 15:04:05 UTC"))
}

var colours = map[report.Severity]terminal.Colour{
	report.Critical: terminal.Red,
	report.Warning:  terminal.Yellow,
	report.Info:     terminal.Cyan,
}

// findings prints what is wrong. Findings that say the same of several parts
// are one, and advice that they share is said once, after the last of them.
func (p *printer) findings(findings []report.Finding) {
	if findings == nil { // a report from before there were findings
		return
	}
	p.title("Findings: %s", label.Severities(findings))
	var rows [][]terminal.Cell
	groups := p.together(findings)
	for i, group := range groups {
		f := group[0]
		rows = append(rows, headline(group))
		if p.Verbose {
			for _, e := range f.Evidence {
				rows = append(rows, terminal.Cells("", "evidence: "+e))
			}
		}
		if f.Advice != "" && (i == len(groups)-1 || groups[i+1][0].Advice != f.Advice) {
			rows = append(rows, terminal.Cells("", "-> "+f.Advice))
		}
	}
	p.rows(rows)
}

// together groups findings that say the same, of several parts.
func (p *printer) together(findings []report.Finding) [][]report.Finding {
	type same struct{ rule, component, message, advice string }
	return alike.Group(findings, func(f report.Finding) same {
		s := same{f.Rule, "", f.Message, f.Advice}
		if p.Verbose { // its evidence is its own
			s.component = f.Component
		}
		return s
	})
}

// headline is what findings that say the same say, and of which parts.
func headline(group []report.Finding) []terminal.Cell {
	f := group[0]
	var components []string
	for _, f := range group {
		if f.Component != "" {
			components = append(components, f.Component)
		}
	}
	message := f.Message
	if len(components) > 0 {
		message = places(components) + ": " + message
	}
	return []terminal.Cell{{Text: strings.ToUpper(string(f.Severity)), Colour: colours[f.Severity]}, {Text: message}}
}

// notExamined prints what the report lacks, and why.
func (p *printer) notExamined(gaps []report.Gap) {
	if len(gaps) == 0 {
		return
	}
	p.title("Not examined, or not in full")
	var rows [][]terminal.Cell
	for _, g := range gaps {
		rows = append(rows, terminal.Cells(strings.Join(g.Sections, ", "), g.Reason+label.Times(g.Count)))
	}
	p.rows(rows)
}

// few is how many parts are listed one by one.
const few = 8

// item is a line of a list.
type item struct {
	// Which one it is.
	place string
	// What is the same in equal ones.
	what []string
	// How it is now.
	now string
	// What only this one has: a serial number.
	id string
}

// list prints things. Where they are many, the equal ones share a line: how many
// there are, what they are, what together says of them now, and where.
func list[T any](p *printer, things []T, describe func(T) item, together func([]T) string) {
	var rows [][]terminal.Cell
	if p.Verbose || len(things) <= few {
		for _, thing := range things {
			i := describe(thing)
			rows = append(rows, terminal.Cells(slices.Concat([]string{i.place}, i.what, []string{i.now, i.id})...))
		}
		p.rows(rows)
		return
	}
	groups := alike.Group(things, func(thing T) string { return strings.Join(describe(thing).what, "\x00") })
	digits, columns := len(fmt.Sprint(len(things))), 0
	for _, group := range groups {
		columns = max(columns, len(describe(group[0]).what))
	}
	for _, group := range groups {
		i := describe(group[0])
		if len(group) > 1 {
			i.now, i.id = together(group), ""
		}
		var names []string
		for _, thing := range group {
			names = append(names, describe(thing).place)
		}
		fill := make([]string, columns-len(i.what))
		rows = append(rows, terminal.Cells(slices.Concat([]string{fmt.Sprintf("%*d ×", digits, len(group))}, i.what, fill, []string{i.now, places(names), i.id})...))
	}
	p.rows(rows)
}

// nothing is what there is to say of several things together where each has its
// own.
func nothing[T any]([]T) string { return "" }

// places names where equal things are: all of a few, else the first and the
// last ones.
func places(names []string) string {
	if n := len(names); n > 4 {
		return fmt.Sprintf("%s, %s ... %s", names[0], names[1], names[n-1])
	}
	return strings.Join(names, ", ")
}

func (p *printer) collectors(r *report.Report) {
	var notes []string
	for _, c := range r.Collectors {
		switch c.Status {
		case report.Skipped:
			notes = append(notes, fmt.Sprintf("%s skipped (no %s)", c.Name, strings.Join(c.MissingTools, ", ")))
		case report.GivenUp:
			notes = append(notes, fmt.Sprintf("%s given up after %.1f s", c.Name, c.DurationSeconds))
		default:
			notes = append(notes, fmt.Sprintf("%s %.2f s", c.Name, c.DurationSeconds))
		}
	}
	p.WriteString("\n" + p.Terminal.Wrap(terminal.Plain, fmt.Sprintf("Took %.2f s%s", r.FinishedAt.Sub(r.StartedAt).Seconds(), label.Prefix(": ", strings.Join(notes, ", ")))))
	if len(r.Errors) == 0 {
		return
	}
	p.title("%s", label.Count(len(r.Errors), "error"))
	what := func(e report.Error) []string {
		return []string{strings.Join(e.Sections(), ", "), e.Message + label.Times(len(e.Runs()))}
	}
	if len(r.Errors) > few && !p.Verbose {
		list(p, r.Errors, func(e report.Error) item { return item{place: label.Command(e.Tool, e.Args), what: what(e)} }, nothing)
		return
	}
	var rows [][]terminal.Cell
	for _, e := range r.Errors {
		rows = append(rows, terminal.Cells(append(what(e), label.Command(e.Tool, e.Args))...))
		if p.Verbose {
			for _, run := range e.Again {
				rows = append(rows, terminal.Cells("", "", label.Command(e.Tool, run.Args)))
			}
		}
		if len(e.Stderr) > 0 {
			rows = append(rows, terminal.Cells("", e.Stderr[0]))
		}
	}
	p.rows(rows)
}
