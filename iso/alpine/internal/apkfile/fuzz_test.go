package apkfile

import (
	"bytes"
	"encoding/base64"
	"io"
	"strings"
	"testing"

	"chainguard.dev/apko/pkg/apk/apk"
	"chainguard.dev/apko/pkg/apk/expandapk"

	"bee/iso/alpine/apktest"
)

// Only what the index means passes, whatever is changed in it. It does not mean the
// signature that the file begins with.
func FuzzVerify(f *testing.F) {
	key, err := apktest.NewKey("test.rsa.pub")
	if err != nil {
		f.Fatal(err)
	}
	file, stanza, err := apktest.Package{Name: "a", Version: "1", Files: map[string]string{"etc/a": "text"}}.Build(key)
	if err != nil {
		f.Fatal(err)
	}
	parts, err := expandapk.Split(bytes.NewReader(file))
	if err != nil {
		f.Fatal(err)
	}
	signature, err := io.ReadAll(parts[0])
	if err != nil {
		f.Fatal(err)
	}
	right := file[len(signature):]
	line, _, _ := strings.Cut(stanza, "\n")
	want := &apk.Package{Name: "a", Version: "1"}
	if want.Checksum, err = base64.StdEncoding.DecodeString(strings.TrimPrefix(line, "C:Q1")); err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{file, right} {
		if err := verify(bytes.NewReader(seed), want); err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := verify(bytes.NewReader(data), want); err == nil && !bytes.HasSuffix(data, right) {
			t.Errorf("another file passes: %q", data)
		}
	})
}
