package initramfs

import (
	"bytes"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cavaliergopher/cpio"
	"github.com/klauspost/compress/zstd"

	"bee/iso/manifest/internal/layer"
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

func compressed(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(data, nil)
}

func TestFiles(t *testing.T) {
	plain := archive(t, "init", "program", "etc/layers", "list")
	for name, data := range map[string][]byte{"plain": plain, "zstd": compressed(t, plain)} {
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
	plain := archive(f, "init", "program")
	f.Add(plain)
	f.Add(compressed(f, plain))
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = read(bytes.NewReader(data), func(name string, content []byte) error {
			if len(content) > layer.MaxContent {
				t.Errorf("%q: %d bytes", name, len(content))
			}
			return nil
		})
	})
}
