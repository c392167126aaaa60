package terminal

import (
	"strings"
	"unicode"

	"github.com/clipperhouse/displaywidth"
)

// Cell is a piece of a line. What is not printable in its text is shown as "?":
// nothing that a report holds can move the cursor, or turn the direction of writing.
type Cell struct {
	Text   string
	Colour Colour
}

// Cells are plain cells.
func Cells(texts ...string) []Cell {
	cells := make([]Cell, len(texts))
	for i, text := range texts {
		cells[i].Text = text
	}
	return cells
}

const (
	indent  = 2 // of every line of a table
	gap     = 2 // between cells
	hanging = 6 // indent of a line that goes on with what did not fit
)

// Table returns the rows as indented lines, each ended, their cells aligned in
// columns. A row that is wider than the terminal goes on in the next line: its
// last cell below itself where that begins in the left half of the terminal,
// anything else further to the left. Nothing is cut off.
//
// Own code, since text/tabwriter takes every character for one column, and
// colour codes for characters, and does not wrap.
func (t Terminal) Table(rows [][]Cell) string {
	var widths []int
	for _, cells := range rows {
		for i := range cells {
			cells[i].Text = visible(cells[i].Text)
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], displaywidth.String(cells[i].Text))
		}
	}
	w := writer{t: t}
	for _, cells := range rows {
		w.row(cells, widths)
	}
	return w.String()
}

// Wrap returns text as lines, each ended, that fit the terminal; all but the
// first are indented.
func (t Terminal) Wrap(c Colour, text string) string {
	w := writer{t: t}
	w.words(visible(text), 0, hanging, c)
	w.end()
	return w.String()
}

// Cut returns text that fits in a number of columns, with dots at the end of what was cut; all
// of it for a file.
func (t Terminal) Cut(text string, columns int) string {
	if t.Columns == 0 {
		return text
	}
	return displaywidth.TruncateString(visible(text), columns, "...")
}

// writer writes lines and knows in which column it is.
type writer struct {
	strings.Builder
	t  Terminal
	at int
}

func (w *writer) row(cells []Cell, widths []int) {
	for len(cells) > 0 && cells[len(cells)-1].Text == "" {
		cells = cells[:len(cells)-1]
	}
	at, wrapped := indent, false
	for i, cell := range cells {
		last := i == len(cells)-1
		switch {
		case cell.Text == "":
		case w.fits(at+displaywidth.String(cell.Text)) || last && !wrapped && at <= w.t.Columns/2:
			w.words(cell.Text, at, at, cell.Colour)
		default:
			if w.at > 0 {
				w.end()
			}
			wrapped = true
			w.words(cell.Text, hanging, hanging, cell.Colour)
		}
		if wrapped {
			at = w.at + gap
		} else if widths[i] > 0 {
			at += widths[i] + gap
		}
	}
	w.end()
}

func (w *writer) fits(column int) bool { return w.t.Columns == 0 || column <= w.t.Columns }

// words writes text from a column on. What does not fit goes on in the next
// line, from another column on; it breaks between words where it can.
func (w *writer) words(text string, column, next int, c Colour) {
	for text != "" {
		w.moveTo(column)
		line, rest := text, ""
		if w.t.Columns > 0 {
			line, rest = split(text, max(w.t.Columns-column, 1))
		}
		w.WriteString(w.t.Paint(c, line))
		w.at += displaywidth.String(line)
		if rest == "" {
			return
		}
		w.end()
		text, column = rest, next
	}
}

func (w *writer) moveTo(column int) {
	if w.at < column {
		w.WriteString(strings.Repeat(" ", column-w.at))
		w.at = column
	}
}

func (w *writer) end() {
	w.WriteByte('\n')
	w.at = 0
}

// split cuts text after the last word that fits in a number of columns, or
// within the first word where that does not fit.
func split(text string, columns int) (line, rest string) {
	cut, space := 0, 0
	for g := displaywidth.StringGraphemes(text); g.Next(); cut += len(g.Value()) {
		columns -= g.Width()
		if g.Value() == " " {
			space = cut
		} else if columns < 0 && cut > 0 {
			if space > 0 {
				cut = space
			}
			return strings.TrimRight(text[:cut], " "), strings.TrimLeft(text[cut:], " ")
		}
	}
	return strings.TrimRight(text, " "), ""
}

func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}
