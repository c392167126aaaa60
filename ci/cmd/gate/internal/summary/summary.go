// Package summary tells people, in Markdown, what came out.
package summary

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bee/core/check"
	"bee/core/report"
	"bee/gate/internal/reports"
)

// Smoke is the summary of the smoke tests of an ISO: the verdict, what failed and why,
// all checks, and how long the boots took. Where a page has no images of its own,
// artifacts is the address of the folder with the screens.
func Smoke(results []reports.Result, artifacts string) string {
	sections := []string{
		"## " + verdict(results) + "\n",
		Files(images(results)),
		kept(artifacts),
	}
	for _, r := range results {
		if r.Verdict() != report.Pass {
			sections = append(sections, failure(r, artifacts))
		}
	}
	sections = append(sections, machines(results), checks(results), timeline(results))
	sections = slices.DeleteFunc(sections, func(s string) bool { return s == "" })
	return strings.Join(sections, "\n")
}

func verdict(results []reports.Result) string {
	count := map[report.Verdict]int{}
	for _, r := range results {
		count[r.Verdict()]++
	}
	line := fmt.Sprintf("%s: %d of %d machines passed", upper(reports.Verdict(results)), count[report.Pass], len(results))
	if n := count[report.Fail]; n > 0 {
		line += fmt.Sprintf(", %d failed", n)
	}
	if n := count[report.Error]; n > 0 {
		line += fmt.Sprintf(", %d did not run to the end", n)
	}
	return line
}

func upper(v report.Verdict) string { return strings.ToUpper(string(v)) }

// images are the ISOs that were booted: one, unless reports were mixed up.
func images(results []reports.Result) []File {
	var files []File
	for _, r := range results {
		if r.Report == nil || r.Report.ISO == nil {
			continue
		}
		if file := (File{r.Report.ISO.File, r.Report.ISO.SizeBytes, r.Report.ISO.SHA256}); !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	return files
}

// Line is the summary of a step that has nothing to show but its verdict.
func Line(verdict, text string) string {
	return "## " + verdict + ": " + escape(text) + "\n"
}

// List is a list of texts.
func List(texts []string) string {
	var b strings.Builder
	for _, text := range texts {
		b.WriteString("- " + escape(text) + "\n")
	}
	return b.String()
}

// Build is the summary of what was built.
func Build(info string, files ...File) string {
	return "## " + escape(info) + "\n\n" + Files(files)
}

// kept says where all files are that the tests left.
func kept(artifacts string) string {
	if artifacts == "" {
		return ""
	}
	return "The screens, NAME/" + report.ConsoleFile + ", and all else that is left of the tests are in the [artifacts](" + artifacts + ").\n"
}

// File is a file that is shown with its size and digest.
type File struct {
	Name   string
	Size   int64
	SHA256 string
}

// String is a file in one line.
func (f File) String() string { return fmt.Sprintf("%s: %s, SHA-256 %s", f.Name, f.size(), f.SHA256) }

func (f File) size() string { return fmt.Sprintf("%.1f MiB", float64(f.Size)/(1<<20)) }

// Files is a table of files; without any, there is none.
func Files(files []File) string {
	if files == nil {
		return ""
	}
	rows := [][]string{{"file", "size", "SHA-256"}}
	for _, f := range files {
		rows = append(rows, []string{escape(f.Name), f.size(), escape(f.SHA256)})
	}
	return table(rows)
}

// failure says why a machine did not pass.
func failure(r reports.Result, artifacts string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s: %s\n\n", escape(upper(r.Verdict())), escape(r.Name))
	if reason := r.Reason(); reason != "" {
		fmt.Fprintf(&b, "- **ERROR** %s\n", escape(reason))
	}
	for _, c := range r.Failed() {
		fmt.Fprintf(&b, "- **FAIL** %s: %s\n", escape(c.Name), escape(c.Detail))
	}
	if serial := report.Serial(r.Dir); serial != "" {
		b.WriteString("\n" + fold("the end of "+report.SerialFile, preformatted(report.Tail(serial))))
	}
	if _, err := os.Stat(filepath.Join(r.Dir, report.ConsoleFile)); err == nil && artifacts == "" {
		fmt.Fprintf(&b, "\n![%s](%s)\n", escape(r.Name), url.PathEscape(r.Name)+"/"+report.ConsoleFile)
	}
	return b.String()
}

// machines says which machine is behind the number of a column.
func machines(results []reports.Result) string {
	var b strings.Builder
	b.WriteString("### Machines\n\n")
	for i, r := range results {
		fmt.Fprintf(&b, "%d. %s", i+1, escape(r.Name))
		if r.Report != nil && r.Report.Machine != nil {
			m := r.Report.Machine
			fmt.Fprintf(&b, ": %s, %d CPUs, QEMU %s", escape(m.Accelerator), m.CPUs, escape(m.QEMU))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// heading is the first row of a table with a column for each machine.
func heading(first string, results []reports.Result) []string {
	row := []string{first}
	for i, r := range results {
		cell := fmt.Sprint(i + 1)
		if r.Report != nil && r.Report.Machine != nil {
			cell += fmt.Sprintf(" %s %d", escape(r.Report.Machine.Firmware), r.Report.Machine.MemoryMiB)
		}
		row = append(row, cell)
	}
	return row
}

// checks is a table of the checks that are no PASS somewhere, and, folded, one of all.
func checks(results []reports.Result) string {
	var names []string
	cells := map[string][]string{}
	noteworthy := map[string]bool{}
	for i, r := range results {
		if r.Report == nil {
			continue
		}
		for _, c := range r.Report.Checks {
			if cells[c.Name] == nil {
				names = append(names, c.Name)
				cells[c.Name] = make([]string, len(results))
			}
			cells[c.Name][i] = escape(string(c.Status))
			if c.Status == check.Fail {
				cells[c.Name][i] = "**FAIL**"
			}
			noteworthy[c.Name] = noteworthy[c.Name] || c.Status != check.Pass
		}
	}
	verdicts := []string{"verdict"}
	for _, r := range results {
		verdicts = append(verdicts, escape(upper(r.Verdict())))
	}
	some, all := [][]string{heading("check", results), verdicts}, [][]string{heading("check", results)}
	for _, name := range names {
		row := append([]string{escape(name)}, cells[name]...)
		all = append(all, row)
		if noteworthy[name] {
			some = append(some, row)
		}
	}
	text := "### Checks\n\n" + table(some)
	if passed := len(all) + 1 - len(some); passed > 0 {
		text += fmt.Sprintf("\nOther checks, which are PASS on every machine that ran them: %d\n", passed)
	}
	if len(names) > 0 {
		text += "\n" + fold(fmt.Sprintf("all checks: %d", len(names)), table(all))
	}
	return text
}

// timeline is when, in seconds, each machine reached each milestone.
func timeline(results []reports.Result) string {
	var names []string
	cells := map[string][]string{}
	whole := []string{"whole test"}
	for i, r := range results {
		if r.Report == nil {
			whole = append(whole, "")
			continue
		}
		for _, m := range r.Report.Timeline {
			if cells[m.Name] == nil {
				names = append(names, m.Name)
				cells[m.Name] = make([]string, len(results))
			}
			cells[m.Name][i] = fmt.Sprintf("%.1f", m.Seconds)
		}
		whole = append(whole, fmt.Sprintf("%.1f", r.Report.DurationSeconds))
	}
	if names == nil {
		return ""
	}
	rows := [][]string{heading("seconds", results)}
	for _, name := range names {
		rows = append(rows, append([]string{escape(name)}, cells[name]...))
	}
	return "### Boot\n\n" + table(append(rows, whole))
}
