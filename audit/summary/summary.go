// Package summary prints an audit report for people: a few aligned lines a
// section, what failed at the end.
package summary

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize"

	"bee/audit/report"
)

// Write prints the summary of a report.
func Write(w io.Writer, r *report.Report) error {
	var b bytes.Buffer
	header(&b, r)
	if r.Board != nil {
		board(&b, r.Board)
	}
	if r.CPU != nil {
		cpu(&b, r.CPU)
	}
	if r.Memory != nil {
		memory(&b, r.Memory)
	}
	if r.Storage != nil {
		storage(&b, r.Storage)
	}
	if r.PCIe != nil {
		pcie(&b, r.PCIe)
	}
	collectors(&b, r)
	_, err := w.Write(b.Bytes())
	return err
}

func header(b *bytes.Buffer, r *report.Report) {
	fmt.Fprintf(b, "Hardware audit of %s, %s, by audit %s\n",
		cmp.Or(r.Host.Hostname, "an unnamed host"), r.StartedAt.UTC().Format("2006-01-02 15:04:05 UTC"), r.Audit.Version)
	if rel := r.BeeRelease; rel != nil {
		fmt.Fprintf(b, "bee %s (%s %s, kernel %s)\n", cmp.Or(rel.Version, "?"), rel.Base, rel.Release, rel.Kernel)
	}
}

func board(b *bytes.Buffer, s *report.Board) {
	t := section(b, "Board")
	if y := s.System; y != nil {
		t.row("System", join(y.Manufacturer, y.ProductName), serial(y.SerialNumber))
	}
	for _, c := range s.Chassis {
		t.row("Chassis", join(c.Manufacturer, c.Type), serial(c.SerialNumber))
	}
	for _, p := range s.Baseboards {
		t.row("Base board", join(p.Manufacturer, p.ProductName, p.Version), serial(p.SerialNumber))
	}
	if f := s.BIOS; f != nil {
		t.row("BIOS", join(f.Vendor, f.Version), f.ReleaseDate)
	}
	t.flush()
}

func cpu(b *bytes.Buffer, s *report.CPU) {
	populated := 0
	for _, c := range s.Sockets {
		if c.Populated {
			populated++
		}
	}
	t := section(b, "CPU: %d of %s populated", populated, count(len(s.Sockets), "socket"))
	for _, c := range s.Sockets {
		if !c.Populated {
			t.row(cmp.Or(c.Designation, c.Handle), "empty")
			continue
		}
		t.row(cmp.Or(c.Designation, c.Handle), cmp.Or(strings.Join(strings.Fields(c.Version), " "), "unknown processor"),
			some(c.Cores, "core"), some(c.Threads, "thread"), number(c.MaxSpeedMHz, " MHz max"), serial(c.SerialNumber))
	}
	t.flush()
}

func memory(b *bytes.Buffer, s *report.Memory) {
	populated, total := 0, uint64(0)
	for _, m := range s.Slots {
		if m.Populated {
			populated++
			total += m.SizeBytes
		}
	}
	t := section(b, "Memory: %s in %d of %s", humanize.IBytes(total), populated, count(len(s.Slots), "slot"))
	for _, m := range s.Slots {
		place := join(cmp.Or(m.Locator, m.Handle), m.BankLocator)
		if !m.Populated {
			t.row(place, "empty")
			continue
		}
		speed := number(m.SpeedMTs, " MT/s")
		if m.ConfiguredSpeedMTs != 0 && m.ConfiguredSpeedMTs != m.SpeedMTs {
			speed = strings.TrimSpace(speed + fmt.Sprintf(" (runs at %d)", m.ConfiguredSpeedMTs))
		}
		size := "size unknown"
		if m.SizeBytes > 0 {
			size = humanize.IBytes(m.SizeBytes)
		}
		t.row(place, size, m.Type, speed, some(m.Ranks, "rank"), join(m.Manufacturer, m.PartNumber), serial(m.SerialNumber))
	}
	t.flush()
}

func storage(b *bytes.Buffer, s *report.Storage) {
	t := section(b, "Storage: %s", count(len(s.Drives), "drive"))
	for _, d := range s.Drives {
		kind := d.Transport
		if d.RotationRPM > 0 {
			kind = join(kind, fmt.Sprintf("%d rpm", d.RotationRPM))
		}
		t.row(join(d.Path, d.SmartctlType), size(d.SizeBytes), kind, join(d.Vendor, d.Model), serial(d.SerialNumber),
			prefix("firmware ", d.FirmwareVersion), health(d))
	}
	t.flush()
}

// health is a drive's state in a few words.
func health(d report.Drive) string {
	var words []string
	if s := d.SMART; s != nil {
		if s.Passed != nil && *s.Passed {
			words = append(words, "passed")
		} else if s.Passed != nil {
			words = append(words, "FAILED")
		}
		for _, w := range s.Warnings {
			words = append(words, strings.ReplaceAll(w, "_", " "))
		}
		if s.TemperatureCelsius != nil {
			words = append(words, fmt.Sprintf("%d °C", *s.TemperatureCelsius))
		}
		if s.PowerOnHours != nil {
			words = append(words, fmt.Sprintf("%d h", *s.PowerOnHours))
		}
	}
	if d.NVMe != nil && d.NVMe.Health != nil && d.NVMe.Health.UsedPercent != nil {
		words = append(words, fmt.Sprintf("%d %% used", *d.NVMe.Health.UsedPercent))
	}
	return strings.Join(words, ", ")
}

// quiet are PCI classes that say little about a machine: bridges, system
// peripherals, serial buses, signal processing.
var quiet = []string{"06", "08", "0c", "11"}

func pcie(b *bytes.Buffer, s *report.PCIe) {
	t := section(b, "PCIe: %s; bridges and system devices are not shown", count(len(s.Devices), "function"))
	for _, d := range s.Devices {
		if len(d.ClassID) == 4 && slices.Contains(quiet, d.ClassID[:2]) {
			continue
		}
		t.row(d.Address, cmp.Or(d.Class, d.ClassID), join(cmp.Or(d.Vendor, d.VendorID), cmp.Or(d.Device, d.DeviceID)), prefix("driver ", d.Driver), link(d.Link))
	}
	t.flush()
}

// link is a link now and, where that is more, at most.
func link(l *report.PCIeLink) string {
	if l == nil {
		return ""
	}
	show := func(lanes uint64, speed float64) string {
		return strings.TrimSpace(number(lanes, " × ") + strconv.FormatFloat(speed, 'f', -1, 64) + " GT/s")
	}
	now := show(l.WidthLanes, l.SpeedGTs)
	if l.WidthLanes < l.MaxWidthLanes || l.SpeedGTs < l.MaxSpeedGTs {
		return now + " of " + show(l.MaxWidthLanes, l.MaxSpeedGTs)
	}
	return now
}

func collectors(b *bytes.Buffer, r *report.Report) {
	var notes []string
	for _, c := range r.Collectors {
		switch c.Status {
		case report.Skipped:
			notes = append(notes, fmt.Sprintf("%s skipped (no %s)", c.Name, strings.Join(c.MissingTools, ", ")))
		case report.GivenUp:
			notes = append(notes, fmt.Sprintf("%s given up after %.1f s", c.Name, c.DurationSeconds))
		default:
			notes = append(notes, fmt.Sprintf("%s %.2f s", c.Name, c.DurationSeconds))
		}
	}
	fmt.Fprintf(b, "\nTook %.2f s: %s\n", r.FinishedAt.Sub(r.StartedAt).Seconds(), strings.Join(notes, ", "))
	if len(r.Errors) == 0 {
		return
	}
	t := section(b, "%s", count(len(r.Errors), "error"))
	for _, e := range r.Errors {
		t.row(e.Collector, e.Message, strings.TrimSpace(e.Tool+" "+strings.Join(e.Args, " ")))
		if len(e.Stderr) > 0 {
			t.row("", e.Stderr[0])
		}
	}
	t.flush()
}

// table is a section: a title and lines with aligned cells.
type table struct {
	b    *bytes.Buffer
	rows [][]string
}

func section(b *bytes.Buffer, title string, args ...any) *table {
	fmt.Fprintf(b, "\n"+title+"\n", args...)
	return &table{b: b}
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) flush() {
	columns := 0
	for _, cells := range t.rows {
		columns = max(columns, len(cells))
	}
	var aligned bytes.Buffer
	w := tabwriter.NewWriter(&aligned, 0, 0, 2, ' ', 0)
	for _, cells := range t.rows {
		// tabwriter aligns a column through lines that all have it, ended by a tab.
		fmt.Fprintf(w, "  %s%s\n", strings.Join(cells, "\t"), strings.Repeat("\t", columns-len(cells)+1))
	}
	_ = w.Flush()
	for line := range strings.Lines(aligned.String()) {
		fmt.Fprintln(t.b, strings.TrimRight(line, " \n"))
	}
}

func prefix(p, s string) string {
	if s == "" {
		return ""
	}
	return p + s
}

func serial(s string) string { return prefix("S/N ", s) }

// join joins what is not empty, without saying the same twice: many models begin
// with their vendor's name.
func join(parts ...string) string {
	var s string
	for _, p := range parts {
		switch {
		case s == "" || strings.HasPrefix(strings.ToLower(p), strings.ToLower(s)):
			if p != "" {
				s = p
			}
		case p != "":
			s += " " + p
		}
	}
	return s
}

// count prints a number of things.
func count[T int | uint64](n T, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// some prints a number of things where it is known.
func some(n uint64, thing string) string {
	if n == 0 {
		return ""
	}
	return count(n, thing)
}

func number(n uint64, unit string) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10) + unit
}

// size prints a drive's size in powers of 1000, as drives are sold; memory is
// sold in powers of 1024.
func size(n uint64) string {
	if n == 0 {
		return ""
	}
	return humanize.Bytes(n)
}
