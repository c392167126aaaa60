package progress

import (
	"os"
	"path/filepath"
	"testing"

	"bee/core/hostile"
)

// Whatever a program says of what goes on, its line is printable.
func TestHostile(t *testing.T) {
	stderr := os.Stderr
	t.Cleanup(func() { os.Stderr = stderr })
	for _, text := range hostile.Strings {
		name := filepath.Join(t.TempDir(), "stderr")
		file, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		os.Stderr = file
		Step("%s", text)()
		file.Close()
		said, err := os.ReadFile(name)
		if found := hostile.Unprintable(string(said)); err != nil || len(said) == 0 || found != "" {
			t.Errorf("%.80q: error %v, it writes %s", text, err, found)
		}
	}
}
