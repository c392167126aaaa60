package report

import (
	"bytes"
	"encoding/xml"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"bee/core/junit"
)

// FuzzRead: a report that was read is written as it was, for programs, CI systems and
// people.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"schema_version": 2, "verdict": "fail", "iso": {"file": "bee.iso", "sha256": "ab", "size_bytes": 2048},
		"machine": {"profile": "plain", "firmware": "bios", "media": "cd", "accelerator": "tcg", "memory_mib": 512, "cpus": 2,
		"network": "none", "disk": "ahci", "bmc": true, "qemu_version": "7.2.22"}, "shell": "serial",
		"timeline": [{"name": "kernel", "seconds": 3.25, "line": "Linux version 6.12"}],
		"checks": [{"name": "a", "status": "FAIL", "detail": "\u0000 <x>"}], "counts": {"passed": 0, "failed": 1, "skipped": 0}, "duration_seconds": 50.5}`))
	f.Add([]byte(`{"schema_version": 2, "checks": null}`))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, JSONFile), data, 0o600); err != nil {
			t.Fatal(err)
		}
		read, err := Read(dir)
		if err != nil {
			return
		}
		if err := read.Write(dir, ""); err != nil {
			t.Fatal(err)
		}
		if again, err := Read(dir); err != nil || !reflect.DeepEqual(again, read) {
			t.Errorf("%+v, %v\nafter\n%+v", again, err, read)
		}
		written, err := os.ReadFile(filepath.Join(dir, JUnitFile))
		if err != nil {
			t.Fatal(err)
		}
		var s junit.Suite
		if err := xml.Unmarshal(written, &s); err != nil || len(s.Cases) != len(read.Checks)+1 {
			t.Errorf("%v: %s", err, written)
		}
		if passed, err := Table(&bytes.Buffer{}, []string{dir}); err != nil || passed != (read.Verdict == Pass) {
			t.Errorf("%v, %v", passed, err)
		}
	})
}
