// Package page makes one HTML page of an audit report: what is wrong at the
// top, drawings of what is in the machine, tables with the details.
//
// The page is one file that needs nothing else: no script, no picture, no font,
// nothing from the network, and its Content-Security-Policy forbids all of
// that. The same report makes the same page.
package page

import (
	"bufio"
	_ "embed"
	"errors"
	"html/template"
	"io"
	"sync"

	"bee/audit/report"
)

var (
	//go:embed page.html
	layout string
	// Style is the style sheet of the page, which others of bee's may have, too.
	//
	//go:embed page.css
	Style string
)

// parsed is the layout, made when a page is first asked for: other commands need
// not wait for it.
var parsed = sync.OnceValues(func() (*template.Template, error) {
	return template.New("page").Parse(layout)
})

// Write writes the page of a report.
func Write(w io.Writer, r *report.Report) error {
	t, err := parsed()
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	return errors.Join(t.Execute(b, view(r)), b.Flush())
}

// page is what the layout shows.
type page struct {
	Style    template.CSS
	Title    string
	Serial   string
	Facts    []fact
	Findings findings
	Gaps     []gap
	Tiles    []tile
	Sections []section
	Failures []failure
}

// fact is a name and its value.
type fact struct{ Name, Value string }

// findings are what is wrong with the machine.
type findings struct {
	// How many there are of each severity.
	Note string
	// The same as a drawing.
	Shares []share
	List   []report.Finding
}

// gap is what could not be examined, and why.
type gap struct{ Sections, Reason string }

// share is a part of a bar, in per cent.
type share struct {
	Level    level
	X, Width float64
}

// tile is a section at a glance.
type tile struct {
	// Section that the tile leads to.
	Section string
	Name    string
	Value   string
	Note    string
	Level   level
}

// section is a part of the page with a heading.
type section struct {
	ID      string
	Title   string
	Note    string
	Figures []figure
	Tables  []table
}

// figure is a drawing: parts in groups.
type figure struct {
	Caption string
	Groups  []group
}

// group is parts that belong together, under a name, which may be "".
type group struct {
	Name  string
	Parts []drawing
}

// failure is an error of the audit.
type failure struct {
	Collector, Message string
	Details            []fact
	Stderr             []string
}

// level is how a part or a value looks; it is also a class in the style sheet.
// What it means is always there in words, too.
type level string

const (
	plain    level = ""
	empty    level = "empty"
	good     level = "good"
	info           = level(report.Info)
	warning        = level(report.Warning)
	critical       = level(report.Critical)
)

// worse reports whether a is worse than b.
func worse(a, b level) bool {
	rank := map[level]int{info: 1, warning: 2, critical: 3}
	return rank[a] > rank[b]
}
