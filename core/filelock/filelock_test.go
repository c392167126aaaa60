package filelock

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "lock")
	holder := func(want string, held bool) {
		t.Helper()
		if says, is, err := Holder(path); err != nil || says != want || is != held {
			t.Errorf("holder: %q, %v, %v; want %q, %v", says, is, err, want, held)
		}
	}
	holder("", false)
	lock, err := Try(path, "the first one")
	if err != nil {
		t.Fatal(err)
	}
	holder("the first one", true)
	if _, err := Try(path, "x"); !errors.Is(err, ErrLocked) {
		t.Errorf("a second lock: %v", err)
	}
	lock.Release()
	holder("", false) // though the file still says who held it
	if lock, err = Try(path, "second"); err != nil {
		t.Fatal(err)
	}
	holder("second", true)
	lock.Release()
}

// A process that is killed leaves no lock behind.
func TestKilled(t *testing.T) {
	path := os.Getenv("FILELOCK_TEST")
	if path != "" {
		lock, err := Try(path, "child")
		if err != nil {
			t.Fatal(err)
		}
		defer lock.Release() // or the collector may close the file
		os.Stdout.WriteString("locked\n")
		select {}
	}
	path = filepath.Join(t.TempDir(), "lock")
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
	cmd.Env = append(os.Environ(), "FILELOCK_TEST="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 7)); err != nil {
		t.Fatal(err)
	}
	if says, held, err := Holder(path); err != nil || !held || says != "child" {
		t.Errorf("holder: %q, %v, %v", says, held, err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	if _, held, err := Holder(path); err != nil || held {
		t.Errorf("after its end: %v, %v", held, err)
	}
}

// Whoever may read a file may put a lock on it that keeps this one away: nobody else may,
// also where an older program made the file.
func TestOthersCannotLock(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "locks")
	path := filepath.Join(folder, "lock")
	for _, before := range []string{"none", "open"} {
		if before == "open" {
			if err := os.Chmod(path, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		lock, err := Try(path, "")
		if err != nil {
			t.Fatal(err)
		}
		lock.Release()
		for name, want := range map[string]os.FileMode{folder: 0o700, path: 0o600} {
			if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
				t.Errorf("%s before: %s is %v, %v; want %v", before, name, info.Mode(), err, want)
			}
		}
	}
}
