package report

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestFileAppearsWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(path, []byte("the one before"), 0o600); err != nil {
		t.Fatal(err)
	}
	abandoned, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := abandoned.Close(); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(path); string(b) != "the one before" {
		t.Errorf("an abandoned report has replaced the one before: %q", b)
	}

	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Write(&Report{SchemaVersion: SchemaVersion, Host: Host{Hostname: "<bee>"}}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := Read(path)
	if err != nil || r.Host.Hostname != "<bee>" {
		t.Errorf("read back: %+v, error %v", r, err)
	}
	if b, _ := os.ReadFile(path); !strings.Contains(string(b), `"<bee>"`) {
		t.Errorf("text is escaped for HTML: %s", b)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v", info.Mode())
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("files left behind: %v", left)
	}
}

// A link stays a link, a pipe stays a pipe.
func TestFileOtherThanRegular(t *testing.T) {
	dir := t.TempDir()
	real, link, pipe := filepath.Join(dir, "real"), filepath.Join(dir, "link"), filepath.Join(dir, "pipe")
	if err := os.WriteFile(real, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", link); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o644); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = os.ReadFile(pipe) }()
	for _, path := range []string{link, pipe} {
		f, err := Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Write(&Report{SchemaVersion: SchemaVersion}); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		_ = f.Close()
	}
	if info, _ := os.Lstat(link); info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link is gone")
	}
	if _, err := Read(real); err != nil {
		t.Errorf("behind the link: %v", err)
	}
	if info, _ := os.Lstat(pipe); info.Mode()&os.ModeNamedPipe == 0 {
		t.Error("the pipe is gone")
	}
	if _, err := Create(dir); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("a folder: error %v", err)
	}
	if _, err := Create(filepath.Join(dir, "no", "such", "folder")); err == nil {
		t.Error("a file in no folder can be created")
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
