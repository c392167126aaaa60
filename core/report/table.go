package report

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"bee/core/machine"
	"bee/core/printable"
)

// Title says in one line what was tested; of the hardware, what is not as usual.
func (r *Report) Title() string {
	if r.ISO == nil || r.Machine == nil {
		return r.Host
	}
	title := fmt.Sprintf("%s (sha256 %.12s), %s, %s, %s, %d MiB, %s", r.ISO.File, r.ISO.SHA256,
		r.Machine.Profile, r.Machine.Firmware, r.Machine.Media, r.Machine.MemoryMiB, r.Machine.Accelerator)
	if m := r.Machine; m.Profile == machine.Plain {
		if m.Network != machine.Virtio {
			title += ", network " + m.Network
		}
		if m.Disk != machine.NVMe {
			title += ", disk " + m.Disk
		}
		if m.BMC {
			title += ", BMC"
		}
		if m.Console == machine.TTYS1 {
			title += ", console on ttyS1"
		}
	}
	if r.Machine.Slow {
		title += ", slow"
	}
	return title
}

// tailLines of a serial log are its end.
const tailLines = 30

// Table writes, for people, the reports of folders: one line for each report,
// a table with a line for each check and a column for each report, and for each
// that did not pass the reasons and the end of the serial log. It returns whether
// all of them passed. The error names those that cannot be read; the others are there
// all the same.
func Table(w io.Writer, dirs []string) (passed bool, err error) {
	var reports []*Report
	var missing []error
	dirs = slices.DeleteFunc(slices.Clone(dirs), func(dir string) bool {
		r, err := Read(dir)
		if err != nil {
			missing = append(missing, err)
			return true
		}
		reports = append(reports, r)
		return false
	})
	passed = len(missing) == 0
	names := Names(dirs)
	for i, r := range reports {
		fmt.Fprintf(w, "%-5s %s: %s, %.0f s: %d passed, %d failed, %d skipped\n", strings.ToUpper(string(r.Verdict)),
			names[i], r.Title(), r.DurationSeconds, r.Counts.Passed, r.Counts.Failed, r.Counts.Skipped)
		passed = passed && r.Verdict == Pass
	}
	table(w, names, reports)
	for i, r := range reports {
		if r.Verdict != Pass {
			fmt.Fprintf(w, "\n%s:\n", names[i])
			r.Explain(w, Serial(dirs[i]))
		}
	}
	return passed, errors.Join(missing...)
}

// Names are the shortest names that tell the folders of reports apart, made printable: a
// pipeline makes folders of what it is sent.
func Names(dirs []string) []string {
	names := make([]string, len(dirs))
	seen := map[string]bool{}
	for i, dir := range dirs {
		if path, err := filepath.Abs(dir); err == nil {
			dir = path
		}
		names[i] = printable.Again(filepath.Base(dir))
		if seen[names[i]] {
			for i, dir := range dirs {
				names[i] = printable.Again(dir)
			}
			return names
		}
		seen[names[i]] = true
	}
	return names
}

func table(w io.Writer, names []string, reports []*Report) {
	var rows []string
	cells := map[string][]string{}
	for i, r := range reports {
		for _, c := range r.Checks {
			if cells[c.Name] == nil {
				rows = append(rows, c.Name)
				cells[c.Name] = make([]string, len(reports))
			}
			cells[c.Name][i] = string(c.Status)
		}
	}
	if len(rows) == 0 {
		return
	}
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "\ncheck\t%s\n", strings.Join(names, "\t"))
	for _, row := range rows {
		fmt.Fprintf(out, "%s\t%s\n", row, strings.Join(cells[row], "\t"))
	}
	out.Flush()
}

// Explain writes, for people, why a test is no pass, and the end of the serial
// console's text.
func (r *Report) Explain(w io.Writer, serial string) {
	if r.Reason != "" {
		fmt.Fprintf(w, "ERROR %s\n", r.Reason)
	}
	for _, c := range r.Failed() {
		fmt.Fprintln(w, c)
	}
	if serial != "" {
		fmt.Fprintf(w, "the end of the serial console:\n  | %s\n", strings.ReplaceAll(Tail(serial), "\n", "\n  | "))
	}
}

// Tail is the end of a serial log, as much as is shown where a test did not pass.
func Tail(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}
