package pci

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// device adds a device to sysfs below root.
func device(t *testing.T, root, address string, files map[string]string, driver string) {
	t.Helper()
	dir := filepath.Join(root, "sys/bus/pci/devices", address)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if driver != "" {
		if err := os.Symlink("../../../../bus/pci/drivers/"+driver, filepath.Join(dir, "driver")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGPUs(t *testing.T) {
	root := t.TempDir()
	if gpus, err := GPUs(root); err != nil || gpus != nil {
		t.Errorf("without a PCI bus: %v, %v", gpus, err)
	}
	a100 := map[string]string{"vendor": "0x10de\n", "class": "0x030200\n", "device": "0x20b5\n"}
	device(t, root, "0000:81:00.0", a100, "nouveau")
	device(t, root, "0000:01:00.0", map[string]string{"vendor": "0x10de\n", "class": "0x030000\n", "device": "0x1db6\n"}, "")
	device(t, root, "0000:01:00.1", map[string]string{"vendor": "0x10de\n", "class": "0x040300\n", "device": "0x10f9\n"}, "snd_hda_intel")
	device(t, root, "0000:02:00.0", map[string]string{"vendor": "0x1a03\n", "class": "0x030000\n", "device": "0x2000\n"}, "ast")
	device(t, root, "0000:03:00.0", map[string]string{"vendor": "0x10de\n", "class": "0x068000\n", "device": "0x1af1\n"}, "")
	device(t, root, "0000:04:00.0", nil, "")
	device(t, root, "0000:81:00.4", a100, "")
	if err := os.Symlink("../0000:81:00.0", filepath.Join(root, "sys/bus/pci/devices/0000:81:00.4/physfn")); err != nil {
		t.Fatal(err)
	}
	gpus, err := GPUs(root)
	want := []GPU{{"0000:01:00.0", 0x1db6, ""}, {"0000:81:00.0", 0x20b5, "nouveau"}}
	if err != nil || !slices.Equal(gpus, want) {
		t.Errorf("%v, %v, not %v", gpus, err, want)
	}
	if got := gpus[1].String(); got != "GPU 0000:81:00.0 (10de:20b5)" {
		t.Error(got)
	}
}

func TestUnbind(t *testing.T) {
	root := t.TempDir()
	gpu := GPU{Address: "0000:81:00.0", Driver: "nouveau"}
	if err := Unbind(root, gpu); err == nil {
		t.Error("unbound from a driver that is not there")
	}
	file := filepath.Join(root, "sys/bus/pci/drivers/nouveau/unbind")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o200); err != nil {
		t.Fatal(err)
	}
	if err := Unbind(root, gpu); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file); string(text) != gpu.Address {
		t.Errorf("wrote %q, %v", text, err)
	}
}
