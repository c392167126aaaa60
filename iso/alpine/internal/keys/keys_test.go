package keys

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"
)

// A member that is small as it is packed must not fill the memory.
func TestReadIsBounded(t *testing.T) {
	for name, c := range map[string]struct{ entries, bytes int }{"large": {1, maxSignature + 1}, "many": {maxSignatures + 1, 1}} {
		var packed bytes.Buffer
		zip := gzip.NewWriter(&packed)
		archive := tar.NewWriter(zip)
		for i := range c.entries {
			if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: fmt.Sprint(i), Size: int64(c.bytes)}); err != nil {
				t.Fatal(err)
			}
			if _, err := archive.Write(make([]byte, c.bytes)); err != nil {
				t.Fatal(err)
			}
		}
		if err := archive.Close(); err != nil {
			t.Fatal(err)
		}
		if err := zip.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := read(packed.Bytes()); err == nil || !strings.Contains(err.Error(), "too much for a signature") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
