package apkovl

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write makes an apkovl of entries; the content of a file is in Linkname.
func write(t *testing.T, entries ...tar.Header) string {
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
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "test.apkovl.tar.gz")
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestOpen(t *testing.T) {
	image, err := Open(write(t,
		tar.Header{Typeflag: tar.TypeReg, Name: "etc/motd", Mode: 0o600, Linkname: "old"},
		tar.Header{Typeflag: tar.TypeDir, Name: "etc/", Mode: 0o755},
		tar.Header{Typeflag: tar.TypeSymlink, Name: "etc/link", Mode: 0o777, Linkname: "motd"},
		tar.Header{Typeflag: tar.TypeChar, Name: "dev/null", Mode: 0o666, Devmajor: 1, Devminor: 3},
		tar.Header{Typeflag: tar.TypeReg, Name: "etc/motd", Mode: 0o4755, Uid: 1, Gid: 2, Linkname: "hello"},
	))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range image.Files {
		lines = append(lines, strings.Join([]string{f.Path, f.Type, f.Mode, f.Target, f.Device, f.SHA256[:min(8, len(f.SHA256))]}, "|"))
	}
	want := "/dev/null|character device|0666||1:3|\n/etc|directory|0755|||\n/etc/link|symlink|0777|motd||\n/etc/motd|file|4755|||2cf24dba"
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if f := image.Files[3]; f.UID != 1 || f.GID != 2 || *f.SizeBytes != 5 {
		t.Errorf("%+v", f)
	}
	for name, want := range map[string]string{"/etc/motd": "hello", "/etc": "", "/none": ""} {
		if got, err := image.Content(name); err != nil || string(got) != want {
			t.Errorf("content of %s: %q, %v", name, got, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	whole := write(t, tar.Header{Typeflag: tar.TypeReg, Name: "a", Linkname: strings.Repeat("content", 1000)})
	data, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.apkovl.tar.gz")
	if err := os.WriteFile(cut, data[:len(data)-10], 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		cut:        "unexpected EOF",
		"/no/such": "no such file",
		write(t, tar.Header{Typeflag: tar.TypeLink, Name: "a", Linkname: "b"}): "does not know",
	} {
		if _, err := Open(name); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), filepath.Base(name)) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
}
