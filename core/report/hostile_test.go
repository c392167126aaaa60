package report

import (
	"bytes"
	"encoding/xml"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"bee/core/check"
	"bee/core/hostile"
	"bee/core/junit"
)

// Whatever a report or a console holds, nothing of it but printable text arrives where it is
// shown, and where programs read it there is as much as was meant.
func TestHostile(t *testing.T) {
	r := example(t, t.TempDir(), check.Check{Name: "a", Status: check.Fail, Detail: "why"}, check.Check{Name: "b", Status: check.Skip, Detail: "none"})
	r.Reason = "broken"
	for _, text := range hostile.Strings {
		for _, document := range hostile.Documents(*r, text) {
			arrives(t, text, document)
		}
	}
}

func arrives(t *testing.T, text string, document []byte) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, JSONFile), document, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, SerialFile), []byte("before\n"+text+"\nafter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	read, err := Read(dir)
	if err != nil {
		t.Fatalf("%.80q: %v", text, err)
	}
	var shown bytes.Buffer
	if _, err := Table(&shown, []string{dir}); err != nil {
		t.Fatal(err)
	}
	if found := hostile.Unprintable(shown.String()); found != "" || !strings.Contains(shown.String(), read.Reason) {
		t.Errorf("%.80q: the table has %s", text, found)
	}
	again := t.TempDir()
	if err := read.Write(again, ""); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{JSONFile, JUnitFile, SummaryFile} {
		data, err := os.ReadFile(filepath.Join(again, name))
		if found := hostile.Unprintable(string(data)); err != nil || found != "" {
			t.Errorf("%.80q: %s has %s, error %v", text, name, found, err)
		}
		var s junit.Suite
		switch name {
		case JSONFile:
			if same, err := Read(again); err != nil || !reflect.DeepEqual(same, read) {
				t.Errorf("%.80q: %s is another report, error %v", text, name, err)
			}
		case JUnitFile:
			if err := xml.Unmarshal(data, &s); err != nil || len(s.Cases) != 3 || s.Cases[1].Name != read.Checks[0].Name || s.Cases[0].Error.Text != read.Reason {
				t.Errorf("%.80q: %s has %d cases, error %v", text, name, len(s.Cases), err)
			}
		case SummaryFile:
			if n := strings.Count(string(data), "\n"); n > 5 {
				t.Errorf("%.80q: %s has %d lines", text, name, n)
			}
		}
	}
}
