package kmod_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"bee/nvidia/kmod"
	"bee/nvidia/kmod/kmodtest"
)

func TestRead(t *testing.T) {
	want := kmod.Module{
		Name: "nvidia_uvm", Version: "550.163.01", License: "Dual MIT/GPL",
		Vermagic: "6.12.118+deb13-amd64 SMP preempt mod_unload modversions ",
		Depends:  []string{"nvidia", "drm"},
		Imports:  []kmod.Import{{Name: "__fentry__", CRC: 0xbdfb6dbb}, {Name: "maybe", Weak: true}, {Name: "printk", CRC: 0x92997ed8}},
	}
	got, err := kmod.Read(bytes.NewReader(kmodtest.Build(want)))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("got  %+v\nwant %+v", *got, want)
	}
	if got.Kernel() != "6.12.118+deb13-amd64" {
		t.Errorf("kernel %q", got.Kernel())
	}
}

// compressed is a module that says that its .modinfo is compressed.
func compressed() []byte {
	data := kmodtest.Build(kmod.Module{Name: "a", Vermagic: "6.12.118"})
	const headerSize, flagsAt = 64, 8
	modinfo := binary.LittleEndian.Uint64(data[40:]) + headerSize // the first header is empty
	data[modinfo+flagsAt+1] |= byte(elf.SHF_COMPRESSED >> 8)
	return data
}

func TestReadRefusesWhatIsNoModule(t *testing.T) {
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"empty": nil, "text": []byte("not a module"), "program": self,
		"nameless": kmodtest.Build(kmod.Module{Vermagic: "6.12.118"}),
	} {
		t.Run(name, func(t *testing.T) {
			if name == "nameless" {
				data = bytes.Replace(data, []byte("name="), []byte("eman="), 1)
			}
			if m, err := kmod.Read(bytes.NewReader(data)); err == nil {
				t.Errorf("read as %+v", m)
			}
		})
	}
	if _, err := kmod.Read(bytes.NewReader(compressed())); err == nil || !strings.Contains(err.Error(), ".modinfo is compressed") {
		t.Errorf("compressed: %v", err)
	}
	path := filepath.Join(t.TempDir(), "x.ko")
	if _, err := kmod.Open(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error is %v, without the path", err)
	}
}
