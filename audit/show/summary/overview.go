package summary

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"bee/audit/report"
	"bee/audit/report/label"
	"bee/audit/show/terminal"
)

// WriteOverview prints what somebody before the machine wants to know first, on one screen of
// the terminal: which machine it is, the worst that is wrong with it, where it is reached, and
// how SSH lets people in. What has no room is counted. ways says the last in the machine's own
// words, with a password maybe; without it, the report does.
func WriteOverview(w io.Writer, r *report.Report, ways []string, o Options) error {
	p := &printer{Options: o}
	if len(ways) == 0 {
		ways = access(r)
	}
	top := p.lines(subject(r), System(r)) + "\n"
	if r.Findings != nil {
		top += p.Terminal.Wrap(terminal.Bold, "Findings: "+label.Severities(r.Findings))
	}
	gaps := ""
	if sections := lacking(r.NotExamined); len(sections) > 0 {
		gaps = p.lines("Not examined, or not in full: " + strings.Join(sections, ", "))
	}
	bottom := "\n" + p.lines(append(ways, "audit show says all of it, audit show --qr as QR codes for a phone.")...)

	var found []entry
	for _, group := range p.together(r.Findings) {
		found = append(found, entry{headline(group), len(group)})
	}
	reached := reach(r)
	// Of one thing no more than what takes three lines, so that there is room for others.
	for _, e := range slices.Concat(found, reached) {
		for i := range e.cells {
			e.cells[i].Text = p.Terminal.Cut(e.cells[i].Text, 2*p.Terminal.Columns)
		}
	}
	room := math.MaxInt
	if p.Terminal.Rows > 0 {
		// The shell's prompt comes below, and once more where somebody presses Enter.
		room = max(p.Terminal.Rows-height(top+gaps+"\n"+bottom)-2, 2)
	}
	// Half of it for each, and more for one where the other needs less.
	where := p.fit(reached, max(room/2, room-height(p.fit(found, room))))
	what := p.fit(found, room-height(where))
	if where != "" {
		where = "\n" + where
	}
	_, err := io.WriteString(w, top+what+gaps+where+bottom)
	return err
}

// lines are texts, each cut to a line; none of what says nothing.
func (p *printer) lines(texts ...string) string {
	var b strings.Builder
	for _, text := range texts {
		if text != "" {
			b.WriteString(p.Terminal.Wrap(terminal.Plain, p.Terminal.Cut(text, p.Terminal.Columns)))
		}
	}
	return b.String()
}

// fit is as many of the first entries as have room in a number of lines, and how many more
// things there are.
func (p *printer) fit(entries []entry, room int) string {
	for n := min(len(entries), room); ; n-- {
		rows, left := cells(entries[:n]), 0
		for _, e := range entries[n:] {
			left += e.of
		}
		text := p.Terminal.Table(rows)
		if left > 0 {
			text += p.Terminal.Table([][]terminal.Cell{terminal.Cells(fmt.Sprintf("and %d more", left))})
		}
		if n == 0 || height(text) <= room {
			return text
		}
	}
}

// height is how many lines a text takes.
func height(text string) int { return strings.Count(text, "\n") }

// lacking are the sections that lack something.
func lacking(gaps []report.Gap) []string {
	var all []string
	for _, g := range gaps {
		for _, section := range g.Sections {
			if !slices.Contains(all, section) {
				all = append(all, section)
			}
		}
	}
	return all
}
