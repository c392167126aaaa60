package junit

import (
	"encoding/xml"
	"flag"
	"io"
	"os"
	"strings"
	"testing"

	"bee/audit/report"
	"bee/audit/report/sample"
	"bee/core/junit"
)

var update = flag.Bool("update", false, "write what comes out as what is wanted")

func document(t *testing.T, r *report.Report) (string, map[string]junit.Case) {
	t.Helper()
	return read(t, func(w io.Writer) error { return Write(w, r) })
}

// read is a document, and its tests by their names.
func read(t *testing.T, write func(io.Writer) error) (string, map[string]junit.Case) {
	t.Helper()
	var b strings.Builder
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	var s junit.Suite
	if err := xml.Unmarshal([]byte(b.String()), &s); err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	cases := map[string]junit.Case{}
	for _, c := range s.Cases {
		cases[c.Class+" "+c.Name] = c
	}
	if s.Tests != len(cases) {
		t.Errorf("%d tests, %d of them with a name of their own", s.Tests, len(cases))
	}
	return b.String(), cases
}

func TestGolden(t *testing.T) {
	r := sample.Server()
	r.Findings = r.Findings[:5]
	got, _ := document(t, r)
	golden(t, "testdata/server.xml", got)
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: go test ./show/junit -update shows the difference; got:\n%s", path, got)
	}
}

// What is critical fails, what is not is told, and what nobody looked at is skipped.
func TestCases(t *testing.T) {
	_, cases := document(t, &report.Report{
		Collectors: []report.CollectorRun{{Name: "cpu"}, {Name: "memory"}, {Name: "storage"}, {Name: "psu"}},
		CPU:        &report.CPU{}, Memory: &report.Memory{}, Storage: &report.Storage{},
		NotExamined: []report.Gap{{Reason: "no ipmitool", Sections: []string{"psu", "bmc"}}, {Reason: "smartctl failed", Sections: []string{"storage"}, Count: 3}},
		Findings: []report.Finding{
			{Rule: "a", Severity: report.Critical, Section: "storage", Component: "/dev/sda", Message: "It fails.", Evidence: []string{"smart"}, Advice: "Replace it."},
			{Rule: "b", Severity: report.Critical, Section: "storage", Message: "So does that."},
			{Rule: "c", Severity: report.Warning, Section: "memory", Message: "Slow."},
			{Rule: "d", Severity: report.Info, Section: "nvidia", Message: "A GPU."},
		},
	})
	storage := cases["bee-audit.storage findings"]
	if f := storage.Failure; f == nil || f.Text != "critical: /dev/sda: It fails. [a] (and 1 more)" || !strings.Contains(f.Full, "evidence: smart\n  Replace it.\ncritical: So does that. [b]") {
		t.Errorf("storage: %+v", storage)
	}
	if s := cases["bee-audit.storage examined"].Skipped; s == nil || s.Text != "smartctl failed (3 times)" {
		t.Errorf("storage, in part: %+v", s)
	}
	if c := cases["bee-audit.memory findings"]; c.Failure != nil || c.Skipped != nil || c.Output != "warning: Slow. [c]" {
		t.Errorf("memory: %+v", c)
	}
	for _, name := range []string{"findings", "examined"} {
		if s := cases["bee-audit.psu "+name].Skipped; s == nil || s.Text != "no ipmitool" {
			t.Errorf("psu %s: %+v", name, s)
		}
		if c, there := cases["bee-audit.cpu "+name]; !there || c.Failure != nil || c.Skipped != nil {
			t.Errorf("cpu %s: %+v", name, c)
		}
	}
	// findings in what no collector was asked for
	if c := cases["bee-audit.nvidia findings"]; c.Output != "info: A GPU. [d]" {
		t.Errorf("nvidia: %+v", c)
	}
	if _, there := cases["bee-audit.audit findings"]; !there {
		t.Error("the audit itself has none")
	}
}

// A report from before there were findings, or a list of what was not examined, is no good one.
func TestOldReport(t *testing.T) {
	_, cases := document(t, &report.Report{
		Collectors: []report.CollectorRun{{Name: "cpu", Status: report.Done}, {Name: "psu", Status: report.Skipped, MissingTools: []string{"ipmitool"}}, {Name: "pcie", Status: report.GivenUp}},
		CPU:        &report.CPU{}, PCIe: &report.PCIe{},
		Errors: []report.Error{{Collector: "cpu", Message: "dmidecode failed"}},
	})
	for name, want := range map[string]string{
		"cpu findings": "did not look for findings", "cpu examined": "dmidecode failed",
		"psu examined": "skipped: no ipmitool", "pcie examined": "given up",
	} {
		if s := cases["bee-audit."+name].Skipped; s == nil || !strings.Contains(s.Text, want) {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

// What comes of any report is read as it was meant.
func FuzzWrite(f *testing.F) {
	f.Add([]byte(`{"schema_version": "1.0", "collectors": [{"name": "a]]>"}], "findings": [{"section": "a]]>", "severity": "critical", "message": "<x>"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := report.Decode(data, "report")
		if err != nil {
			return
		}
		_, cases := document(t, r)
		if want := 2 * len(sections(r)); len(cases) != want {
			t.Errorf("%d tests, want %d", len(cases), want)
		}
	})
}
