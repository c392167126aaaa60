package memory

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestRead(t *testing.T) {
	folder := t.TempDir()
	m, err := In(folder)
	if err != nil {
		t.Fatal(err)
	}
	reads := 0
	read := func(m Memory, sum string) []string {
		t.Helper()
		got, err := Read(m, sum, func() ([]string, error) {
			reads++
			return []string{sum}, nil
		})
		if err != nil || len(got) != 1 || got[0] != sum {
			t.Errorf("%s: got %q, %v", sum, got, err)
		}
		return got
	}
	for range 2 {
		read(m, "aa")
		read(m, "bb")
	}
	if reads != 2 {
		t.Errorf("two files were read %d times", reads)
	}
	read(Memory{}, "aa")
	if reads != 3 {
		t.Error("no memory, and it remembers")
	}

	// What is damaged is read again, and mended.
	files, err := filepath.Glob(filepath.Join(folder, "*/aa.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%q, %v", files, err)
	}
	if err := os.WriteFile(files[0], []byte(`["a`), 0o644); err != nil {
		t.Fatal(err)
	}
	read(m, "aa")
	read(m, "aa")
	if reads != 4 {
		t.Errorf("after damage: read %d times", reads)
	}

	// What cannot be read is not kept.
	fails := errors.New("no such image")
	for range 2 {
		if _, err := Read(m, "cc", func() (string, error) { reads++; return "", fails }); err != fails {
			t.Errorf("got %v", err)
		}
	}
	if reads != 6 {
		t.Errorf("failures: read %d times", reads)
	}
}
