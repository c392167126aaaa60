package override

import (
	"os"
	"path/filepath"
	"testing"

	"bee/core/versions"
)

// FuzzEdit: whatever a user wrote, a second edit changes nothing, the block holds what
// it is for, and without it the user's text is as it was.
func FuzzEdit(f *testing.F) {
	f.Add("# mine\nGO_VERSION=1.27.0")
	f.Add("A=1\n" + versions.BlockBegin + "\n# why\nBASE=debian\n" + versions.BlockEnd + "\nB=2\n")
	f.Add(versions.BlockBegin + "\r\n" + versions.BlockEnd + "\r\n#" + versions.BlockBegin)
	path := filepath.Join(f.TempDir(), "VERSIONS.local")
	f.Fuzz(func(t *testing.T, text string) {
		once, err := Edit(text, lines)
		if err != nil {
			return
		}
		if twice, err := Edit(once, lines); err != nil || twice != once {
			t.Fatalf("%q, %v after %q", twice, err, once)
		}
		if err := os.WriteFile(path, []byte(once), 0o600); err != nil {
			t.Fatal(err)
		}
		if holds, err := Holds(path, lines); err != nil || !holds {
			t.Errorf("%q does not hold the lines: %v", once, err)
		}
		own, err := Edit(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		if left, err := Edit(once, nil); err != nil || left != own && left != own+"\n" {
			t.Errorf("%q, %v is left of %q", left, err, own)
		}
	})
}
