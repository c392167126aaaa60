package iso9660_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bee/core/iso9660"
)

// xorriso makes an image of a folder, as the images of bee are made.
func xorriso(t *testing.T, folder string) []byte {
	t.Helper()
	if _, err := exec.LookPath("xorriso"); err != nil {
		t.Skip("xorriso is not installed")
	}
	image := filepath.Join(t.TempDir(), "test.iso")
	if out, err := exec.Command("xorriso", "-as", "mkisofs", "-quiet", "-iso-level", "3", "-r", "-J", "-joliet-long", "-o", image, folder).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	data, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestFiles: what is put on an image is read back, whatever the names.
func TestFiles(t *testing.T) {
	folder := t.TempDir()
	long := strings.Repeat("long name ", 24) + ".ko" // goes on in a continuation area
	target := "../" + strings.Repeat("folder/", 60) + "./file"
	want := map[string]string{"/empty": "", "/Live/a": "a", "/Live/" + long: "b", "/Live/deep/er/than/ISO/9660/it/self/al/lows": "c"}
	for i := range 100 { // more than a sector of records
		want[fmt.Sprintf("/many/file-%d", i)] = strings.Repeat("x", i*100)
	}
	for name, text := range want {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	links := map[string]string{"/to-root": "/", "/absolute": "/Live/a", "/relative": "Live/a", "/Live/long": target}
	for name, to := range links {
		if err := os.Symlink(to, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(folder, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	files, err := iso9660.Files(bytes.NewReader(xorriso(t, folder)))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(files, func(a, b iso9660.File) int { return strings.Compare(a.Path, b.Path) }) || files[0].Path != "/" {
		t.Errorf("not sorted: %v", files)
	}
	for _, f := range files {
		text, isFile := want[f.Path]
		to, isLink := links[f.Path]
		switch {
		case isFile:
			got, err := io.ReadAll(f.Content)
			if err != nil || string(got) != text {
				t.Errorf("%s: %q, %v", f.Path, got, err)
			}
		case isLink:
			if f.Mode.Type() != fs.ModeSymlink || f.Target != to {
				t.Errorf("%s: %v → %s", f.Path, f.Mode, f.Target)
			}
		case !f.Mode.IsDir() || f.Mode.Perm() != 0o555:
			t.Errorf("%s: %v", f.Path, f.Mode)
		}
		if f.Path == "/empty" && f.Mode != 0o555 || f.Path == "/Live/a" && f.Mode != 0o444 {
			t.Errorf("%s: %v", f.Path, f.Mode)
		}
		delete(want, f.Path)
		delete(links, f.Path)
	}
	if len(want)+len(links) > 0 {
		t.Errorf("not found: %q, %q", want, links)
	}
}

// rockRidge is an image whose root has one folder, of a name, in sector 19.
func rockRidge(name string) []byte {
	image := bootable()
	record := func(identifier string, extent uint32, system string) []byte {
		r := make([]byte, 33, 255)
		binary.LittleEndian.PutUint32(r[2:], extent)
		binary.LittleEndian.PutUint32(r[10:], iso9660.SectorSize)
		r[32] = byte(len(identifier))
		r = append(r, identifier...)
		if len(r)%2 != 0 {
			r = append(r, 0)
		}
		r = append(r, system...)
		r[0] = byte(len(r))
		return r
	}
	const folder = "PX\x08\x01\x6d\x41\x00\x00"
	copy(image[16*iso9660.SectorSize+156:], record("\x00", 18, ""))
	copy(image[18*iso9660.SectorSize:], slices.Concat(record("\x00", 18, folder), record("\x01", 18, folder),
		record("F", 19, folder+"NM"+string([]byte{byte(5 + len(name)), 1, 0})+name)))
	copy(image[19*iso9660.SectorSize:], record("\x00", 19, folder))
	return image
}

func TestFilesRefuses(t *testing.T) {
	image := rockRidge("folder")
	if files, err := iso9660.Files(bytes.NewReader(image)); err != nil || len(files) != 2 || files[1].Path != "/folder" {
		t.Fatalf("%v, %v", files, err)
	}
	at := bytes.Index(image, []byte("NM"))
	for want, change := range map[string]func([]byte) []byte{
		"no primary volume descriptor": func(d []byte) []byte { return d[:16*2048] },
		`directory "/": EOF`:           func(d []byte) []byte { return d[:18*2048] },
		"a record is damaged":          func(d []byte) []byte { d[18*2048] = 20; return d },
		"no Rock Ridge attributes":     func(d []byte) []byte { copy(d[18*2048+34:], "XX"); return d },
		"a field of Rock Ridge":        func(d []byte) []byte { d[at+2] = 200; return d },
		`".." is no name of a file`:    func([]byte) []byte { return rockRidge("..") },
		`"a/b" is no name of a file`:   func([]byte) []byte { return rockRidge("a/b") },
		`"" is no name of a file`:      func([]byte) []byte { return rockRidge("") },
		"a path is longer than":        func(d []byte) []byte { copy(d[19*2048:], d[18*2048:19*2048]); return d }, // the folder is in itself
		"directories take more than 1024 sectors": func(d []byte) []byte {
			binary.LittleEndian.PutUint32(d[16*2048+156+10:], 1<<31)
			return append(d, make([]byte, 3<<20)...)
		},
	} {
		if _, err := iso9660.Files(bytes.NewReader(change(bytes.Clone(image)))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func FuzzFiles(f *testing.F) {
	f.Add(rockRidge("folder"))
	f.Add(rockRidge("folder\x00SL\x0c\x01\x00\x00\x05a/b\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := iso9660.Files(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, file := range files {
			if !strings.HasPrefix(file.Path, "/") || filepath.Clean(file.Path) != file.Path {
				t.Errorf("%q", file.Path)
			}
		}
	})
}
