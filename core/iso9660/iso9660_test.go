package iso9660_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bee/core/iso9660"
)

// bootable is no more of an image than what is read of it: its catalog, in sector 19, has
// one entry, which BIOS boots.
func bootable() []byte {
	image := make([]byte, 20*iso9660.SectorSize)
	at := func(sector int) []byte { return image[sector*iso9660.SectorSize:] }
	copy(at(16), "\x01CD001\x01")
	copy(at(17), "\x00CD001\x01EL TORITO SPECIFICATION")
	at(17)[0x47] = 19
	copy(at(19), "\x01")
	copy(at(19)[0x1e:], "\x55\xaa\x88")
	return image
}

func TestCheckRefuses(t *testing.T) {
	image := bootable()
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

func TestCheckSmallest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bios.iso")
	if err := os.WriteFile(path, bootable(), 0o600); err != nil {
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
