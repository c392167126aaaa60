package reports

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bee/core/check"
	"bee/core/report"
)

func write(t *testing.T, dir string, status check.Status) {
	t.Helper()
	r := &report.Report{Checks: []check.Check{{Name: "memory", Status: status, Detail: "x"}}}
	r.Conclude()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := r.Write(dir, "text\n"); err != nil {
		t.Fatal(err)
	}
}

func TestFind(t *testing.T) {
	top := t.TempDir()
	write(t, filepath.Join(top, "direct"), check.Pass)
	write(t, filepath.Join(top, "job-1", "a"), check.Pass)
	write(t, filepath.Join(top, "job-2", "b"), check.Fail)
	if err := os.MkdirAll(filepath.Join(top, "job-3", "c"), 0o755); err != nil {
		t.Fatal(err)
	}
	results, err := Find([]string{top})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range results {
		got = append(got, r.Name+" "+string(r.Verdict())+" "+r.Reason())
	}
	want := []string{"direct pass ", "a pass ", "b fail ", "c error no report"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if failed := results[2].Failed(); len(failed) != 1 || failed[0].Name != "memory" {
		t.Errorf("got %v", failed)
	}

	if err := os.WriteFile(filepath.Join(top, "direct", report.JSONFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if results, err = Find([]string{filepath.Join(top, "direct")}); err != nil || !strings.Contains(results[0].Reason(), "unexpected end") {
		t.Errorf("a damaged report: %v, %+v", err, results)
	}
	if results, err = Find([]string{filepath.Join(top, "none")}); err != nil || results[0].Reason() != "no report" {
		t.Errorf("no folder: %v, %+v", err, results)
	}
	if _, err := Find([]string{filepath.Join(top, "direct", report.JSONFile)}); err == nil {
		t.Error("a file is taken for a folder")
	}
	write(t, filepath.Join(top, "other", "a"), check.Pass)
	results, err = Find([]string{filepath.Join(top, "job-1", "a"), filepath.Join(top, "other", "a")})
	if err != nil || results[0].Name == results[1].Name {
		t.Errorf("two of the same name: %+v, %v", results, err)
	}
}

func TestVerdict(t *testing.T) {
	with := func(v report.Verdict) Result { return Result{Report: &report.Report{Verdict: v}} }
	pass, fail, broken := with(report.Pass), with(report.Fail), with(report.Error)
	for _, c := range []struct {
		results []Result
		want    report.Verdict
	}{
		{nil, report.Error},
		{[]Result{pass}, report.Pass},
		{[]Result{broken, pass}, report.Error},
		{[]Result{{}, fail, pass}, report.Fail},
		{[]Result{{Problem: "no report"}, pass}, report.Error},
	} {
		if got := Verdict(c.results); got != c.want {
			t.Errorf("%+v: %s, want %s", c.results, got, c.want)
		}
	}
	if broken.Reason() != "nothing was checked" {
		t.Errorf("no reason: %q", broken.Reason())
	}
}

func TestOf(t *testing.T) {
	r := &report.Report{Verdict: report.Pass}
	found := []Result{{Name: "b", Report: r}, {Name: "smoke", Problem: "no report"}, {Name: "x", Report: r}}
	var got []string
	for _, r := range Of([]string{"a", "b"}, found) {
		got = append(got, r.Name+" "+r.Reason())
	}
	if want := []string{"a no report", "b ", "x "}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
