package pci

import (
	"os"
	"path/filepath"
	"testing"
)

func FuzzGPUs(f *testing.F) {
	f.Add("0x10de\n", "0x030200\n", "0x20b5\n")
	f.Add("4318", "0b11_0000_0000_0000_0000", "-1")
	root := f.TempDir()
	dir := filepath.Join(root, "sys/bus/pci/devices/0000:81:00.0")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, vendor, class, device string) {
		for name, text := range map[string]string{"vendor": vendor, "class": class, "device": device} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		gpus, err := GPUs(root)
		if err != nil || len(gpus) > 1 || len(gpus) == 1 && gpus[0].Address != "0000:81:00.0" {
			t.Errorf("%v, %v", gpus, err)
		}
	})
}
