package page

import (
	"cmp"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"bee/audit/report"
	"bee/audit/report/label"
)

// view makes the page of a report.
func view(r *report.Report) page {
	p := page{
		Style:    template.CSS(Style),
		Title:    cmp.Or(r.Host.Hostname, "Unnamed machine"),
		Facts:    facts(r),
		Findings: sumUp(r.Findings),
	}
	if r.Board != nil && r.Board.System != nil {
		p.Title = cmp.Or(r.Board.System.ProductName, p.Title)
		p.Serial = r.Board.System.SerialNumber
	}
	m := marksOf(r.Findings)
	for _, add := range []func(*page, *report.Report, marks){board, platform, kernel, cpu, memory, storage, pcie, network, psu, bmc, nvidia} {
		add(&p, r, m)
	}
	audit(&p, r)
	for _, g := range r.NotExamined {
		p.Gaps = append(p.Gaps, gap{strings.Join(g.Sections, ", "), g.Reason + label.Times(g.Count)})
	}
	for _, e := range r.Errors {
		p.Failures = append(p.Failures, failed(e))
	}
	if n := len(r.Errors); n > 0 {
		p.Tiles = append(p.Tiles, tile{"errors", "Errors", fmt.Sprint(n), "while the report was made", warning})
	}
	return p
}

// facts are what the header says.
func facts(r *report.Report) []fact {
	var all []fact
	add := func(name, value string) {
		if value = strings.TrimSpace(value); value != "" {
			all = append(all, fact{name, value})
		}
	}
	if b := r.Board; b != nil && b.System != nil {
		add("Manufacturer", b.System.Manufacturer)
		add("UUID", b.System.UUID)
	}
	add("Host", r.Host.Hostname)
	add("Kernel", r.Host.KernelRelease+" "+r.Host.Architecture)
	if b := r.BeeRelease; b != nil {
		add("SSH", label.SSH(b.SSH))
	}
	add("SSH host key", r.Host.SSHHostKey)
	if n := r.Network; n != nil {
		var addresses, ports []string
		for _, a := range n.IPAddresses {
			addresses = append(addresses, a.Interface+" "+a.Address)
		}
		for _, i := range n.Interfaces {
			for _, neighbour := range i.Neighbours {
				ports = append(ports, i.Name+" to "+label.Neighbour(neighbour))
			}
		}
		add("IP addresses", strings.Join(addresses, ", "))
		add("Switch ports", strings.Join(ports, ", "))
	}
	if b := r.BMC; b != nil && b.LAN != nil {
		add("BMC", b.LAN.IPAddress)
	}
	if !r.StartedAt.IsZero() {
		add("Audited", utc(r.StartedAt)+", in "+seconds(r.FinishedAt.Sub(r.StartedAt).Seconds()))
	}
	if c := r.Replay; c != nil {
		add("Replay of", fmt.Sprintf("%s, captured %s by audit %s", c.Capture, utc(c.CapturedAt), cmp.Or(c.AuditVersion, "of unknown version")))
	}
	if b := r.BeeRelease; b != nil {
		add("Live system", label.Join("bee", b.Version, b.Base, b.Release))
	}
	add("Audit", r.Audit.Version)
	add("Report schema", r.SchemaVersion)
	return all
}

func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

func seconds(s float64) string { return strconv.FormatFloat(s, 'f', 2, 64) + " s" }

// sumUp counts findings, the worst first.
func sumUp(list []report.Finding) findings {
	f := findings{List: list}
	switch {
	case list == nil:
		f.Note = "The program that made this report did not look for findings."
		return f
	case len(list) == 0:
		f.Note = "No rule found anything wrong."
		return f
	}
	f.Note = label.Severities(list)
	n := map[level]int{}
	for _, finding := range list {
		n[level(finding.Severity)]++
	}
	x := 0.0
	for _, l := range []level{critical, warning, info} {
		width := 100 * float64(n[l]) / float64(len(list))
		f.Shares = append(f.Shares, share{l, x, width})
		x += width
	}
	return f
}

// marks are findings by section and component, the worst first. A finding about
// several components, separated by commas, is about each of them.
type marks map[[2]string][]report.Finding

func marksOf(findings []report.Finding) marks {
	m := marks{}
	for _, f := range findings {
		m[[2]string{f.Section}] = append(m[[2]string{f.Section}], f)
		names := strings.Split(f.Component, ", ")
		if len(names) > 1 {
			names = append(names, f.Component)
		}
		for _, name := range names {
			if at := [2]string{f.Section, name}; name != "" {
				m[at] = append(m[at], f)
			}
		}
	}
	return m
}

// about returns what was found about a component.
func (m marks) about(section, component string) []report.Finding {
	if component == "" {
		return nil
	}
	return m[[2]string{section, component}]
}

// mark shows on a part what was found about it.
func (m marks) mark(p *part, section, component string) {
	for _, f := range m.about(section, component) {
		if l := level(f.Severity); worse(l, p.Level) {
			// That a place is empty says more than a severity.
			if p.Level != empty {
				p.State = string(f.Severity)
			}
			p.Level = l
		}
		p.About = append(p.About, string(f.Severity)+": "+f.Message)
	}
}

// cell shows the name of a component, with what was found about it.
func (m marks) cell(name, section, component string) cell {
	c := cell{Text: name}
	for i, f := range m.about(section, component) {
		if i == 0 {
			c.Level, c.Found = level(f.Severity), string(f.Severity)
		} else {
			c.Note += "; "
		}
		c.Note += string(f.Severity) + ": " + f.Message
	}
	return c
}

// tile makes a section's tile, in the colour of the worst finding in it.
func (m marks) tile(section, name, value, note string) tile {
	t := tile{Section: section, Name: name, Value: value, Note: note}
	n := 0
	for _, f := range m[[2]string{section}] {
		switch l := level(f.Severity); {
		case worse(l, t.Level):
			t.Level, n = l, 1
		case l == t.Level:
			n++
		}
	}
	if n > 0 {
		t.Note = strings.TrimPrefix(fmt.Sprintf("%s, %d %s", note, n, t.Level), ", ")
	}
	return t
}

// audit is about the audit itself: how long it took, what it ran on.
func audit(p *page, r *report.Report) {
	longest := 0.0
	for _, c := range r.Collectors {
		longest = max(longest, c.DurationSeconds)
	}
	t := table{Caption: "Collectors", Head: heads("Collector", "State", "Time")}
	runs := table{Caption: "Every tool that was run", Folded: true, Head: heads("Collector", "Command", "Exit status", "Time")}
	for _, c := range r.Collectors {
		state := cell{Text: strings.ReplaceAll(string(c.Status), "_", " ")}
		if c.Status == report.GivenUp {
			state.Level = warning
		}
		if len(c.MissingTools) > 0 {
			state.Text += ": no " + strings.Join(c.MissingTools, ", ")
		}
		t.Rows = append(t.Rows, []cell{{Text: c.Name}, state, duration(c.DurationSeconds, longest)})
		for _, run := range c.Tools {
			exit := cell{Text: "none"}
			if run.ExitStatus != nil {
				exit = cell{Text: strconv.Itoa(*run.ExitStatus), Number: true}
			}
			runs.Rows = append(runs.Rows, []cell{{Text: c.Name}, {Text: strings.Join(append([]string{run.Tool}, run.Args...), " ")}, exit, duration(run.DurationSeconds, longest)})
		}
	}
	s := section{ID: "audit", Title: "Audit"}
	s.table(t)
	s.table(runs)
	if r.BeeRelease != nil {
		s.table(properties("Live system", *r.BeeRelease))
	}
	if len(s.Tables) == 0 {
		return
	}
	p.Sections = append(p.Sections, s)
}

func heads(names ...string) []cell {
	var head []cell
	for _, name := range names {
		head = append(head, cell{Text: name})
	}
	return head
}

// duration shows a time with a bar on the scale of the longest.
func duration(s, longest float64) cell {
	c := cell{Text: seconds(s), Number: true}
	if longest > 0 {
		c.Bar = float64(int(max(1, 120*s/longest)))
	}
	return c
}

func failed(e report.Error) failure {
	f := failure{Collector: strings.Join(e.Sections(), ", "), Message: e.Message + label.Times(len(e.Runs())), Stderr: e.Stderr}
	add := func(name, value string) {
		if value != "" {
			f.Details = append(f.Details, fact{name, value})
		}
	}
	add("Kind", strings.ReplaceAll(string(e.Kind), "_", " "))
	add("Command", strings.TrimSpace(e.Tool+" "+strings.Join(e.Args, " ")))
	if e.DurationSeconds > 0 {
		add("Time", seconds(e.DurationSeconds))
	}
	if e.ExitStatus != nil {
		add("Exit status", strconv.Itoa(*e.ExitStatus))
	}
	for _, run := range e.Again {
		add("Again", fmt.Sprintf("%s: %s, %s", run.Collector, strings.TrimSpace(e.Tool+" "+strings.Join(run.Args, " ")), seconds(run.DurationSeconds)))
	}
	return f
}
