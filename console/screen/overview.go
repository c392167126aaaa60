package screen

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/rivo/tview"

	"bee/audit/report"
	"bee/audit/report/label"
	"bee/audit/show/qr"
	"bee/audit/show/summary"
	"bee/audit/show/terminal"
	"bee/console/machine"
	"bee/core/burnin"
)

// overview is which machine it is, what is wrong with it, where it is reached, what goes on.
type overview struct {
	*Console
	text *tview.TextView
}

func newOverview(c *Console) page { return &overview{c, text()} }

func (p *overview) name() string          { return "Overview" }
func (p *overview) view() tview.Primitive { return p.text }
func (p *overview) keys() string          { return "Up Down" }
func (p *overview) key(rune) bool         { return false }

func (p *overview) show(s machine.State) {
	running := p.table(cells(running(s)))
	network := p.table(cells(addresses(s)))
	machine := p.table(cells(gist(s.Report)))
	// the findings have what the others leave, and three at least
	others := strings.Count(running+network+machine, "\n") + len("\n\n\n") + 1 // the title
	p.text.SetText(painted(machine + "\n" + p.findings(s, max(3, p.rows-frame-others)) + "\n" + network + "\n" + running))
}

// title is the console's first line.
func (c *Console) title() string {
	machine := ""
	if r := c.state.Report; r != nil {
		if machine = summary.System(r); machine != "" {
			machine += ", "
		}
	}
	return " " + machine + label.Join("bee", c.state.Release["BEE_VERSION"])
}

// gist is what the machine is made of, as the QR code has it. The title has its name.
func gist(r *report.Report) [][]string {
	if r == nil {
		return nil
	}
	names := map[string]string{"CPU": "CPU", "MEM": "Memory", "DISK": "Drives", "GPU": "GPUs", "BIOS": "BIOS"}
	var rows [][]string
	for _, text := range qr.Payload(r) {
		for line := range strings.Lines(text) {
			if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && names[key] != "" {
				rows = append(rows, []string{names[key], value})
			}
		}
	}
	return rows
}

// NoReport says why there is no report.
func NoReport(s machine.State) string {
	switch {
	case s.ReportError != "":
		return s.ReportError
	case s.Service("bee-audit") == "failed":
		return "The audit has failed: see Services, bee-audit.log."
	case s.Service("bee-audit") == "started":
		return "The audit has ended and left no report: see Services, bee-audit.log."
	}
	return "There is no report yet: the audit is running."
}

func (p *overview) findings(s machine.State, room int) string {
	if s.Report == nil {
		return NoReport(s) + "\n"
	}
	findings := s.Report.Findings
	var rows [][]terminal.Cell
	for i, f := range findings {
		if i == room-1 && len(findings) > room {
			rows = append(rows, terminal.Cells("", fmt.Sprintf("and %d more: see Findings", len(findings)-i)))
			break
		}
		rows = append(rows, []terminal.Cell{{Text: strings.ToUpper(string(f.Severity)), Colour: colours[f.Severity]},
			{Text: p.cut(what(f), 14)}})
	}
	return "Findings: " + label.Severities(findings) + "\n" + p.table(rows)
}

// cut keeps a text in one line, behind so many columns.
func (c *Console) cut(text string, behind int) string {
	t := c.terminal()
	return t.Cut(text, t.Columns-behind)
}

// addresses are those that the machine and its BMC have, and who gets in.
func addresses(s machine.State) [][]string {
	var rows [][]string
	for _, i := range s.Network.Interfaces {
		if len(i.Addresses) > 0 {
			rows = append(rows, []string{i.Name, strings.Join(i.Addresses, " "), neighbour(s.Report, i.Name)})
		}
	}
	if len(rows) == 0 {
		rows = append(rows, []string{"Network", "no address"})
	}
	if r := s.Report; r != nil && r.BMC != nil && r.BMC.LAN != nil && r.BMC.LAN.IPAddress != "" {
		rows = append(rows, []string{"BMC", r.BMC.LAN.IPAddress})
	}
	return append(rows, []string{"SSH", cmp.Or(s.Access.Policy, "not set up yet")}, []string{"Host key", cmp.Or(s.Access.HostKey, "none yet")})
}

// neighbour is what an interface is connected to.
func neighbour(r *report.Report, name string) string {
	if r == nil || r.Network == nil {
		return ""
	}
	for _, i := range r.Network.Interfaces {
		if i.Name == name && len(i.Neighbours) > 0 {
			n := i.Neighbours[0]
			return label.Join("at", cmp.Or(n.SystemName, n.ChassisID), n.PortID)
		}
	}
	return ""
}

// running is what goes on.
func running(s machine.State) [][]string {
	rows := [][]string{{"Audit", auditState(s)}, {"Burn-in", burnState(s)}}
	if u := s.Unattended; u.Step != "" {
		rows = append(rows, []string{"Unattended", u.Step + label.Prefix(", since ", u.Since.UTC().Format("15:04:05 UTC"))})
	}
	for _, d := range s.Results {
		rows = append(rows, []string{"Results", label.Join(d.Target+":", string(d.State), d.Error)})
	}
	return rows
}

func auditState(s machine.State) string {
	if s.Service("bee-audit") == "starting" || s.Report == nil && s.Service("bee-audit") == "" {
		return "running"
	}
	if s.Report == nil {
		return "no report"
	}
	return "ended at " + s.Report.FinishedAt.UTC().Format("2006-01-02 15:04:05 UTC")
}

// burnState is how far the burn-in is, in some words.
func burnState(s machine.State) string {
	l := s.Burn.Last()
	switch {
	case s.Burn.Running && l.Stage == burnin.Burning:
		return fmt.Sprintf("burning, %s of %s", duration(min(l.BurningSeconds, l.TimeSeconds)), duration(l.TimeSeconds))
	case s.Burn.Running:
		return strings.ReplaceAll(string(l.Stage), "_", " ") + ", for " + duration(l.ElapsedSeconds)
	case s.Burn.Words != "":
		return verdict(s.Burn.Words)
	case len(s.Burn.Lines) > 0:
		return "ended without a verdict"
	}
	return "not started from here"
}

// verdict is the line of bee-burn's words that says what came of it, which is the last but for
// that of the report, or of an error.
func verdict(words string) string {
	last := ""
	for line := range strings.Lines(words) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "Report: ") {
			last = line
		}
	}
	return last
}

func cells(rows [][]string) [][]terminal.Cell {
	var all [][]terminal.Cell
	for _, row := range rows {
		all = append(all, terminal.Cells(row...))
	}
	return all
}

// colours of severities.
var colours = map[report.Severity]terminal.Colour{
	report.Critical: terminal.Red,
	report.Warning:  terminal.Yellow,
	report.Info:     terminal.Cyan,
}
