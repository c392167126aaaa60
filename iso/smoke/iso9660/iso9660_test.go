package iso9660_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bee/iso/smoke/internal/bootsector"
	"bee/iso/smoke/iso9660"
)

func TestCheckRefuses(t *testing.T) {
	image := bootsector.ISO(bootsector.Say(""))
	broken := func(at int) []byte {
		data := append([]byte(nil), image...)
		data[at] ^= 0xff
		return data
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":              {nil, "(0 bytes): not an ISO image: no ISO 9660 signature CD001"},
		"a program":          {[]byte("\x7fELF"), "not an ISO image"},
		"flipped signature":  {broken(16*2048 + 1), "not an ISO image"},
		"cut short":          {image[:17*2048], "no El Torito boot record"},
		"no boot record":     {broken(17*2048 + 8), "no El Torito boot record"},
		"no boot catalog":    {broken(19 * 2048), "boot catalog is missing or damaged"},
		"damaged boot entry": {broken(19*2048 + 0x1e), "boot catalog is missing or damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file.iso")
			if err := os.WriteFile(path, c.data, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := iso9660.Check(path)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want an error with %q and the path", err, c.want)
			}
		})
	}
	if _, err := iso9660.Check(t.TempDir()); err == nil || !strings.Contains(err.Error(), "folder") {
		t.Errorf("a folder: got %v", err)
	}
	if _, err := iso9660.Check("/no/such.iso"); !os.IsNotExist(err) {
		t.Errorf("no file: got %v", err)
	}
}

func TestCheckOwnImage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bios.iso")
	if err := os.WriteFile(path, bootsector.ISO(bootsector.Say("")), 0o600); err != nil {
		t.Fatal(err)
	}
	if boot, err := iso9660.Check(path); err != nil || boot != (iso9660.Boot{BIOS: true}) {
		t.Errorf("got %+v, %v", boot, err)
	}
}

// An image by xorriso, as the ISO of bee is made.
func TestCheckXorriso(t *testing.T) {
	if _, err := exec.LookPath("xorriso"); err != nil {
		t.Skip("xorriso is not installed")
	}
	tree, iso := t.TempDir(), filepath.Join(t.TempDir(), "both.iso")
	for _, name := range []string{"bios.img", "efi.img"} {
		if err := os.WriteFile(filepath.Join(tree, name), make([]byte, 4096), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("xorriso", "-as", "mkisofs", "-o", iso, "-b", "bios.img", "-no-emul-boot",
		"-eltorito-alt-boot", "-e", "efi.img", "-no-emul-boot", tree).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if boot, err := iso9660.Check(iso); err != nil || boot != (iso9660.Boot{BIOS: true, UEFI: true}) {
		t.Errorf("got %+v, %v", boot, err)
	}
}
