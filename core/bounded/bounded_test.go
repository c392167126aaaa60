package bounded

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	for _, size := range []int{0, 1, 512, 513, 3<<20 + 7} {
		want := bytes.Repeat([]byte("abcdefg"), size/7+1)[:size]
		if err := os.WriteFile(file, want, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadFile(file); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: %d bytes, error %v", size, len(got), err)
		}
	}
	// A file with holes takes no room.
	if err := os.Truncate(file, Max+1); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, "/dev/zero"} {
		if _, err := ReadFile(name); err == nil || !strings.HasPrefix(err.Error(), name+" is larger than 256 MiB") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := ReadFile(file + "s"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: error %v", err)
	}
}

func TestReadAll(t *testing.T) {
	broken := errors.New("broken")
	if _, err := ReadAll(io.MultiReader(strings.NewReader("x"), iotest.ErrReader(broken)), "x"); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if text, err := ReadAll(iotest.OneByteReader(strings.NewReader(strings.Repeat("x", 2000))), "x"); err != nil || len(text) != 2000 {
		t.Errorf("%d bytes, error %v", len(text), err)
	}
}
