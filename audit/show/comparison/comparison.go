// Package comparison prints for people what came of comparing two machines, or a
// machine with a baseline.
package comparison

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/clipperhouse/displaywidth"

	"bee/audit/judge/compare"
	"bee/audit/report/alike"
	"bee/audit/report/label"
	"bee/audit/show/terminal"
)

// Write prints a comparison: what differs, by section, and what could not be
// compared. expected and got are headings for the two sides.
func Write(w io.Writer, c *compare.Comparison, expected, got string, t terminal.Terminal) error {
	p := &printer{Terminal: t, expected: expected, got: got}
	width := max(displaywidth.String(expected), displaywidth.String(got))
	p.WriteString(t.Wrap(terminal.Plain, pad(expected, width)+"  "+side(c.Expected)))
	p.WriteString(t.Wrap(terminal.Plain, pad(got, width)+"  "+side(c.Got)))
	p.differences(c.Differences, terminal.Yellow)
	if len(c.NotCompared) > 0 {
		p.WriteString("\n" + t.Wrap(terminal.Bold, "Not compared"))
		var rows [][]terminal.Cell
		for _, u := range c.NotCompared {
			whose := map[string]string{"expected": expected, "got": got, "both": "both"}[u.Side]
			rows = append(rows, terminal.Cells(whose, Unknown(u)))
		}
		p.WriteString(t.Table(rows))
	}
	p.differences(c.Informational, terminal.Plain)
	p.WriteString("\n" + t.Wrap(terminal.Bold, verdict(c)))
	_, err := io.WriteString(w, p.String())
	return err
}

// printer gathers the text.
type printer struct {
	terminal.Terminal
	strings.Builder
	expected, got string
}

// differences prints a title for each section, a line for each component, and
// below it a line for everything that differs, all in the same columns. c is the
// colour of what there is.
func (p *printer) differences(all []compare.Difference, c terminal.Colour) {
	const (
		widest = 32 // longer values push aside what comes behind them
		indent = 2  // of the lines of a table
	)
	width := [3]int{0, displaywidth.String(p.expected), displaywidth.String(p.got)}
	heading := func(section string) string {
		if c == terminal.Plain {
			return Title(section) + " (not counted)"
		}
		return Title(section)
	}
	for _, d := range all {
		width[0] = max(width[0], len(heading(d.Section))-indent)
		for i, cell := range row(d)[:3] {
			width[i] = max(width[i], min(displaywidth.String(cell), widest))
		}
	}
	for _, section := range alike.Group(all, func(d compare.Difference) string { return d.Section }) {
		p.WriteString("\n" + p.Wrap(terminal.Bold, pad(heading(section[0].Section), indent+width[0])+"  "+pad(p.expected, width[1])+"  "+p.got))
		for _, part := range alike.Group(section, func(d compare.Difference) string { return string(d.Kind) + d.Component }) {
			if k, name := part[0].Kind, part[0].Component; name != "" || string(k) != part[0].Section {
				p.WriteString(p.Wrap(terminal.Plain, "  "+Component(part[0])))
			}
			for _, d := range part {
				columns := row(d)
				for i := range width {
					columns[i] = pad(columns[i], width[i])
				}
				if columns[3] == "" {
					columns[2] = strings.TrimRight(columns[2], " ")
				}
				cells := terminal.Cells(columns...)
				cells[2].Colour = c
				p.WriteString(p.Table([][]terminal.Cell{cells}))
			}
		}
	}
}

// Words are a difference in words: what differs, what was expected, what there is.
func Words(d compare.Difference) (what, expected, got string) {
	expected, got = show(d.Section, d.What, d.Expected), show(d.Section, d.What, d.Got)
	if expected == got {
		expected, got = exact(d.Expected), exact(d.Got) // rounded to the same
	}
	return plain(d.What), expected, got
}

// Line is a difference in a line.
func Line(d compare.Difference) string {
	columns := row(d)
	line := fmt.Sprintf("%s: %s: expected %s, got %s", Component(d), strings.TrimSpace(columns[0]), columns[1], columns[2])
	if columns[3] != "" {
		line += " (" + columns[3] + ")"
	}
	return line
}

// row is the difference in four columns: what, expected, got, where.
func row(d compare.Difference) []string {
	what, expected, got := Words(d)
	what = "  " + what
	if d.Components > 1 && d.What != "count" {
		what += fmt.Sprintf(" of %d", d.Components)
	}
	return []string{what, expected, got, some(d.Where)}
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-displaywidth.String(s)))
}

// side is which machine or file it is, in a line.
func side(s compare.Side) string {
	parts := []string{s.File}
	for _, part := range []string{s.Hostname, label.Join(s.Manufacturer, s.ProductName)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if s.SerialNumber != "" {
		parts = append(parts, "S/N "+s.SerialNumber)
	}
	if s.StartedAt != nil && !s.StartedAt.IsZero() {
		parts = append(parts, s.StartedAt.UTC().Format("2006-01-02 15:04 UTC"))
	}
	return strings.Join(parts, ", ")
}

// Unknown is what could not be compared, in a line.
func Unknown(u compare.Unknown) string {
	s := Title(u.Section)
	switch {
	case u.What != "":
		s = strings.TrimSpace(Kind(u.Kind)+" "+u.Component) + ": " + plain(u.What) + " not known"
	case u.Kind != "":
		s += ", " + Kind(u.Kind)
	}
	if u.What == "" && u.Reason == "" {
		s += ": not known"
	}
	if u.Components > 1 {
		s += fmt.Sprintf(", %d times", u.Components)
	}
	if u.Reason != "" {
		s += ": " + u.Reason
	}
	if len(u.Where) > 0 {
		s += " (" + some(u.Where) + ")"
	}
	return s
}

// verdict is the comparison in a sentence or two.
func verdict(c *compare.Comparison) string {
	unknown := 0
	for _, u := range c.NotCompared {
		if u.Side != "both" {
			unknown++
		}
	}
	s := "No difference"
	if n := len(c.Differences); n > 0 {
		s = label.Count(n, "difference")
	}
	if unknown > 0 {
		s += fmt.Sprintf(", %d not compared", unknown)
	}
	var same []string
	for _, e := range c.Equal {
		if e.Kind != compare.CPU && e.Kind != compare.Memory { // these are sums of others
			same = append(same, Count(e.Components, e.Kind))
		}
	}
	if len(same) > 0 {
		s += ". Same: " + strings.Join(same, ", ")
	}
	return s + "."
}

// Component is the component that differs, in words.
func Component(d compare.Difference) string {
	return strings.TrimSpace(Kind(d.Kind) + " " + d.Component)
}

// Kind is the name of a kind in running text.
func Kind(k compare.Kind) string {
	name := map[compare.Kind]string{
		compare.BIOS: "BIOS", compare.BMC: "BMC", compare.CPU: "CPU", compare.Device: "PCI device",
		compare.Supply: "power supply", compare.GPU: "GPU",
	}[k]
	return cmp.Or(name, string(k))
}

// Count is a number of components of a kind.
func Count(n int, k compare.Kind) string {
	if k == compare.Chassis || k == compare.BIOS {
		return fmt.Sprintf("%d %s", n, Kind(k))
	}
	return label.Count(n, Kind(k))
}

// Title is the name of a section.
func Title(section string) string {
	switch section {
	case "cpu", "psu", "bmc", "nvidia":
		return strings.ToUpper(section)
	case "pcie":
		return "PCIe"
	}
	return strings.ToUpper(section[:1]) + section[1:]
}

// units are how numbers are shown, by the end of the field's name.
var units = []struct{ suffix, before, after string }{
	{"_bytes", "", " bytes"},
	{"_mts", "", " MT/s"},
	{"_mhz", "", " MHz"},
	{"_mbps", "", " Mb/s"},
	{"_gts", "", " GT/s"},
	{"_lanes", "×", ""},
	{"_watts", "", " W"},
	{"_bits", "", " bits"},
	{"_rpm", "", " rpm"},
}

// plain is a field's name without its unit.
func plain(what string) string {
	for _, u := range units {
		what = strings.TrimSuffix(what, u.suffix)
	}
	return strings.ReplaceAll(what, "_", " ")
}

// show prints a value with its unit.
func show(section, what string, value any) string {
	number, ok := value.(float64)
	if !ok {
		return exact(value)
	}
	if strings.HasSuffix(what, "_bytes") && number >= 1<<20 {
		if section == "storage" {
			return label.Capacity(uint64(number))
		}
		return label.Memory(uint64(number))
	}
	s := exact(value)
	for _, u := range units {
		if strings.HasSuffix(what, u.suffix) {
			return u.before + s + u.after
		}
	}
	return s
}

func exact(value any) string {
	switch v := value.(type) {
	case bool:
		return map[bool]string{true: "yes", false: "no"}[v]
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(value)
}

// some lists labels, and says how many more there are.
func some(labels []string) string {
	const most = 4
	s := strings.Join(labels[:min(len(labels), most)], ", ")
	if n := len(labels) - most; n > 0 {
		s += fmt.Sprintf(" and %d more", n)
	}
	return s
}
