package fleet

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"bee/audit/judge/fleet"
	"bee/audit/report/label"
	"bee/audit/show/terminal"
)

var colours = map[string]terminal.Colour{"critical": terminal.Red, "warning": terminal.Yellow, "info": terminal.Cyan}

// wide is how many columns a terminal needs for what machines consist of, in words, beside
// what is wrong with them. On others, numbers have to do; the groups have the words.
const wide = 160

// Write prints a fleet. Files that were not read are left to the error that says so.
func Write(w io.Writer, f *fleet.Fleet, t terminal.Terminal) error {
	var b strings.Builder
	title := func(s string) { b.WriteString("\n" + t.Wrap(terminal.Bold, s)) }
	b.WriteString(t.Wrap(terminal.Bold, gist(f)))
	var rows [][]terminal.Cell
	for _, m := range f.Machines {
		severity := terminal.Cell{Text: strings.ToUpper(worst(m)), Colour: colours[worst(m)]}
		has := []string{processors(m), memory(m), drives(m), gpus(m)}
		if t.Columns > 0 && t.Columns < wide {
			has = []string{label.Some(uint64(count(m.Processors)), "CPU"), memory(m), label.Some(uint64(count(m.Drives)), "drive"), label.Some(uint64(count(m.GPUs)), "GPU")}
		}
		cells := terminal.Cells(slices.Concat([]string{m.Name, model(m.Manufacturer, m.ProductName)}, has, []string{found(m)})...)
		rows = append(rows, append([]terminal.Cell{severity}, cells...))
	}
	b.WriteString(t.Table(rows))
	for _, g := range f.Groups {
		title(heading(g))
		if s := hardware(f, g); s != "" {
			b.WriteString(t.Table([][]terminal.Cell{terminal.Cells(s)}))
		}
		if s := split(g); s != "" {
			b.WriteString(t.Table([][]terminal.Cell{terminal.Cells(s)}))
		}
		rows = nil
		for i, d := range differences(g) {
			if i == 0 {
				rows = append(rows, terminal.Cells("", "most", "others", "which"))
			}
			rows = append(rows, []terminal.Cell{{Text: label.Join(d.Component, d.What)}, {Text: d.Expected}, {Text: d.Here, Colour: terminal.Yellow}, {Text: some(d.Who)}})
		}
		b.WriteString(t.Table(rows))
		rows = nil
		for _, u := range unknowns(g) {
			rows = append(rows, terminal.Cells("not compared", u.What, some(u.Who)))
		}
		b.WriteString(t.Table(rows))
	}
	if len(f.Duplicates) > 0 {
		title("The same number in several machines")
		rows = nil
		for _, d := range f.Duplicates {
			rows = append(rows, terminal.Cells(what(d), d.Value, d.Component, some(holders(d))))
		}
		b.WriteString(t.Table(rows))
	}
	if len(f.Earlier) > 0 {
		title("Left out, as there is a newer report of the machine")
		rows = nil
		for _, e := range f.Earlier {
			rows = append(rows, terminal.Cells(e.Machine, e.File))
		}
		b.WriteString(t.Table(rows))
	}
	if n := f.PassedOver; n > 0 {
		b.WriteString("\n" + t.Wrap(terminal.Plain, fmt.Sprintf("Passed over: %s that bee has written, but no reports of audits.", label.Count(n, "file"))))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
