package release

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func seed(f *testing.F, name string) []byte {
	f.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		f.Fatal(err)
	}
	return data
}

// small is a manifest with something of everything.
const small = `{"schema_version": 1, "iso": {"size_bytes": 1, "sha256": "ab"}, "release": {"BEE_BASE": "debian", "BEE_KERNEL": "6.12"},
	"packages": [{"name": "a", "version": "1", "architecture": "all"}], "medium": [{"path": "/a", "type": "file"}],
	"layers": [{"path": "/b", "files": [{"path": "/c", "type": "file", "mode": "0644", "sha256": "cd"}]}]}`

// FuzzDifferences: manifests that are equal do not differ, and what differs is told in
// a few lines.
func FuzzDifferences(f *testing.F) {
	f.Add([]byte(small), []byte(strings.Replace(small, `"cd"`, `"ef"`, 1)))
	f.Add(seed(f, "debian-before.json"), seed(f, "debian.json"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if lines, err := Differences(a, a); err == nil && lines != nil {
			t.Errorf("of one manifest: %q", lines)
		}
		if lines, err := Differences(a, b); err == nil && len(lines) > most+1 {
			t.Errorf("%d lines", len(lines))
		}
	})
}

// FuzzNotes: what a manifest and a report say is text in the notes' tables, and adds no
// cell or row to them.
func FuzzNotes(f *testing.F) {
	const report = `{"schema_version": 2, "verdict": "pass", "iso": {"sha256": "ab"}, "machine": {"profile": "plain"},
		"checks": [{"name": "a", "status": "SKIP"}], "counts": {"skipped": 1}}`
	f.Add("v1.0.0", []byte(small), "bios", []byte(report))
	f.Add("v1|`", []byte(small), "a|b\n", []byte(strings.Replace(report, "plain", "|\\n`", 1)))
	f.Fuzz(func(t *testing.T, version string, manifest []byte, machine string, report []byte) {
		notes, err := Notes(NotesInput{Version: version, Manifest: manifest, PreviousVersion: "v0.1.0", PreviousManifest: []byte(small),
			Reports: map[string][]byte{machine: report}})
		if err != nil {
			return
		}
		tests := notes[strings.LastIndex(notes, "\n## Tests\n"):]
		rows := 0
		for line := range strings.Lines(tests) {
			if !strings.HasPrefix(line, "|") {
				continue
			}
			rows++
			if cells := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") - 1; cells != 6 {
				t.Errorf("%d cells: %q", cells, line)
			}
		}
		if rows != 3 { // two of head
			t.Errorf("%d rows: %q", rows, tests)
		}
	})
}
