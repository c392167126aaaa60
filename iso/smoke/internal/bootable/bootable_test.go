package bootable

import (
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bee/core/machine"
	"bee/core/netboot"
	"bee/core/sums"
	"bee/iso/smoke/internal/bootsector"
	"bee/iso/smoke/internal/hardware"
	"bee/iso/smoke/internal/qemu"
)

func named(t *testing.T, name string) machine.Machine {
	t.Helper()
	m, err := machine.Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// folder is one with files of a boot over the network, but for some.
func folder(t *testing.T, without ...string) string {
	t.Helper()
	dir, list := filepath.Join(t.TempDir(), "netboot"), ""
	for _, name := range []string{netboot.Script, netboot.Loader, netboot.GRUBConfig, netboot.Kernel, netboot.Initrd, "live/00-base.squashfs"} {
		if strings.Join(without, " ") != name {
			write(t, filepath.Join(dir, name), "x")
			list += fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte("x")), name)
		}
	}
	write(t, filepath.Join(dir, sums.File), list)
	return dir
}

func TestCheck(t *testing.T) {
	iso := write(t, filepath.Join(t.TempDir(), "bee.iso"), string(bootsector.ISO(bootsector.Say("x"))))
	whole, bios := folder(t), folder(t, netboot.Loader)
	for _, c := range []struct {
		what    Bootable
		machine string
		want    string
	}{
		{Bootable{ISO: iso}, "", ""},
		{Bootable{ISO: iso}, "uefi", "no El Torito boot image for firmware uefi"},
		{Bootable{ISO: iso}, "pxe", `machine "bios-pxe-1024-virtio-nvme" boots a folder over its network`},
		{Bootable{Folder: whole}, "uefi-http", `machine "uefi-http-1024-virtio-nvme" boots an ISO`},
		{Bootable{Folder: whole}, "pxe", ""},
		{Bootable{Folder: whole}, "uefi-secure-pxe", ""},
		{Bootable{Folder: bios}, "pxe", ""},
		{Bootable{Folder: bios}, "uefi-pxe", "firmware uefi begins with bootx64.efi and grub/grub.cfg, which are not both there"},
		{Bootable{Folder: whole}, "usb", `machine "bios-usb-1024-virtio-nvme" boots an ISO`},
		{Bootable{Folder: t.TempDir()}, "pxe", sums.File},
	} {
		said, err := c.what.Check(named(t, c.machine))
		if c.want == "" {
			if err != nil || said.File != filepath.Base(c.what.ISO+c.what.Folder) || len(said.SHA256) != 64 || said.SizeBytes == 0 {
				t.Errorf("%+v, %q: %+v, %v", c.what, c.machine, said, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v, %q: %v, want %s", c.what, c.machine, err, c.want)
		}
	}
}

func TestConfigure(t *testing.T) {
	network := hardware.Network{SSH: "127.0.0.1:0"}
	for name, want := range map[string]qemu.Config{
		"usb-512":   {ISO: "a.iso", Media: machine.USB, MemoryMiB: 512},
		"slow":      {ISO: "a.iso", Media: machine.CD, MemoryMiB: 1024, MediaBytes: machine.SlowBytes},
		"pxe-2048":  {MemoryMiB: 2048},
		"uefi-http": {MemoryMiB: 1024},
	} {
		what := Bootable{ISO: "a.iso", Folder: t.TempDir()}
		var got qemu.Config
		end, err := what.Configure(&got, named(t, name), network)
		if err != nil {
			t.Fatal(err)
		}
		end()
		if got.ISO != want.ISO || got.Media != want.Media || got.MemoryMiB != want.MemoryMiB || got.MediaBytes != want.MediaBytes {
			t.Errorf("%s: %+v", name, got)
		}
		if served := len(got.Hardware.Handed) == 1; served != (want.ISO == "") {
			t.Errorf("%s: served %v", name, served)
		}
	}
}

func TestConfigureRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for want, c := range map[string]struct {
		folder  string
		network hardware.Network
	}{
		"reaches no internet": {t.TempDir(), hardware.Network{SSH: "127.0.0.1:0", Internet: true}},
		"/no/folder":          {"/no/folder", hardware.Network{SSH: "127.0.0.1:0"}},
		taken.Addr().String(): {t.TempDir(), hardware.Network{SSH: taken.Addr().String()}},
	} {
		if _, err := (Bootable{Folder: c.folder}).Configure(new(qemu.Config), named(t, "pxe"), c.network); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
