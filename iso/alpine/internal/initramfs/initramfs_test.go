package initramfs

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"bee/iso/alpine/internal/initramfs/initramfstest"
)

// archive takes a path and a text for each file.
func archive(texts ...string) []byte {
	var files []initramfstest.File
	for pair := range slices.Chunk(texts, 2) {
		files = append(files, initramfstest.File{Path: pair[0], Text: pair[1]})
	}
	return initramfstest.Archive(files...)
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	zip.Write(data)
	zip.Close()
	return b.Bytes()
}

func zstandard(data []byte) []byte {
	zip, _ := zstd.NewWriter(nil)
	return zip.EncodeAll(data, nil)
}

func write(t *testing.T, parts ...[]byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "initramfs")
	if err := os.WriteFile(path, bytes.Join(parts, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRead(t *testing.T) {
	zeros := make([]byte, 512)
	early, main := archive("kernel/x86/microcode/GenuineIntel.bin", "micro"), archive("./init", "#!", "etc/abc", "12345")
	for name, parts := range map[string][][]byte{
		"plain":                 {early, main},
		"plain, then gzip":      {early, zeros, gzipped(main)},
		"gzip twice":            {gzipped(early), gzipped(main)},
		"gzip, zeros at end":    {early, gzipped(main), zeros},
		"plain, then zstd":      {early, zeros, zstandard(main)},
		"all in one gzip":       {gzipped(append(slices.Clone(early), main...))},
		"gzip, then plain":      {gzipped(early), main},
		"two archives in a zst": {zstandard(append(slices.Clone(early), main...))},
	} {
		t.Run(name, func(t *testing.T) {
			var seen []string
			got, err := Read(write(t, parts...), func(path string) bool {
				seen = append(seen, path)
				return path == "init" || path == "etc/abc"
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != 2 || string(got["init"]) != "#!" || string(got["etc/abc"]) != "12345" {
				t.Errorf("got %q", got)
			}
			if want := []string{"etc", "kernel/x86/microcode/GenuineIntel.bin", "etc", "init", "etc/abc"}; !slices.Equal(seen, want) {
				t.Errorf("entries %q", seen)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	whole := gzipped(archive("a", strings.Repeat("text", 99)))
	flipped := slices.Clone(whole)
	flipped[len(flipped)-6] ^= 1 // in the checksum
	// with sets a number of the first head, which strconv would take
	with := func(number int, text string) []byte {
		data := archive("a", "b")
		copy(data[len(newc)+8*number:], text)
		return data
	}
	large := strings.Repeat("x", maxKept+1)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":   {nil, "EOF"},
		"text":    {[]byte("some text"), "neither a cpio archive"},
		"xz":      {[]byte("\xfd7zXZ\x00 and so on"), "begins with fd 37"},
		"cut":     {whole[:len(whole)-20], "EOF"},
		"flipped": {flipped, "checksum"},
		"no end":  {archive("a", "b")[:200], "ends early"},
		"name -1": {with(11, "-0000001"), "damaged"},
		"name +4": {with(11, "+0000004"), "damaged"},
		"size -1": {with(6, "-0000001"), "damaged"},
		"size _":  {with(6, "0x_00000"), "damaged"},
		"size":    {archive("a", large), "a in the cpio archive has 16777217 bytes"},
		"twice":   {gzipped(gzipped(archive("a", "b"))), "neither a cpio archive"},
		"window":  {[]byte("\x28\xb5\x2f\xfd\x00\x90\x00\x00\x00"), "window"},
		"damaged": {append([]byte("070701xxxxxxxx"), make([]byte, 200)...), "damaged"},
	} {
		path := write(t, c.data)
		_, err := Read(path, func(string) bool { return true })
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), path) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
