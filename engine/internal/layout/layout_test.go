package layout

import (
	"os"
	"path/filepath"
	"testing"
)

// Nobody else gets at the engine's socket, nor at its logs, also where an older program made
// the folder.
func TestMakeIsForItsUserAlone(t *testing.T) {
	l := Layout(filepath.Join(t.TempDir(), "cache", "bee", "engine"))
	for _, before := range []string{"none", "open"} {
		if before == "open" {
			if err := os.Chmod(string(l), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Make(); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(string(l)); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s before: %v, %v", before, info.Mode(), err)
		}
	}
}
