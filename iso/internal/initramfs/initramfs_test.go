package initramfs

import (
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cavaliergopher/cpio"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"bee/iso/internal/layer"
)

// archive has a folder, and files of these names and contents.
func archive(t testing.TB, files ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := cpio.NewWriter(&out)
	headers := []*cpio.Header{{Name: "etc", Mode: cpio.TypeDir | 0o755}}
	contents := []string{""}
	for i := 0; i < len(files); i += 2 {
		headers = append(headers, &cpio.Header{Name: files[i], Mode: cpio.TypeReg | 0o644, Size: int64(len(files[i+1]))})
		contents = append(contents, files[i+1])
	}
	for i, header := range headers {
		if err := w.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, contents[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// packed are ways to compress an archive.
func packed(t testing.TB, data []byte) map[string][]byte {
	t.Helper()
	var zipped, squeezed bytes.Buffer
	z := gzip.NewWriter(&zipped)
	x, err := xz.NewWriter(&squeezed)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []io.WriteCloser{z, x} {
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{"": data, "gzip": zipped.Bytes(), "xz": squeezed.Bytes(), "zstd": w.EncodeAll(data, nil)}
}

func TestFiles(t *testing.T) {
	plain := archive(t, "init", "program", "etc/layers", "list")
	for name, data := range packed(t, plain) {
		path := filepath.Join(t.TempDir(), "bee.img")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		if err := Files(path, func(name string, content []byte) error { got[name] = string(content); return nil }); err != nil {
			t.Fatal(err)
		}
		if want := map[string]string{"init": "program", "etc/layers": "list"}; !maps.Equal(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// A kernel takes archives in a row, each packed in its own way.
func TestRead(t *testing.T) {
	first, second := packed(t, archive(t, "a", "1")), packed(t, archive(t, "b", "22"))
	for one, head := range first {
		for other, tail := range second {
			archives, err := Read(slices.Concat(head, make([]byte, 7), tail))
			if err != nil {
				t.Errorf("%s, then %s: %v", one, other, err)
				continue
			}
			a, b := archives[0], archives[len(archives)-1]
			if len(archives) != 2 || a.Codec != one || b.Codec != other || a.Zeros < 7 ||
				a.Entries[1].Name != "a" || b.Entries[1].Name != "b" || string(b.Entries[1].Content) != "22" || b.Entries[1].Head.Size != 2 {
				t.Errorf("%s, then %s: %+v", one, other, archives)
			}
		}
	}
}

func TestReadRefuses(t *testing.T) {
	plain := archive(t, "a", "1")
	hidden := slices.Clone(plain)
	hidden[bytes.Index(hidden, []byte("1\x00\x00\x00070701"))+1] = 'x' // behind the content, where it is aligned
	for want, data := range map[string][]byte{
		"unexpected EOF":               nil,
		"it begins with 7c":            slices.Concat(plain, []byte("|")),
		"behind a cpio archive":        packed(t, slices.Concat(plain, []byte("|")))["xz"],
		"gzip: unexpected EOF":         packed(t, plain)["gzip"][:40],
		"zstd: unexpected EOF":         packed(t, plain)["zstd"][:40],
		"a: the cpio archive is damag": hidden,
	} {
		if _, err := Read(data); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestFilesRefuses(t *testing.T) {
	large := archive(t, "init", strings.Repeat("a", layer.MaxContent+1))
	for want, data := range map[string][]byte{
		"init: too large to be read": large,
		"unexpected EOF":             archive(t, "init", strings.Repeat("a", 1000))[:600],
		"bee.img: ":                  []byte(strings.Repeat("no archive", 100)),
	} {
		path := filepath.Join(t.TempDir(), "bee.img")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Files(path, func(string, []byte) error { return nil }); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, data := range packed(f, archive(f, "init", "program")) {
		f.Add(data)
		f.Add(slices.Concat(data, make([]byte, 5), data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		archives, err := Read(data)
		if err != nil {
			return
		}
		for _, archive := range archives {
			for _, e := range archive.Entries {
				if len(e.Content) != int(e.Head.Size) || len(e.Raw) != int(e.Head.NameSize)-1 || strings.ContainsRune(e.Raw, 0) {
					t.Errorf("%+v", e)
				}
			}
		}
	})
}
