package outfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func content(w io.Writer) error {
	_, err := io.WriteString(w, "all of it")
	return err
}

func TestFileAppearsWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("the one before"), 0o600); err != nil {
		t.Fatal(err)
	}
	abandoned, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("half-way")
	if err := abandoned.Write(func(w io.Writer) error { return errors.Join(content(w), broken) }); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
	if err := abandoned.Close(); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(path); string(b) != "the one before" {
		t.Errorf("an abandoned file has replaced the one before: %q", b)
	}

	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(path); string(b) != "all of it" {
		t.Errorf("content %q", b)
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
	piped := make(chan string)
	go func() {
		b, _ := os.ReadFile(pipe)
		piped <- string(b)
	}()
	for _, path := range []string{link, pipe} {
		f, err := Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Write(content); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		_ = f.Close()
	}
	if info, _ := os.Lstat(link); info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link is gone")
	}
	if b, _ := os.ReadFile(real); string(b) != "all of it" {
		t.Errorf("behind the link: %q", b)
	}
	if info, _ := os.Lstat(pipe); info.Mode()&os.ModeNamedPipe == 0 {
		t.Error("the pipe is gone")
	} else if b := <-piped; b != "all of it" {
		t.Errorf("through the pipe: %q", b)
	}
	if _, err := Create(dir); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("a folder: error %v", err)
	}
	if _, err := Create(filepath.Join(dir, "no", "such", "folder")); err == nil {
		t.Error("a file in no folder can be created")
	}
}
