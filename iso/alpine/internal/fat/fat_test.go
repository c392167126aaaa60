package fat

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bee/iso/alpine/internal/fat/fattest"
)

func TestSize(t *testing.T) {
	image := bytes.NewReader(fattest.Floppy(make([]byte, 1000)))
	if size, err := Size(image, "efi/boot/bootx64.efi"); size != 1000 || err != nil {
		t.Errorf("%d, %v", size, err)
	}
	for _, path := range []string{"efi", "efi/boot", "efi/boot/bootia32.efi", "bootx64.efi", "efi/boot/bootx64.efi/x"} {
		if size, err := Size(image, path); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %d, %v", path, size, err)
		}
	}
}

// File systems that mtools makes, of each type, with folders of several clusters.
func TestSizeMtools(t *testing.T) {
	if _, err := exec.LookPath("mformat"); err != nil {
		t.Skip("mtools is not installed")
	}
	for name, options := range map[string][]string{
		"FAT12":   {"-f", "1440"},
		"mkimage": {"-v", "ALPINE-EFI", "-T", "2880"},
		"FAT16":   {"-T", "65536", "-c", "1"},
		"FAT32":   {"-T", "204800", "-c", "1", "-F"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			image := filepath.Join(dir, "image")
			run := func(tool string, args ...string) {
				t.Helper()
				if out, err := exec.Command(tool, append([]string{"-i", image}, args...)...).CombinedOutput(); err != nil {
					t.Fatalf("%s: %v: %s", tool, err, out)
				}
			}
			run("mformat", append(append([]string{"-C"}, options...), "::")...)
			run("mmd", "::efi", "::efi/boot")
			const fill = 40 // entries of long names: more than a cluster of 512 bytes
			files := []string{"-sQ"}
			for i := range fill {
				file := filepath.Join(dir, fmt.Sprintf("a file with a long name %d", i))
				if err := os.WriteFile(file, nil, 0o600); err != nil {
					t.Fatal(err)
				}
				files = append(files, file)
			}
			run("mcopy", append(files, "::efi/boot")...)
			loader := filepath.Join(dir, "bootx64.efi")
			if err := os.WriteFile(loader, make([]byte, 1234), 0o600); err != nil {
				t.Fatal(err)
			}
			run("mcopy", loader, "::efi/boot")
			file, err := os.Open(image)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if size, err := Size(file, "efi/boot/bootx64.efi"); size != 1234 || err != nil {
				t.Errorf("%d, %v", size, err)
			}
		})
	}
}

func TestSizeRefuses(t *testing.T) {
	damaged := fattest.Floppy([]byte("x"))
	// both halves of the table's entry of cluster 3, efi/boot: it leads to itself
	damaged[512+4], damaged[512+5] = damaged[512+4]&0xf|0x30, 0
	big := append([]byte(nil), damaged...)
	big[512+5] = 0xf0 // behind the end
	with := func(at int, values ...byte) []byte {
		image := fattest.Floppy([]byte("x"))
		copy(image[at:], values)
		return image
	}
	for name, c := range map[string]struct {
		image []byte
		want  string
	}{
		"empty":   {nil, "no FAT file system"},
		"text":    {bytes.Repeat([]byte("text"), 512), "no FAT file system"},
		"loop":    {damaged, "does not end"},
		"outside": {big, "outside"},
		"sector":  {with(11, 0, 0x20), "no FAT file system"}, // of 8192 bytes
		"cluster": {with(13, 129), "no FAT file system"},
		"tables":  {with(22, 0xff, 0xff), "do not fit"},
	} {
		if _, err := Size(bytes.NewReader(c.image), "efi/boot/none"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
