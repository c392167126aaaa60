package iso9660_test

import (
	"os"
	"path/filepath"
	"testing"

	"bee/core/iso9660"
)

func FuzzCheck(f *testing.F) {
	image := bootable()
	f.Add(image)
	both := append([]byte(nil), image...)
	copy(both[19*iso9660.SectorSize+64:], "\x91\xef\x01\x00") // a section of one entry, for UEFI
	both[19*iso9660.SectorSize+96] = 0x88
	f.Add(both)
	path := filepath.Join(f.TempDir(), "image.iso")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if boot, err := iso9660.Check(path); err != nil && boot != (iso9660.Boot{}) || err == nil && len(data) < 18*iso9660.SectorSize {
			t.Errorf("%d bytes: %+v, %v", len(data), boot, err)
		}
	})
}
