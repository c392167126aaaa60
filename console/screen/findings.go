package screen

import (
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"bee/audit/report"
	"bee/audit/report/label"
	"bee/console/machine"
)

// findings is what is wrong, with evidence and advice, and what was not examined.
type findings struct {
	*Console
	list     *tview.Table
	findings []report.Finding
	gaps     []report.Gap
}

func newFindings(c *Console) page {
	p := &findings{Console: c}
	p.list = list(p.details)
	return p
}

func (p *findings) name() string          { return "Findings" }
func (p *findings) view() tview.Primitive { return p.list }
func (p *findings) keys() string          { return "Enter evidence and advice" }
func (p *findings) key(rune) bool         { return false }

func (p *findings) show(s machine.State) {
	if s.Report == nil {
		p.findings, p.gaps = nil, nil
		fill(p.list, [][]string{{NoReport(s)}})
		return
	}
	p.findings, p.gaps = s.Report.Findings, s.Report.NotExamined
	var rows [][]string
	for _, f := range p.findings {
		rows = append(rows, []string{strings.ToUpper(string(f.Severity)), what(f)})
	}
	for _, g := range p.gaps {
		rows = append(rows, []string{"NOT EXAMINED", strings.Join(g.Sections, ", ") + ": " + g.Reason + label.Times(g.Count)})
	}
	if len(rows) == 0 {
		rows = [][]string{{"Nothing is wrong that the audit knows of, and all was examined."}}
	}
	fill(p.list, rows)
	for y, f := range p.findings {
		p.list.GetCell(y, 0).SetTextColor(foreground[f.Severity])
	}
}

// foreground are the colours of severities in a list.
var foreground = map[report.Severity]tcell.Color{
	report.Critical: tcell.ColorRed,
	report.Warning:  tcell.ColorYellow,
	report.Info:     tcell.ColorTeal,
}

func what(f report.Finding) string { return strings.TrimPrefix(f.Component+": "+f.Message, ": ") }

func (p *findings) details(row int) {
	if row >= len(p.findings) {
		return // all of it is seen
	}
	f := p.findings[row]
	rows := [][]string{{"Section", f.Section}, {"Rule", f.Rule}}
	for _, e := range f.Evidence {
		rows = append(rows, []string{"Evidence", e})
	}
	rows = append(rows, []string{"Advice", f.Advice})
	p.read(strings.ToUpper(string(f.Severity))+"  "+what(f), p.table(cells(rows)))
}
