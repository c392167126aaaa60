package override

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"bee/core/versions"
)

// FuzzEdit: whatever a user wrote, a second edit changes nothing, the block holds what
// it is for, and without it the user's text is as it was.
func FuzzEdit(f *testing.F) {
	f.Add("# mine\nGO_VERSION=1.27.0")
	f.Add("A=1\n" + versions.BlockBegin + "\n# why\nBASE=debian\n" + versions.BlockEnd + "\nB=2\n")
	f.Add(versions.BlockBegin + "\r\n" + versions.BlockEnd + "\r\n#" + versions.BlockBegin)
	f.Add(versions.BlockBegin + "\n# asked 2026-11-27T10:20:30Z what\n# asked \n" + versions.BlockEnd)
	block := Block{lines, time.Date(2026, 11, 27, 10, 20, 30, 0, time.UTC)}
	path := filepath.Join(f.TempDir(), "VERSIONS.local")
	f.Fuzz(func(t *testing.T, text string) {
		once, err := Edit(text, block)
		if err != nil {
			return
		}
		if twice, err := Edit(once, block); err != nil || twice != once {
			t.Fatalf("%q, %v after %q", twice, err, once)
		}
		if err := os.WriteFile(path, []byte(once), 0o600); err != nil {
			t.Fatal(err)
		}
		if holds, err := Holds(path, lines); err != nil || !holds {
			t.Errorf("%q does not hold the lines: %v", once, err)
		}
		if asked, err := Asked(path); err != nil || !asked.Equal(block.Asked) {
			t.Errorf("%q was asked %s: %v", once, asked, err)
		}
		own, err := Edit(text, Block{})
		if err != nil {
			t.Fatal(err)
		}
		if left, err := Edit(once, Block{}); err != nil || left != own && left != own+"\n" {
			t.Errorf("%q, %v is left of %q", left, err, own)
		}
	})
}
