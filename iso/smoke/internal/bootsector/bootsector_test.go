package bootsector

import (
	"os"
	"path/filepath"
	"testing"

	"bee/core/iso9660"
)

func TestISO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bios.iso")
	if err := os.WriteFile(path, ISO(Say("")), 0o600); err != nil {
		t.Fatal(err)
	}
	if boot, err := iso9660.Check(path); err != nil || boot != (iso9660.Boot{BIOS: true}) {
		t.Errorf("got %+v, %v", boot, err)
	}
}
