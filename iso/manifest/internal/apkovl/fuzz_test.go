package apkovl

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
)

func FuzzOpen(f *testing.F) {
	file := tar.Header{Typeflag: tar.TypeReg, Name: "etc/motd", Mode: 0o644, Linkname: "hello"}
	f.Add(append(member(f, true, file), member(f, false,
		tar.Header{Typeflag: tar.TypeLink, Name: "etc/again", Linkname: "etc/motd"},
		tar.Header{Typeflag: tar.TypeChar, Name: "dev/null", Mode: 0o666, Devmajor: 1, Devminor: 3})...))
	name := filepath.Join(f.TempDir(), "test.apkovl.tar.gz")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		image, err := Open(name)
		if err != nil {
			return
		}
		for i, file := range image.Files {
			if i > 0 && file.Path <= image.Files[i-1].Path || filepath.Clean(file.Path) != file.Path {
				t.Errorf("file %d: %q", i, file.Path)
			}
			if i > 8 || file.SizeBytes == nil { // each is another pass through the archive
				continue
			}
			content, err := image.Content(file.Path)
			sum := sha256.Sum256(content)
			if err != nil || int64(len(content)) != *file.SizeBytes || hex.EncodeToString(sum[:]) != file.SHA256 {
				t.Errorf("content of %+v: %q, %v", file, content, err)
			}
		}
	})
}
