package collection

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bee/core/hostile"
	"bee/core/sums"
)

func put(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

const report = `{"started_at": "2026-01-02T04:04:05.678+01:00", "board": {"system": {"serial_number": "CZ 12/3"}}}`

func TestOf(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, map[string]string{
		"bee-audit.json": report, "bee-burn.json": "{}", "bee-burn-2.json": "{ }", "bee-audit.log": "audited\n", "bee-network.log": "",
		"bee-capture-host.tar.gz": strings.Repeat("x", 1000), "bee-audit.html": "<p>",
		"bee-results.log": "not this", "dropbear.log": "nor this", ".bee-12345678": "nor this", "bee- x": "nor this",
	})
	if err := errors.Join(os.Mkdir(filepath.Join(folder, "bee-folder"), 0o755), os.Symlink("/etc/shadow", filepath.Join(folder, "bee-link"))); err != nil {
		t.Fatal(err)
	}
	c, err := Of(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if want := "CZ_12_3-20260102T030405Z"; c.Folder != want || !IsFolder(c.Folder) {
		t.Errorf("got %s, want %s", c.Folder, want)
	}
	var names []string
	for _, f := range c.Files {
		names = append(names, f.Name)
	}
	if want := "bee-audit.json bee-burn.json bee-burn-2.json bee-network.log bee-audit.html bee-audit.log bee-capture-host.tar.gz"; strings.Join(names, " ") != want {
		t.Errorf("got %s, want %s", names, want)
	}

	// a log that grows, a report that another one takes the place of
	put(t, folder, map[string]string{"new": `{"later": true}`})
	log, err := os.OpenFile(filepath.Join(folder, "bee-audit.log"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = log.WriteString("more\n")
	}
	if err := errors.Join(err, log.Close(), os.Rename(filepath.Join(folder, "new"), filepath.Join(folder, Report))); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"bee-audit.log": "audited\n", Report: report} {
		f, _ := c.Find(name)
		for range 2 {
			if text, err := io.ReadAll(f.Content()); err != nil || string(text) != want {
				t.Errorf("%s: got %q, %v", name, text, err)
			}
		}
	}
	want, err := sums.Digest(strings.NewReader("audited\n"))
	if f, _ := c.Find("bee-audit.log"); f.Digest != want || err != nil {
		t.Errorf("got digest %s, want %s", f.Digest, want)
	}
}

func TestFolder(t *testing.T) {
	for text, want := range map[string]string{
		`{"started_at": "2026-01-02T03:04:05Z", "network": {"interfaces": [{"name": "ib0"}, {"mac_address": "02:00:00:00:00:01", "permanent_mac_address": "52:54:00:be:e0:01"}]}}`: "525400bee001-20260102T030405Z",
		`{"started_at": "2026-01-02T03:04:05Z"}`:                                                  "unknown-20260102T030405Z",
		`{"started_at": "2026-01-02T03:04:05Z", "board": {"system": {"serial_number": "../.."}}}`: "_._..-20260102T030405Z",
		`{"board": {"system": {"serial_number": "a"}}}`:                                           "a-20010203T040506Z",
		`rubbish`: "unknown-20010203T040506Z",
	} {
		folder := t.TempDir()
		put(t, folder, map[string]string{Report: text, "bee-late.log": ""})
		if err := os.Chtimes(filepath.Join(folder, Report), time.Time{}, time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)); err != nil {
			t.Fatal(err)
		}
		c, err := Of(folder)
		if err != nil {
			t.Fatal(err)
		}
		if c.Folder != want || !IsFolder(c.Folder) {
			t.Errorf("%s: got %s, want %s", text, c.Folder, want)
		}
		c.Close()
	}
	if c, err := Of(t.TempDir()); !errors.Is(err, ErrNothing) {
		t.Errorf("of nothing: got %v, %v", c, err)
	}
}

// Whatever a serial number is, the folder's name is one everywhere.
func FuzzSafe(f *testing.F) {
	for _, text := range hostile.Strings {
		f.Add(text)
	}
	f.Add("..")
	f.Add(strings.Repeat("/", 100))
	f.Fuzz(func(t *testing.T, serial string) {
		var id identity
		id.Board.System.SerialNumber = serial
		if name := id.folder(); !IsFolder(name) {
			t.Errorf("%q becomes %q", serial, name)
		}
	})
}
