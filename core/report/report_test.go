package report

import (
	"bytes"
	"encoding/xml"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bee/core/check"
	"bee/core/junit"
)

func TestConclude(t *testing.T) {
	pass, fail, skip := check.Check{Name: "a", Status: check.Pass}, check.Check{Name: "b", Status: check.Fail, Detail: "x"}, check.Check{Name: "c", Status: check.Skip, Detail: "y"}
	for name, c := range map[string]struct {
		checks []check.Check
		reason string
		want   Verdict
	}{
		"good":                  {[]check.Check{pass, skip}, "", Pass},
		"one fails":             {[]check.Check{pass, fail, skip}, "", Fail},
		"fails and breaks":      {[]check.Check{fail}, "gone", Fail},
		"breaks":                {[]check.Check{pass}, "gone", Error},
		"nothing was checked":   {nil, "", Error},
		"everything is skipped": {[]check.Check{skip}, "", Error},
	} {
		r := Report{Checks: c.checks, Reason: c.reason}
		if r.Conclude(); r.Verdict != c.want {
			t.Errorf("%s: %s, want %s", name, r.Verdict, c.want)
		}
	}
}

func example(t *testing.T, dir string, checks ...check.Check) *Report {
	t.Helper()
	r := &Report{
		ISO:      &ISO{File: "bee.iso", SHA256: strings.Repeat("ab", 32), SizeBytes: 2048},
		Machine:  &Machine{Profile: "plain", Firmware: "bios", Media: "cd", Accelerator: "tcg", MemoryMiB: 512, CPUs: 2, Network: "none", Disk: "ahci", BMC: true, Slow: true, QEMU: "7.2.22"},
		Shell:    "serial",
		Timeline: []Milestone{{Name: "kernel", Seconds: 3.25, Line: "Linux version 6.12"}},
		Checks:   checks, DurationSeconds: 50.5,
	}
	if len(checks) == 0 {
		r.Reason = "kernel panic: <oops> & more"
	}
	r.Conclude()
	if err := Prepare(dir); err != nil {
		t.Fatal(err)
	}
	if err := r.Write(dir, "first line\nlast <line>\n"); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWriteAndRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "report")
	want := example(t, dir, check.Check{Name: "a", Status: check.Pass}, check.Check{Name: "b", Status: check.Skip, Detail: "none"})
	got, err := Read(dir)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	if parts, _ := filepath.Glob(filepath.Join(dir, "*.part")); len(parts) != 0 {
		t.Errorf("left behind: %v", parts)
	}
	path := filepath.Join(dir, JSONFile)
	if err := os.WriteFile(path, []byte(`{"schema_version": 99}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), "version 99") {
		t.Errorf("another version: %v", err)
	}
	if err := Prepare(dir); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("Prepare left %v", left)
	}
}

func TestSummary(t *testing.T) {
	dir := t.TempDir()
	example(t, dir, check.Check{Name: "a", Status: check.Pass, Detail: "seen"}, check.Check{Name: "b", Status: check.Skip, Detail: "no driver"}, check.Check{Name: "c", Status: check.Fail, Detail: "why"})
	text, err := os.ReadFile(filepath.Join(dir, SummaryFile))
	const want = "FAIL bee.iso (sha256 abababababab), plain, bios, cd, 512 MiB, tcg, network none, disk ahci, BMC, slow, 50 s: 1 passed, 1 failed, 1 skipped\n\n" +
		"FAIL c: why\nSKIP b: no driver\nPASS a: seen\n"
	if err != nil || string(text) != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, text, want)
	}
	example(t, dir)
	text, err = os.ReadFile(filepath.Join(dir, SummaryFile))
	if err != nil || !strings.HasSuffix(string(text), " skipped\n\nERROR kernel panic: <oops> & more\n") {
		t.Errorf("got %v\n%s", err, text)
	}
}

func TestJUnit(t *testing.T) {
	dir := t.TempDir()
	read := func() (s junit.Suite) {
		data, err := os.ReadFile(filepath.Join(dir, JUnitFile))
		if err != nil {
			t.Fatal(err)
		}
		if err := xml.Unmarshal(data, &s); err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		return s
	}
	example(t, dir, check.Check{Name: "a", Status: check.Pass}, check.Check{Name: "b", Status: check.Fail, Detail: "why"}, check.Check{Name: "c", Status: check.Skip, Detail: "none"})
	if s := read(); s.Tests != 4 || s.Failures != 1 || s.Errors != 0 || s.Skipped != 1 || s.Cases[2].Failure.Text != "why" || s.Cases[3].Skipped == nil {
		t.Errorf("got %+v", s)
	}
	example(t, dir)
	if s := read(); s.Tests != 1 || s.Errors != 1 || s.Cases[0].Error.Text != "kernel panic: <oops> & more" {
		t.Errorf("got %+v", s)
	}
}

func TestTable(t *testing.T) {
	top := t.TempDir()
	bios, uefi, broken := filepath.Join(top, "bios"), filepath.Join(top, "uefi"), filepath.Join(top, "broken")
	example(t, bios, check.Check{Name: "kernel-release", Status: check.Pass})
	example(t, uefi, check.Check{Name: "kernel-release", Status: check.Fail, Detail: "other"}, check.Check{Name: "internet", Status: check.Skip, Detail: "no"})
	example(t, broken)

	var out bytes.Buffer
	if passed, err := Table(&out, []string{bios}); err != nil || !passed || strings.Contains(out.String(), "first line") {
		t.Errorf("one that passed: %v, %v\n%s", passed, err, &out)
	}
	out.Reset()
	passed, err := Table(&out, []string{bios, uefi, broken})
	if err != nil || passed {
		t.Errorf("got %v, %v", passed, err)
	}
	for _, want := range []string{
		"PASS  bios: bee.iso (sha256 abababababab), plain, bios, cd, 512 MiB, tcg, network none, disk ahci, BMC, slow, 50 s: 1 passed, 0 failed, 0 skipped\n",
		"FAIL  uefi: ", "ERROR broken: ",
		"check           bios  uefi  broken\n",
		"kernel-release  PASS  FAIL",
		"internet              SKIP",
		"\nFAIL kernel-release: other\n",
		"\nERROR kernel panic: <oops> & more\n",
		"  | last <line>\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	// What is missing hides nothing of what is there.
	out.Reset()
	passed, err = Table(&out, []string{filepath.Join(top, "none"), bios, filepath.Join(top, "never")})
	if passed || err == nil || !strings.Contains(err.Error(), filepath.Join("none", JSONFile)) || !strings.Contains(err.Error(), filepath.Join("never", JSONFile)) {
		t.Errorf("no report: %v, %v", passed, err)
	}
	if !strings.HasPrefix(out.String(), "PASS  bios: ") || !strings.Contains(out.String(), "check           bios\n") {
		t.Errorf("beside one that is missing: %s", &out)
	}
}

func TestFind(t *testing.T) {
	top := t.TempDir()
	folder := func(parts ...string) string { return filepath.Join(append([]string{top}, parts...)...) }
	pass := check.Check{Name: "a", Status: check.Pass}
	for _, dir := range []string{folder("direct"), folder("job-1", "a"), folder("job-2", "b"), folder("job-2", "b", "within"), folder("job-3", "c", ".part"), folder("deep", "deeper", "deepest", "x")} {
		example(t, dir, pass)
	}
	if err := os.MkdirAll(folder("job-3", "c"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ dirs, want []string }{
		// too deep, and nothing: they are missing there
		"a folder of folders": {[]string{top}, []string{folder("deep", "deeper"), folder("direct"), folder("job-1", "a"), folder("job-2", "b"), folder("job-3", "c")}},
		"the reports' own":    {[]string{folder("job-2", "b"), folder("direct")}, []string{folder("job-2", "b"), folder("direct")}},
		"not there":           {[]string{folder("none")}, []string{folder("none")}},
	} {
		got, err := Find(c.dirs)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
	if got, err := Find([]string{folder("direct", JSONFile)}); err == nil {
		t.Errorf("a file is taken for a folder: %q", got)
	}
}
