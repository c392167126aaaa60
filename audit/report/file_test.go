package report

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWrittenIsRead(t *testing.T) {
	var b bytes.Buffer
	if err := (&Report{SchemaVersion: SchemaVersion, Host: Host{Hostname: "<bee>"}}).Write(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `"<bee>"`) {
		t.Errorf("text is escaped for HTML: %s", b.Bytes())
	}
	path := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	if r, err := Read(path); err != nil || r.Host.Hostname != "<bee>" {
		t.Errorf("read back: %+v, error %v", r, err)
	}
}

func TestReadRefuses(t *testing.T) {
	for _, text := range []string{"", "[1]", "{}", `{"cpu": {}}`} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: error %v", text, err)
		}
	}
}
