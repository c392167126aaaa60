package apkovl

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bee/iso/manifest/internal/layer"
)

// member returns a gzip member with a tar of entries; the content of a file is in
// Linkname. A cut one lacks the tar's end, so that the next member's goes on there.
func member(t testing.TB, cut bool, entries ...tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	for _, h := range entries {
		content := ""
		if h.Typeflag == tar.TypeReg {
			content, h.Linkname = h.Linkname, ""
			h.Size = int64(len(content))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	end := w.Close
	if cut {
		end = w.Flush
	}
	if err := errors.Join(end(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zip(t *testing.T, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, err := z.Write(data)
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func unzip(t *testing.T, data []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if data, err = io.ReadAll(z); err != nil {
		t.Fatal(err)
	}
	return data
}

// write makes an apkovl of members.
func write(t testing.TB, members ...[]byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "test.apkovl.tar.gz")
	if err := os.WriteFile(name, bytes.Join(members, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestOpen(t *testing.T) {
	image, err := Open(write(t, member(t, true,
		tar.Header{Typeflag: tar.TypeReg, Name: "etc/motd", Mode: 0o600, Linkname: "old"},
		tar.Header{Typeflag: tar.TypeLink, Name: "etc/motd.first", Linkname: "etc/motd"},
		tar.Header{Typeflag: tar.TypeReg, Name: "etc/hosts", Mode: 0o600, Linkname: "gone"},
		tar.Header{Typeflag: tar.TypeDir, Name: "etc/", Mode: 0o755},
	), member(t, false,
		tar.Header{Typeflag: tar.TypeSymlink, Name: "etc/link", Mode: 0o777, Linkname: "motd"},
		tar.Header{Typeflag: tar.TypeChar, Name: "dev/null", Mode: 0o666, Devmajor: 1, Devminor: 3},
		tar.Header{Typeflag: tar.TypeReg, Name: "etc/motd", Mode: 0o4755, Uid: 1, Gid: 2, Linkname: "hello"},
		tar.Header{Typeflag: tar.TypeSymlink, Name: "etc/hosts", Mode: 0o777, Linkname: "motd"},
	)))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range image.Files {
		line, _ := json.Marshal(f)
		lines = append(lines, string(line))
	}
	want := `{"path":"/dev/null","type":"character device","mode":"0666","uid":0,"gid":0,"device":"1:3"}
{"path":"/etc","type":"directory","mode":"0755","uid":0,"gid":0}
{"path":"/etc/hosts","type":"symlink","mode":"0777","uid":0,"gid":0,"target":"motd"}
{"path":"/etc/link","type":"symlink","mode":"0777","uid":0,"gid":0,"target":"motd"}
{"path":"/etc/motd","type":"file","mode":"4755","uid":1,"gid":2,"size_bytes":5,"sha256":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}
{"path":"/etc/motd.first","type":"file","mode":"0600","uid":0,"gid":0,"size_bytes":3,"sha256":"cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4"}`
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for name, want := range map[string]string{"/etc/motd": "hello", "/etc/motd.first": "old", "/etc/hosts": "", "/etc": "", "/none": ""} {
		if got, err := image.Content(name); err != nil || string(got) != want || (got == nil) != (want == "") {
			t.Errorf("content of %s: %q, %v", name, got, err)
		}
	}
}

func TestContentIsBounded(t *testing.T) {
	image, err := Open(write(t, member(t, false, tar.Header{Typeflag: tar.TypeReg, Name: "a", Linkname: strings.Repeat("x", layer.MaxContent+1)})))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := image.Content("/a"); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Error(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	file := tar.Header{Typeflag: tar.TypeReg, Name: "a", Linkname: strings.Repeat("content", 1000)}
	whole := member(t, false, file)
	// a terabyte of zeros, in the form that GNU tar has for files with holes
	sparse := unzip(t, member(t, false, tar.Header{Typeflag: tar.TypeReg, Name: "a", PAXRecords: map[string]string{
		"GNU-sparse.size": "1099511627776", "GNU-sparse.numblocks": "1", "GNU-sparse.map": "0,0"}}))
	sparse = bytes.ReplaceAll(sparse, []byte("GNU-sparse"), []byte("GNU.sparse"))
	for want, members := range map[string][][]byte{
		"unexpected EOF":         {whole[:len(whole)-10]},
		"invalid header":         {[]byte("no gzip file")},
		"not there before it":    {member(t, false, tar.Header{Typeflag: tar.TypeLink, Name: "a", Linkname: "b"})},
		"does not know":          {member(t, false, tar.Header{Typeflag: tar.TypeCont, Name: "a"})},
		"more behind the end":    {whole, whole},
		"a: a sparse file":       {zip(t, sparse)},
		"test.apkovl.tar.gz: a:": {member(t, false, tar.Header{Typeflag: tar.TypeLink, Name: "a", Linkname: "a"})},
	} {
		name := write(t, members...)
		if _, err := Open(name); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if _, err := Open("/no/such"); err == nil || !strings.Contains(err.Error(), "/no/such") {
		t.Errorf("no file: %v", err)
	}
}
