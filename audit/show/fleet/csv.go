package fleet

import (
	"encoding/csv"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"bee/audit/judge/fleet"
)

// columns are those of the table for spreadsheets, in order.
var columns = []struct {
	name  string
	value func(fleet.Machine) string
}{
	{"name", func(m fleet.Machine) string { return m.Name }},
	{"serial_number", func(m fleet.Machine) string { return m.SerialNumber }},
	{"hostname", func(m fleet.Machine) string { return m.Hostname }},
	{"manufacturer", func(m fleet.Machine) string { return m.Manufacturer }},
	{"product_name", func(m fleet.Machine) string { return m.ProductName }},
	{"processors", func(m fleet.Machine) string { return number(count(m.Processors), m.Processors != nil) }},
	{"processor_models", processors},
	{"memory_bytes", func(m fleet.Machine) string { return strings.TrimPrefix(strconv.FormatUint(m.MemoryBytes, 10), "0") }},
	{"memory_modules", func(m fleet.Machine) string { return number(m.MemoryModules, m.MemoryModules > 0) }},
	{"drives", func(m fleet.Machine) string { return number(count(m.Drives), m.Drives != nil) }},
	{"drive_sizes", drivesOf},
	{"gpus", func(m fleet.Machine) string { return number(count(m.GPUs), m.GPUs != nil) }},
	{"gpu_models", gpus},
	{"critical", func(m fleet.Machine) string { return findings(m, func(f fleet.Findings) int { return f.Critical }) }},
	{"warning", func(m fleet.Machine) string { return findings(m, func(f fleet.Findings) int { return f.Warning }) }},
	{"info", func(m fleet.Machine) string { return findings(m, func(f fleet.Findings) int { return f.Info }) }},
	{"worst_finding", found},
	{"differences", func(m fleet.Machine) string { return strconv.Itoa(m.Differences) }},
	{"not_examined", func(m fleet.Machine) string { return strings.Join(m.NotExamined, " ") }},
	{"started_at", func(m fleet.Machine) string {
		if m.StartedAt.IsZero() {
			return ""
		}
		return m.StartedAt.UTC().Format(time.RFC3339)
	}},
	{"file", func(m fleet.Machine) string { return m.File }},
}

func drivesOf(m fleet.Machine) string {
	if len(m.Drives) == 0 {
		return ""
	}
	return drives(m)
}

// number is a number, empty where it is not known.
func number(n int, known bool) string {
	if !known {
		return ""
	}
	return strconv.Itoa(n)
}

func findings(m fleet.Machine, n func(fleet.Findings) int) string {
	if m.Findings == nil {
		return ""
	}
	return strconv.Itoa(n(*m.Findings))
}

// WriteCSV writes the machines of a fleet as comma-separated values (RFC 4180), a line each,
// with a heading.
func WriteCSV(w io.Writer, f *fleet.Fleet) error {
	out := csv.NewWriter(w)
	var row []string
	for _, c := range columns {
		row = append(row, c.name)
	}
	if err := out.Write(row); err != nil {
		return err
	}
	for _, m := range f.Machines {
		for i, c := range columns {
			row[i] = text(c.value(m))
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// text keeps a spreadsheet from taking a text for a formula, which may run programs: whoever
// sends a report may have put anything into it. An apostrophe before it says that it is text.
// Where semicolons divide cells in place of commas, a cell may begin behind one. Of numbers
// none is negative.
func text(s string) string { return formula.ReplaceAllString(s, "$1'$2") }

var formula = regexp.MustCompile(`((?:^|;)[\s"]*)([=+\-@\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}])`)
