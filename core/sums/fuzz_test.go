package sums

import (
	"path/filepath"
	"testing"
)

// FuzzParse: what is read is of files in the folder, and is all that was there.
func FuzzParse(f *testing.F) {
	f.Add("2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881  a b\n")
	f.Fuzz(func(t *testing.T, text string) {
		sums, err := Parse(text)
		if err != nil {
			return
		}
		again := ""
		for _, s := range sums {
			if !filepath.IsLocal(s.Name) {
				t.Errorf("%q is no file of the folder", s.Name)
			}
			again += s.String()
		}
		if again != text && again != text+"\n" {
			t.Errorf("%q after %q", again, text)
		}
	})
}
