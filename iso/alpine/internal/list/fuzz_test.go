package list

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func FuzzRead(f *testing.F) {
	f.Add("# base\nalpine-base linux-lts # kernel\n\tbusybox>1.2 !openssh\n")
	f.Add("# nothing\n")
	path := filepath.Join(f.TempDir(), "list")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		names, err := Read(path)
		if (err == nil) != (len(names) > 0) {
			t.Fatalf("%q, %v", names, err)
		}
		for _, name := range names {
			if name == "" || strings.ContainsAny(name, "# \t\n") || !strings.Contains(text, name) {
				t.Errorf("name %q", name)
			}
		}
	})
}
