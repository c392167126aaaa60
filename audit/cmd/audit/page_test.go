package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bee/audit/report"
)

func TestReport(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "report.json"), filepath.Join(dir, "report.html")
	var text bytes.Buffer
	if err := (&report.Report{SchemaVersion: report.SchemaVersion, Host: report.Host{Hostname: "<bee>"}}).Write(&text); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in, text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}

	page, stderr, code := cli(t, t.Context(), nil, "report", "--html", in)
	if code != 0 || stderr != "" || !strings.HasPrefix(page, "<!DOCTYPE html>") || !strings.Contains(page, "<h1>&lt;bee&gt;</h1>") {
		t.Errorf("exit code %d, stderr %q:\n%s", code, stderr, page)
	}
	if stdout, stderr, code := cli(t, t.Context(), nil, "report", "--html", "--output", out, in); code != 0 || stdout != "" || stderr != "" {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	if b, err := os.ReadFile(out); err != nil || string(b) != page {
		t.Errorf("the file holds another page; error %v", err)
	}

	for format, begin := range map[string]string{"--junit": "<?xml", "--metrics": "# HELP bee_"} {
		if stdout, stderr, code := cli(t, t.Context(), nil, "report", format, in); code != 0 || stderr != "" || !strings.HasPrefix(stdout, begin) {
			t.Errorf("%s: exit code %d, stderr %q:\n%s", format, code, stderr, stdout)
		}
	}

	// From standard input.
	cmd := root()
	var piped, errors bytes.Buffer
	cmd.SetArgs([]string{"report", "--html", "-"})
	cmd.SetIn(&text)
	cmd.SetOut(&piped)
	cmd.SetErr(&errors)
	if code := execute(t.Context(), cmd); code != 0 || piped.String() != page {
		t.Errorf("standard input: exit code %d: %s", code, errors.String())
	}
}

func TestReportRefuses(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.json")
	if err := os.WriteFile(bad, []byte("no report"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
		say  string
	}{
		{"report", 2, "report --html, --junit or --metrics"},
		{"report --html --metrics " + bad, 2, "exclude each other"},
		{"report --junit " + bad, 1, bad},
		{"report " + bad, 2, "report --html"},
		{"report --html a b", 2, "report --help"},
		{"report --html /no/such/file", 1, "/no/such/file"},
		{"report --html " + bad, 1, bad},
		{"report --html -", 1, "standard input"},
	} {
		stdout, stderr, code := cli(t, t.Context(), nil, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(stderr, c.say) || stdout != "" {
			t.Errorf("audit %s: exit code %d, want %d; stdout %q, stderr %q", c.args, code, c.code, stdout, stderr)
		}
	}
}
