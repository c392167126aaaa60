package whole

import (
	"path/filepath"
	"testing"
)

// FuzzParseSums: what is read is of files in the folder, and is all that was there.
func FuzzParseSums(f *testing.F) {
	f.Add("2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881  a b\n")
	f.Fuzz(func(t *testing.T, text string) {
		sums, err := parseSums(text)
		if err != nil {
			return
		}
		again := ""
		for _, s := range sums {
			if !filepath.IsLocal(s.name) {
				t.Errorf("%q is no file of the folder", s.name)
			}
			again += s.digest + "  " + s.name + "\n"
		}
		if again != text && again != text+"\n" {
			t.Errorf("%q after %q", again, text)
		}
	})
}
