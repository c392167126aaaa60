package fleet

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"
	"golang.org/x/net/html"

	"bee/audit/judge/compare"
	"bee/audit/judge/fleet"
	"bee/audit/report"
	"bee/audit/show/terminal"
	"bee/core/hostile"
)

var update = flag.Bool("update", false, "write what comes out as what is wanted")

// rack is a fleet with something of each kind.
func rack() *fleet.Fleet {
	f := &fleet.Fleet{
		Groups: []fleet.Group{{Manufacturer: "ACME", ProductName: "ACME Server 8000", Machines: []string{"S-01", "S-02", "S-03", "S-04"}, Alike: 1,
			Sections: []fleet.Majority{{Section: "board", Alike: 2, Known: 4, Model: "S-04"}, {Section: "cpu", Alike: 4, Known: 4, Model: "S-04"}, {Section: "memory", Alike: 3, Known: 4, Model: "S-04"}, {Section: "storage", Alike: 4, Known: 4, Model: "S-04"}, {Section: "nvidia", Alike: 3, Known: 3, Model: "S-04"}},
			Others: []fleet.Other{
				{Machine: "S-01", Differences: []compare.Difference{
					{Section: "board", Kind: compare.BIOS, Component: "ACME BIOS", Components: 1, What: "version", Expected: "3.2a", Got: "3.1"},
					{Section: "memory", Kind: compare.Module, Component: "Größe M321R8GA0BB0-CQKZJ 64 GiB DDR5", Components: 1, What: "count", Expected: 24.0, Got: 23.0, Where: []string{"P1-DIMMB1"}},
				}},
				{Machine: "S-02", Differences: []compare.Difference{{Section: "board", Kind: compare.BIOS, Component: "ACME BIOS", Components: 1, What: "version", Expected: "3.2a", Got: "3.1"}}},
				{Machine: "S-03", NotCompared: []compare.Unknown{{Section: "nvidia", Side: "got", Reason: "the machine has no nvidia-smi"}}},
			}},
			{Machines: []string{"odd.json"}, Alike: 1, Sections: []fleet.Majority{}, Others: []fleet.Other{}}},
		Duplicates: []fleet.Duplicate{
			{Kind: compare.System, What: "uuid", Value: "0f0e", Machines: []fleet.Holder{{Machine: "S-01"}, {Machine: "S-02"}}},
			{Kind: compare.Drive, What: "serial_number", Value: "ZR5", Component: "ACME ST16 16 TB sas", Machines: []fleet.Holder{{Machine: "S-01", Where: []string{"/dev/sda"}}, {Machine: "S-03", Where: []string{"/dev/sdb", "/dev/sdc"}}}},
		},
		Earlier:    []fleet.Earlier{{File: "old/s-01.json", Machine: "S-01"}},
		Unread:     []fleet.Unread{{File: "new.json", Reason: "new.json has schema version 2.0, and this program knows 1.4"}},
		PassedOver: 3,
	}
	for i, worst := range []*report.Finding{
		{Rule: "drive-failing", Severity: report.Critical, Section: "storage", Component: "/dev/sdc", Message: "The drive says that it fails."},
		{Rule: "memory-speed", Severity: report.Warning, Section: "memory", Message: "Modules run at 4400 MT/s although all of them can do 4800 MT/s, which costs bandwidth."},
		{Rule: "network-no-link", Severity: report.Info, Section: "network", Component: "eth1", Message: "The interface has no link."},
		nil,
	} {
		m := fleet.Machine{
			Name: fmt.Sprintf("S-%02d", i+1), File: fmt.Sprintf("rack/s-%02d.json", i+1), Hostname: fmt.Sprint("node", i+1), Manufacturer: "ACME", ProductName: "ACME Server 8000", SerialNumber: fmt.Sprintf("S-%02d", i+1),
			StartedAt:  compareStart,
			Processors: []fleet.Parts{{Count: 2, Name: "ACME Fast 9654 96-Core Processor"}}, MemoryBytes: 1536 << 30, MemoryModules: 24,
			Drives: []fleet.Parts{{Count: 60, Name: "sas", SizeBytes: 16000900661248}, {Count: 2, Name: "nvme", SizeBytes: 7681501126656}},
			GPUs:   []fleet.Parts{{Count: 7, Name: "NVIDIA H100 80GB HBM3"}, {Count: 1}},
			Worst:  worst, Findings: &fleet.Findings{},
		}
		if worst != nil {
			m.Findings = &fleet.Findings{Critical: 1, Warning: 2, Info: 3}
		}
		m.Differences = len(f.Groups[0].Others[min(i, 2)].Differences)
		f.Machines = append(f.Machines, m)
	}
	f.Machines[2].NotExamined = []string{"nvidia", "psu"}
	f.Machines[2].GPUs = nil
	f.Machines = append(f.Machines, fleet.Machine{Name: "odd.json", File: "odd.json", Drives: []fleet.Parts{}})
	return f
}

var compareStart = report.Report{}.StartedAt.AddDate(2025, 0, 1)

func TestGolden(t *testing.T) {
	for _, c := range []struct {
		file  string
		write func(io.Writer) error
		width int
	}{
		{"console.txt", func(w io.Writer) error { return Write(w, rack(), terminal.Terminal{Columns: 80}) }, 80},
		{"wide.txt", func(w io.Writer) error { return Write(w, rack(), terminal.Terminal{Columns: 200}) }, 200},
		{"file.txt", func(w io.Writer) error { return Write(w, rack(), terminal.Terminal{}) }, 0},
		{"none.txt", func(w io.Writer) error { return Write(w, &fleet.Fleet{}, terminal.Terminal{}) }, 0},
		{"fleet.csv", func(w io.Writer) error { return WriteCSV(w, rack()) }, 0},
		{"fleet.html", func(w io.Writer) error { return WritePage(w, rack()) }, 0},
	} {
		var b strings.Builder
		if err := c.write(&b); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", c.file)
		if *update {
			if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if b.String() != string(want) {
			t.Errorf("%s: go test ./show/fleet -update shows the difference; got:\n%s", path, b.String())
		}
		for line := range strings.Lines(b.String()) {
			if width := displaywidth.String(strings.TrimSuffix(line, "\n")); c.width > 0 && width > c.width {
				t.Errorf("%s: %d columns: %q", path, width, line)
			}
		}
	}
}

// A spreadsheet finds as many lines and columns as there are, and no formula.
func TestCSV(t *testing.T) {
	texts := append([]string{"=1+1", "+1", "-1", "@SUM(A1)", "＝1", " =1", "a;=1", "a; \"=1", "\t=1"}, hostile.Strings...)
	f := &fleet.Fleet{}
	for _, text := range texts {
		f.Machines = append(f.Machines, fleet.Machine{
			Name: text, File: text, Hostname: text, Manufacturer: text, ProductName: text, SerialNumber: text,
			Processors: []fleet.Parts{{Count: 1, Name: text}}, Worst: &report.Finding{Component: text, Message: text}, Findings: &fleet.Findings{}, NotExamined: []string{text},
		})
	}
	var b strings.Builder
	if err := WriteCSV(&b, f); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil || len(lines) != len(texts)+1 {
		t.Fatalf("%d lines, error %v", len(lines), err)
	}
	for _, line := range lines {
		for i, cell := range line {
			for part := range strings.SplitSeq(cell, ";") {
				if part = strings.TrimLeft(part, " \t\r\n\""); part != "" && strings.Contains("=+-@＝＋－＠", string([]rune(part)[:1])) {
					t.Errorf("%s: %.80q", lines[0][i], cell)
				}
			}
		}
	}
	if lines[1][0] != "'=1+1" || lines[len(lines)-1][0] != texts[len(texts)-1] {
		t.Errorf("%.80q", lines[1][0])
	}
	for i, head := range lines[0] {
		if head == "file" && slices.IndexFunc(lines, func(l []string) bool { return l[i] == "admin" }) >= 0 {
			t.Error("a text is cut")
		}
	}
}

// The page runs one script and no other, asks for nothing, and has all in it.
func TestPage(t *testing.T) {
	var b strings.Builder
	if err := WritePage(&b, rack()); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	document, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var scripts, policies []string
	rows := 0
	for n := range document.Descendants() {
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "href" {
				t.Errorf("%s %s=%q", n.Data, a.Key, a.Val)
			}
			if a.Key == "content" && strings.Contains(a.Val, "default-src") {
				policies = append(policies, a.Val)
			}
		}
		switch n.Data {
		case "script":
			scripts = append(scripts, n.FirstChild.Data)
		case "tr":
			rows++
		case "link", "img", "iframe", "form":
			t.Errorf("a %s", n.Data)
		}
	}
	if len(scripts) != 1 || len(policies) != 1 {
		t.Fatalf("%d scripts, policies %q", len(scripts), policies)
	}
	digest := sha256.Sum256([]byte(scripts[0]))
	if want := "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'; base-uri 'none'; form-action 'none'"; policies[0] != want {
		t.Errorf("policy %q, want %q", policies[0], want)
	}
	if strings.Contains(style, "url(") || strings.Contains(style, "@import") || strings.Contains(script, "http") || strings.Contains(script, "innerHTML") {
		t.Error("the page asks for something, or takes text for HTML")
	}
	// heads of machines, differences, duplicates; what is in them
	if want := 3 + 5 + 2 + 1 + 2 + 1; rows != want {
		t.Errorf("%d rows, want %d", rows, want)
	}
}

// No text begins as a formula, and of one that is none nothing changes.
func FuzzText(f *testing.F) {
	for _, s := range []string{"=1", "plain", "a;+1", ";;=1", "'=1", " \"-1", "a=b-c", "＠x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := text(s)
		for part := range strings.SplitSeq(got, ";") {
			if part = strings.TrimLeft(part, " \t\r\n\f\""); part != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(part)[0]) {
				t.Errorf("%q becomes %q", s, got)
			}
		}
		if strings.ReplaceAll(got, "'", "") != strings.ReplaceAll(s, "'", "") {
			t.Errorf("%q becomes %q", s, got)
		}
	})
}
