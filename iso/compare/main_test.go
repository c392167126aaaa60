package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bee/core/comparison"
	"bee/core/hostile"
)

// Whatever a command line holds, what is told of it is printable.
func TestHostile(t *testing.T) {
	status := func(err error, stderr io.Writer) int {
		if got := exitStatus(err, stderr); got != unreadable {
			return got
		}
		return 1 // as the test has it
	}
	hostile.Refused(t, command, status, func(text string) [][]string {
		return [][]string{{"--" + text}, {filepath.Join(t.TempDir(), text), "none.iso"}}
	})
}

// newISO makes an ISO with a file.
func newISO(t *testing.T, content string) string {
	t.Helper()
	if _, err := exec.LookPath("xorriso"); err != nil {
		t.Skip("xorriso is not installed")
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "file"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	iso := filepath.Join(t.TempDir(), "bee.iso")
	out, err := exec.Command("xorriso", "-as", "mkisofs", "-quiet", "-r", "-o", iso,
		"--set_all_file_dates", "=1764000000", "--modification-date=2025112416000000", folder).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return iso
}

func TestStatus(t *testing.T) {
	one, same, other := newISO(t, "abc"), newISO(t, "abc"), newISO(t, "abd")
	none := filepath.Join(t.TempDir(), "none.iso")
	for _, test := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{one, same}, 0, "EQUAL: both are sha256 "},
		{[]string{one, other}, different, "DIFFERS    /file: content: both have 3 bytes, which differ from byte 2 on\nDIFFERENT: 1 differences\n"},
		{[]string{one, none}, unreadable, "compare: "},
		{[]string{one}, unreadable, "compare: "},
	} {
		var out bytes.Buffer
		cmd := command()
		cmd.SetArgs(test.args)
		cmd.SetOut(&out)
		if got := exitStatus(cmd.Execute(), &out); got != test.status || !strings.Contains(out.String(), test.says) {
			t.Errorf("%q: status %d, %s", test.args, got, &out)
		}
	}
	var out bytes.Buffer
	cmd := command()
	cmd.SetArgs([]string{"--json", one, other})
	cmd.SetOut(&out)
	if got := exitStatus(cmd.Execute(), io.Discard); got != different {
		t.Errorf("--json: status %d", got)
	}
	if r, err := comparison.Parse(out.Bytes()); err != nil || r.Equal || r.Differences[0].Path != "/file" {
		t.Errorf("--json: %+v, %v", r, err)
	}
}
