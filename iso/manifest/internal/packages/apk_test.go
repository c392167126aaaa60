package packages

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bee/core/manifest"
)

// archive makes a gzip member with a tar archive of one file, without the blocks that
// end an archive.
func archive(t testing.TB, name, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestAPKIndex(t *testing.T) {
	index := func(stanzas ...string) []byte {
		t.Helper()
		return slices.Concat(archive(t, ".SIGN.RSA.key.rsa.pub", "signature"), archive(t, "DESCRIPTION", "v3.21"),
			archive(t, "APKINDEX", strings.Join(stanzas, "")))
	}
	got, err := APKIndex(index("C:Q1=\nP:zlib\nV:1.3.1-r0\nA:x86_64\nU:http://zlib\nL:Zlib\no:zlib-ng\np:"+strings.Repeat("so:", 1<<16)+"\n\n", "P:linux\nV:2\nA:noarch\n\n\n", "P:linux\nV:1\nA:x86_64\n"))
	want := []Package{
		{Package: manifest.Package{Name: "linux", Version: "1", Architecture: "x86_64"}, Sources: []Source{{"linux", "1"}}},
		{Package: manifest.Package{Name: "linux", Version: "2", Architecture: "noarch"}, Sources: []Source{{"linux", "2"}}},
		{Package: manifest.Package{Name: "zlib", Version: "1.3.1-r0", Architecture: "x86_64"}, Sources: []Source{{"zlib-ng", "1.3.1-r0"}}, License: "Zlib"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	for want, data := range map[string][]byte{
		"no package in it":         index(),
		"no APKINDEX in it":        archive(t, "DESCRIPTION", "v3.21"),
		"zlib: a package without":  index("P:zlib\nA:x86_64\n\n"),
		"musl: a package without":  index("P:musl\nV:1\n\n"),
		"?: a package without":     index("V:1\nA:x86_64\n\n"),
		"line 2 of APKINDEX":       index("P:musl\nzlib:\n\n"),
		"line 1 of APKINDEX":       index("zlib\n\n"),
		"invalid header":           []byte("this is no gzip file"),
		"unexpected EOF":           index("P:zlib\nV:1\nA:x86_64\n\n")[:30],
		"more than 33554432 bytes": index(strings.Repeat("P:a\n", maxIndex/4)),
		"token too long":           index("p:" + strings.Repeat("so:", 1<<20) + "\n\n"),
	} {
		if _, err := APKIndex(data); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
