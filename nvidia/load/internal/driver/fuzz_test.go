package driver

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"bee/nvidia/load/internal/flavour"
)

// FuzzWish is of the kernel command line, which whoever starts the machine writes.
func FuzzWish(f *testing.F) {
	f.Add("quiet bee.nvidia=open bee.nvidia=off\n")
	f.Add("bee.nvidia=\x00 bee.nvidia")
	root := f.TempDir()
	if err := os.Mkdir(filepath.Join(root, "proc"), 0o755); err != nil {
		f.Fatal(err)
	}
	l := &Loader{Root: root, Say: func(string, ...any) {}}
	f.Fuzz(func(t *testing.T, line string) {
		if err := os.WriteFile(filepath.Join(root, "proc/cmdline"), []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
		if wish := l.wish(); !slices.Contains([]flavour.Flavour{"", off, flavour.Open, flavour.Proprietary}, wish) {
			t.Errorf("%q", wish)
		}
	})
}
