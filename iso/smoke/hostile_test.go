package main

import (
	"os"
	"path/filepath"
	"testing"

	"bee/core/check"
	"bee/core/hostile"
	"bee/core/report"
)

// verdict shows reports and consoles of anybody.
func TestHostile(t *testing.T) {
	r := report.Report{Host: "192.0.2.10:22", Reason: "broken", Checks: []check.Check{{Name: "console", Status: check.Fail, Detail: "why"}}}
	r.Conclude()
	for _, text := range hostile.Strings {
		for _, document := range hostile.Documents(r, text) {
			dir := t.TempDir()
			for name, data := range map[string][]byte{report.JSONFile: document, report.SerialFile: []byte(text)} {
				if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			output, status, err := execute("verdict", dir)
			if found := hostile.Unprintable(output); status != exitFailed || found != "" {
				t.Errorf("%.80q: exit status %d, %v, it prints %s", text, status, err, found)
			}
		}
	}
}
