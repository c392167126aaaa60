package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bee/audit/report"
	"bee/audit/report/sample"
	"bee/audit/show/qr"
)

// writeReport writes a report into a file.
func writeReport(t *testing.T, r *report.Report) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.json")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := r.Write(file); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestShow(t *testing.T) {
	path := writeReport(t, sample.Server())
	for _, c := range []struct{ args, want, not string }{
		{path, "59 ×", "S/N ZR500000"},
		{path + " --verbose", "S/N ZR500000", "59 ×"},
		{path + " --qr", "QR code 4 of 4", "Storage"},
		{path + " --overview", "audit show says all of it", "Storage"},
	} {
		stdout, stderr, code := cli(t, t.Context(), nil, append([]string{"show"}, strings.Fields(c.args)...)...)
		if code != 0 || !strings.Contains(stdout, "CRITICAL") || !strings.Contains(stdout, c.want) || strings.Contains(stdout, c.not) || strings.Contains(stdout, "\x1b") {
			t.Errorf("audit show %s: exit code %d, %s\n%s", c.args, code, stderr, stdout)
		}
	}
	// The payload is described with the keys that it has.
	help, _, _ := cli(t, t.Context(), nil, "show", "--help")
	for _, text := range qr.Payload(sample.Server()) {
		for line := range strings.Lines(text) {
			if key, _, ok := strings.Cut(line, "="); ok && !strings.Contains(help, key) {
				t.Errorf("audit show --help says nothing of %s", key)
			}
		}
	}
}

// What a live system says of its ways in is what its console shows; the rest of what a system
// greets people with is not.
func TestWays(t *testing.T) {
	for issue, want := range map[string][]string{
		"":                                nil,
		"Debian GNU/Linux 13 \\n \\l\n\n": nil,
		"bee: SSH password for root and bee: abcdefgh234567\nbee: SSH host key SHA256:x\n\n": {"bee: SSH password for root and bee: abcdefgh234567", "bee: SSH host key SHA256:x"},
		"bee: SSH by key only\x1b[2J\n": {`bee: SSH by key only\x1b[2J`},
	} {
		if got := ways(issue); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", issue, got, want)
		}
	}
}

func TestCompletion(t *testing.T) {
	for args, want := range map[string]string{
		"show ":             "json\n:8\n",
		"validate ":         "json\n:8\n",
		"show report.json ": ":4\n",
		"run --output ":     "json\n:8\n",
		"--output ":         "json\n:8\n",
		"schema ":           "report\nbaseline\ncomparison\nfleet\n:4\n",
		"diff a.json ":      "json\n:8\n",
		"fleet a.json ":     "json\n:8\n",
		"fleet --html ":     "html\n:8\n",
		"report --output ":  "html\nxml\nprom\n:8\n",
		"check --baseline ": "yaml\nyml\njson\n:8\n",
	} {
		stdout, _, _ := cli(t, t.Context(), nil, append([]string{"__complete"}, strings.Split(args, " ")...)...)
		if stdout != want {
			t.Errorf("audit %s: completed with %q, want %q", args, stdout, want)
		}
	}
}

func TestMan(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	page, _, code := cli(t, t.Context(), nil, "man")
	if code != 0 || !strings.Contains(page, "2023-11-14") {
		t.Errorf("exit code %d:\n%s", code, page)
	}
	for _, c := range root().Commands() {
		if !strings.Contains(page, ".SS \""+c.Name()+"\"\n") {
			t.Errorf("the page has no %s", c.Name())
		}
	}
	if again, _, _ := cli(t, t.Context(), nil, "man"); again != page {
		t.Error("another page at the second time")
	}
	t.Setenv("SOURCE_DATE_EPOCH", "today")
	if _, stderr, code := cli(t, t.Context(), nil, "man"); code != 1 || !strings.Contains(stderr, "today") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
