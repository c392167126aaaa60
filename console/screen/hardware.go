package screen

import (
	"strings"

	"github.com/rivo/tview"

	"bee/audit/show/summary"
	"bee/console/machine"
)

// hardware is the sections of the report, each with its parts.
type hardware struct {
	*Console
	list     *tview.Table
	sections []string // every part by itself
}

func newHardware(c *Console) page {
	p := &hardware{Console: c}
	p.list = list(func(row int) {
		if row < len(p.sections) {
			title, parts, _ := strings.Cut(p.sections[row], "\n")
			p.read(title, parts)
		}
	})
	return p
}

func (p *hardware) name() string          { return "Hardware" }
func (p *hardware) view() tview.Primitive { return p.list }
func (p *hardware) keys() string          { return "Enter details" }
func (p *hardware) key(rune) bool         { return false }

func (p *hardware) show(s machine.State) {
	if s.Report == nil {
		p.sections = nil
		fill(p.list, [][]string{{NoReport(s)}})
		return
	}
	t := p.terminal()
	t.Colour = false
	p.sections = summary.Sections(s.Report, summary.Options{Terminal: t, Verbose: true})
	var rows [][]string
	for _, text := range p.sections {
		title, parts, _ := strings.Cut(text, "\n")
		// of one without numbers, what comes first
		if first, _, _ := strings.Cut(strings.TrimSpace(parts), "\n"); !strings.Contains(title, ":") {
			title += ": " + strings.Join(strings.Fields(first), " ")
		}
		rows = append(rows, []string{title})
	}
	fill(p.list, rows)
}
