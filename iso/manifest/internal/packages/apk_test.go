package packages

import (
	"slices"
	"strings"
	"testing"

	"bee/iso/alpine/apktest"
)

func TestAPKIndex(t *testing.T) {
	index := func(stanzas ...string) []byte {
		t.Helper()
		data, err := apktest.Index(nil, stanzas...)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	got, err := APKIndex(index("P:zlib\nV:1.3.1-r0\nA:x86_64\n\n", "P:linux\nV:2\nA:noarch\n\n", "P:linux\nV:1\nA:x86_64\n\n"))
	want := []Package{{"linux", "1", "x86_64"}, {"linux", "2", "noarch"}, {"zlib", "1.3.1-r0", "x86_64"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	for want, data := range map[string][]byte{
		"no package in it":            index(),
		"zlib: a package without":     index("P:zlib\nA:x86_64\n\n"),
		"musl: a package without":     index("P:musl\nV:1\n\n"),
		"cannot parse line 1":         index("zlib\n\n"),
		"invalid header":              []byte("this is no gzip file"),
		"unexpected EOF":              index("P:zlib\nV:1\nA:x86_64\n\n")[:30],
		"more than 33554432 bytes":    index(strings.Repeat("P:a\n", maxIndex/4)),
		"cannot parse size field big": index("P:zlib\nS:big\n\n"),
	} {
		if _, err := APKIndex(data); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
