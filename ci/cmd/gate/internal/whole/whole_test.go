package whole

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"bee/core/sums"
)

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// holds checks what is in a folder: NAME=TEXT, one after the other.
func holds(t *testing.T, what, folder, want string) {
	t.Helper()
	var files []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			text, _ := os.ReadFile(path)
			name, _ := filepath.Rel(folder, path)
			files = append(files, name+"="+string(text))
		}
		return err
	})
	if got := strings.Join(files, " "); err != nil || got != want {
		t.Errorf("%s: there is %s, %v; want %s", what, got, err, want)
	}
}

// source is one that exports by a function.
type source struct {
	size   int64
	export func(folder string) error
}

func (s source) Size(context.Context) (int64, error) { return s.size, nil }
func (s source) Contents(_ context.Context, name string) (string, error) {
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(folder)
	if err := s.export(folder); err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(folder, name))
	return string(text), err
}
func (s source) Export(_ context.Context, folder string) error { return s.export(folder) }

func TestFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "dist")
	text := func(text string) source {
		return source{10, func(folder string) error {
			put(t, filepath.Join(folder, "a"), text)
			put(t, filepath.Join(folder, "sub", text), text)
			return os.Chmod(folder, 0o700)
		}}
	}
	if err := Folder(t.Context(), folder, text("1")); err != nil {
		t.Fatal(err)
	}
	holds(t, "first", folder, "a=1 sub/1=1")
	for name, want := range map[string]fs.FileMode{"": 0o755, "a": 0o644, "sub": 0o755, "sub/1": 0o644} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%q: %v, %v; want %v", name, info.Mode(), err, want)
		}
	}

	put(t, filepath.Join(folder, "mine"), "x")
	put(t, filepath.Join(folder, part, "left"), "of one that was killed")
	if err := Folder(t.Context(), folder, text("2")); err != nil {
		t.Fatal(err)
	}
	holds(t, "again", folder, "a=2 mine=x sub/2=2")

	odd := errors.New("odd")
	failing := func(string) error { return odd }
	if err := Folder(t.Context(), folder, text("3"), failing); err == nil || err.Error() != "odd" {
		t.Errorf("a check fails: %v", err)
	}
	broken := source{10, func(folder string) error { return errors.Join(text("3").export(folder), odd) }}
	if err := Folder(t.Context(), folder, broken); err == nil || err.Error() != "odd" {
		t.Errorf("it cannot be filled: %v", err)
	}
	holds(t, "after a failure", folder, "a=2 mine=x sub/2=2")
	none := filepath.Join(t.TempDir(), "none")
	if err := Folder(t.Context(), none, broken); !errors.Is(err, odd) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(none); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder was left behind: %v", err)
	}
}

func TestNoRoom(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "dist")
	err := Folder(t.Context(), folder, source{1 << 60, func(string) error { return errors.New("EOF") }})
	if err == nil || !strings.HasPrefix(err.Error(), "EOF\nno space left in "+folder+": 1099511627776.0 MiB are needed, ") {
		t.Errorf("got %v", err)
	}
}

// A small file system that is full says how full, without what of the new files is there.
func TestSmallFileSystem(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small file system")
	}
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("no small file system: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(folder, 0) })
	put(t, filepath.Join(folder, "a"), "old")
	const size = 1500 << 10
	err := Folder(t.Context(), folder, source{size, func(waiting string) error {
		return os.WriteFile(filepath.Join(waiting, "a"), make([]byte, size), 0o600)
	}})
	if !errors.Is(err, syscall.ENOSPC) || !strings.HasSuffix(err.Error(), "\nno space left in "+folder+": 1.5 MiB are needed, 1.0 MiB are free") {
		t.Errorf("got %v", err)
	}
	holds(t, "after that", folder, "a=old")
}

func TestFile(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "lock")
	put(t, file, "old")
	odd := errors.New("odd")
	err := File(file, func(path string) error {
		put(t, path, "ne")
		return odd
	})
	if !errors.Is(err, odd) {
		t.Errorf("got %v", err)
	}
	holds(t, "after a failure", folder, "lock=old")
	if err := File(file, func(path string) error { return os.WriteFile(path, []byte("new"), 0o600) }); err != nil {
		t.Fatal(err)
	}
	holds(t, "after that", folder, "lock=new")
}

// What somebody puts there meanwhile is not written through.
func TestLinks(t *testing.T) {
	folder, victim := t.TempDir(), t.TempDir()
	lock := filepath.Join(folder, "lock")
	for _, path := range []string{lock, lock + part} {
		put(t, filepath.Join(victim, "victim"), "theirs")
		if err := os.Symlink(filepath.Join(victim, "victim"), path); err != nil {
			t.Fatal(err)
		}
	}
	if err := File(lock, func(path string) error { return os.WriteFile(path, []byte("new"), 0o600) }); err != nil {
		t.Error(err)
	}
	if err := os.Symlink(victim, filepath.Join(folder, part)); err != nil {
		t.Fatal(err)
	}
	if err := Folder(t.Context(), folder, source{10, func(waiting string) error {
		return os.WriteFile(filepath.Join(waiting, "lock"), []byte("newer"), 0o600)
	}}); err != nil {
		t.Error(err)
	}
	holds(t, "where the links led", victim, "victim=theirs")
	holds(t, "in their place", folder, "lock=newer lock.part=theirs")
}

func TestSummed(t *testing.T) {
	exports := 0
	of := func(text string) source {
		return source{10, func(folder string) error {
			exports++
			put(t, filepath.Join(folder, "a"), text)
			put(t, filepath.Join(folder, sums.File), fmt.Sprintf("%x  a\n", sha256.Sum256([]byte(text))))
			return nil
		}}
	}
	folder := t.TempDir()
	for _, step := range []struct {
		what, text, before string
		exports            int // looking at the sums is one, too
	}{
		{"new", "1", "", 2},
		{"the same", "1", "", 1},
		{"another", "2", "", 2},
		{"the same, but damaged", "2", "x", 2},
	} {
		if step.before != "" {
			put(t, filepath.Join(folder, "a"), step.before)
		}
		exports = 0
		if err := Summed(t.Context(), folder, of(step.text)); err != nil {
			t.Fatal(err)
		}
		if exports != step.exports {
			t.Errorf("%s: %d exports, want %d", step.what, exports, step.exports)
		}
		if err := Checked(folder); err != nil {
			t.Errorf("%s: %v", step.what, err)
		}
		if text, err := os.ReadFile(filepath.Join(folder, "a")); string(text) != step.text {
			t.Errorf("%s: there is %q, %v", step.what, text, err)
		}
	}
}
