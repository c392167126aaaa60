package keys

import (
	"bytes"
	"io"
	"os"
	"testing"

	"chainguard.dev/apko/pkg/apk/expandapk"
)

// testdata has an index that was signed by a key of which only the public half was kept.
func FuzzVerify(f *testing.F) {
	trusted, err := File("testdata/test.rsa.pub")
	if err != nil {
		f.Fatal(err)
	}
	index, err := os.ReadFile("testdata/APKINDEX.tar.gz")
	if err != nil {
		f.Fatal(err)
	}
	if key, err := trusted.Verify("index", index); key != "test.rsa.pub" || err != nil {
		f.Fatal(key, err)
	}
	parts, err := expandapk.Split(bytes.NewReader(index))
	if err != nil {
		f.Fatal(err)
	}
	signature, err := io.ReadAll(parts[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(index)
	f.Add(index[len(signature):])
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := trusted.Verify("index", data); err == nil && !bytes.HasSuffix(data, index[len(signature):]) {
			t.Errorf("what was not signed passes: %q", data)
		}
	})
}
