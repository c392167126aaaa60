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
	for text, want := range map[string]string{
		"":                                      "not an audit report: it is empty",
		"[1]":                                   "not an audit report: it is an array, not an object",
		"{}":                                    "no schema_version",
		`{"cpu": {}}`:                           "no schema_version",
		`{"schema_version": 2}`:                 "schema_version is a number, not a string",
		`{"schema_version": "2.0", "cpu": 5}`:   "has schema version 2.0",
		`{"schema_version": "10.0", "cpu": 5}`:  "has schema version 10.0",
		`{"schema_version": "1.0", "gpus": []}`: "no collectors",
		`{"schema_version": "1.0", "collectors": [], "cpu": 5}`: "not an audit report: cpu is a number, not an object",
	} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", text, err, want)
		}
	}
}

// A report of a later minor version has more fields, and the same meaning.
func TestReadNewer(t *testing.T) {
	r, err := Decode([]byte(`{"schema_version": "1.999", "collectors": [], "fans": [], "host": {"hostname": "bee"}}`), "it")
	if err != nil || r.Host.Hostname != "bee" {
		t.Errorf("%+v, error %v", r, err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"schema_version": "1.1", "collectors": [], "cpu": {"sockets": [{"cores": 4}]}, "errors": null}`))
	f.Add([]byte(`{"schema_version": "1.", "collectors": {}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Decode(text, "NAME")
		if err != nil {
			if r != nil || !strings.Contains(err.Error(), "NAME") || strings.Contains(err.Error(), "Go ") {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		// What was read can be written and is read again.
		var b bytes.Buffer
		if err := r.Write(&b); err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(b.Bytes(), "it"); err != nil {
			t.Errorf("%q: written anew: %v", text, err)
		}
	})
}
