package pci

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
)

// device adds a device to the sysfs of a machine.
func device(machine fstest.MapFS, address string, files, links map[string]string) {
	dir := devices + "/" + address
	machine[dir] = &fstest.MapFile{Mode: fs.ModeDir | 0o755}
	for name, text := range files {
		machine[dir+"/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	for name, target := range links {
		machine[dir+"/"+name] = &fstest.MapFile{Mode: fs.ModeSymlink | 0o777, Data: []byte(target)}
	}
}

func ids(vendor, class, device string) map[string]string {
	return map[string]string{"vendor": vendor + "\n", "class": class + "\n", "device": device + "\n"}
}

func TestGPUs(t *testing.T) {
	machine := fstest.MapFS{}
	if gpus, err := GPUs(machine); err != nil || gpus != nil {
		t.Errorf("without a PCI bus: %v, %v", gpus, err)
	}
	device(machine, "0000:81:00.0", ids("0x10de", "0x030200", "0x20b5"), map[string]string{"driver": "../../../../bus/pci/drivers/nouveau"})
	device(machine, "0000:01:00.0", ids("0x10de", "0x030000", "0x1db6"), nil)
	device(machine, "0000:01:00.1", ids("0x10de", "0x040300", "0x10f9"), map[string]string{"driver": "../../../../bus/pci/drivers/snd_hda_intel"})
	device(machine, "0000:02:00.0", ids("0x1a03", "0x030000", "0x2000"), map[string]string{"driver": "../../../../bus/pci/drivers/ast"})
	device(machine, "0000:03:00.0", ids("0x10de", "0x068000", "0x1af1"), nil) // NVSwitch
	device(machine, "0000:04:00.0", nil, nil)
	device(machine, "0000:05:00.0", ids("10de", "many", ""), nil)
	device(machine, "0000:81:00.4", ids("0x10de", "0x030200", "0x20b5"), map[string]string{"physfn": "../0000:81:00.0"})
	device(machine, "0000:06:00.0", ids("0x1000", "0x068000", "0xc030"), nil) // somebody else's
	gpus, err := GPUs(machine)
	want := []GPU{{"0000:01:00.0", 0x1db6, ""}, {"0000:81:00.0", 0x20b5, "nouveau"}}
	if err != nil || !slices.Equal(gpus, want) {
		t.Fatalf("%v, %v, not %v", gpus, err, want)
	}
	if got := gpus[1].String(); got != "GPU 0000:81:00.0 (10de:20b5)" {
		t.Error(got)
	}
	machine = fstest.MapFS{devices: &fstest.MapFile{Data: []byte("no folder")}}
	if gpus, err := GPUs(machine); err == nil {
		t.Errorf("a file in the place of the bus: %v", gpus)
	}
}

func TestSwitches(t *testing.T) {
	machine := fstest.MapFS{}
	if all, err := Switches(machine); err != nil || all != nil {
		t.Errorf("without a PCI bus: %v, %v", all, err)
	}
	connectX := func(address, class, product string, links map[string]string) {
		files := ids("0x15b3", class, "0x1021")
		files["vpd"] = "\x82\x0a\x00ConnectX-7\x90VA" + product + "\x78"
		device(machine, address, files, links)
	}
	const manages = "MLX:MN=MLNX:CSKU=V2:UUID=V3:PCI=V0:SMDL=SW_MNG:MODL=C7010Z"
	device(machine, "0000:83:00.0", ids("0x10de", "0x068000", "0x22a3"), nil)
	device(machine, "0000:84:00.0", ids("0x1000", "0x068000", "0xc030"), nil) // somebody else's
	connectX("0000:05:00.0", "0x020700", manages, nil)
	connectX("0000:05:00.2", "0x020700", manages, map[string]string{"physfn": "../0000:05:00.0"})
	connectX("0000:06:00.0", "0x020700", "MLX:MN=MLNX:CSKU=V2:UUID=V3:PCI=V0:MODL=CX75310AAS", nil) // a network card
	connectX("0000:07:00.0", "0x020000", manages, nil)                                              // Ethernet
	device(machine, "0000:08:00.0", ids("0x15b3", "0x020700", "0x1021"), nil)                       // without vital product data
	all, err := Switches(machine)
	if want := []Switch{{"0000:83:00.0", false}, {"0000:05:00.0", true}}; err != nil || !slices.Equal(all, want) {
		t.Errorf("%v, %v, not %v", all, err, want)
	}
	machine = fstest.MapFS{devices: &fstest.MapFile{Data: []byte("no folder")}}
	if all, err := Switches(machine); err == nil {
		t.Errorf("a file in the place of the bus: %v", all)
	}
}

// In sysfs, a device is a link to a folder elsewhere.
func TestGPUsOfSysfs(t *testing.T) {
	root := t.TempDir()
	real := filepath.Join(root, "sys/devices/pci0000:00/0000:81:00.0")
	for _, dir := range []string{real, filepath.Join(root, devices)} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range ids("0x10de", "0x030200", "0x20b5") {
		if err := os.WriteFile(filepath.Join(real, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{
		filepath.Join(root, devices, "0000:81:00.0"): "../../../devices/pci0000:00/0000:81:00.0",
		filepath.Join(real, "driver"):                "../../../bus/pci/drivers/nvidia",
	} {
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
	}
	gpus, err := GPUs(os.DirFS(root))
	if want := []GPU{{"0000:81:00.0", 0x20b5, "nvidia"}}; err != nil || !slices.Equal(gpus, want) {
		t.Errorf("%v, %v, not %v", gpus, err, want)
	}
}

func FuzzGPUs(f *testing.F) {
	f.Add("0x10de\n", "0x030200\n", "0x20b5\n", "../../drivers/nvidia")
	f.Add("0x10de", "0x30000", "", "")
	f.Add("-1", "0xffffffffffffffffff", "0x1ffff", "/")
	f.Fuzz(func(t *testing.T, vendor, class, id, driver string) {
		machine := fstest.MapFS{}
		device(machine, "0000:01:00.0", ids(vendor, class, id), map[string]string{"driver": driver})
		if gpus, err := GPUs(machine); err != nil || len(gpus) > 1 {
			t.Errorf("%v, %v", gpus, err)
		}
	})
}
