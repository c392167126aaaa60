package initramfs

import (
	"bufio"
	"bytes"
	"testing"

	"bee/iso/alpine/internal/initramfs/initramfstest"
)

func FuzzRead(f *testing.F) {
	plain := archive("./init", "#!", "etc/abc", "12345")
	f.Add(plain)
	f.Add(append(gzipped(plain), make([]byte, 16)...))
	f.Add(append(plain, zstandard(plain)...))
	f.Add(gzipped(gzipped(plain)))
	f.Fuzz(func(t *testing.T, data []byte) {
		kept := map[string][]byte{}
		err := read(bufio.NewReader(bytes.NewReader(data)), false, func(string) bool { return true }, kept)
		for path, content := range kept {
			if len(content) > maxKept {
				t.Errorf("%s: %d bytes were kept", path, len(content))
			}
		}
		if err != nil || len(kept) > 100 {
			return
		}
		var files []initramfstest.File
		for path, content := range kept {
			files = append(files, initramfstest.File{Path: path, Text: string(content)})
		}
		again := map[string][]byte{}
		if err := read(bufio.NewReader(bytes.NewReader(initramfstest.Archive(files...))), false, func(string) bool { return true }, again); err != nil {
			t.Fatal(err)
		}
		for path, content := range kept {
			if got, found := again[path]; path != "" && path[0] != '/' && path[0] != '.' && (!found || !bytes.Equal(got, content)) {
				t.Errorf("%q: %q after %q", path, got, content)
			}
		}
	})
}
