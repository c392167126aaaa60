package e2e

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// media are what QEMU has of all that a medium may be behind: a drive, and the controller
// or host that it hangs on, where that is not there already. Drives have the size of an SD
// card, a power of two.
var media = []struct{ name, drive, controller string }{
	{"IDE disk", "ide-hd,bus=ide.0", ""},
	{"IDE CD", "ide-cd,bus=ide.1", ""},
	{"AHCI disk", "ide-hd,bus=ahci.0", "ich9-ahci,id=ahci"},
	{"AHCI CD", "ide-cd,bus=ahci.1", ""},
	{"NVMe", "nvme,serial=1", ""},
	{"MegaRAID", "scsi-hd,bus=megasas.0", "megasas,id=megasas"},
	{"MegaRAID gen2", "scsi-hd,bus=gen2.0", "megasas-gen2,id=gen2"},
	{"SAS1068", "scsi-hd,bus=mptsas.0,wwn=1", "mptsas1068,id=mptsas"},
	{"53C895A", "scsi-hd,bus=lsi.0", "lsi53c895a,id=lsi"},
	{"PVSCSI", "scsi-hd,bus=pvscsi.0", "pvscsi,id=pvscsi"},
	{"virtio-scsi", "scsi-hd,bus=virtio.0", "virtio-scsi-pci,id=virtio"},
	{"virtio-blk", "virtio-blk-pci", ""},
	{"xHCI stick", "usb-storage,bus=xhci.0", "qemu-xhci,id=xhci"},
	{"EHCI stick", "usb-storage,bus=ehci.0", "usb-ehci,id=ehci"},
	{"UHCI stick", "usb-storage,bus=uhci.0", "piix3-usb-uhci,id=uhci"},
	{"OHCI stick", "usb-storage,bus=ohci.0", "pci-ohci,id=ohci"},
	{"UAS", "scsi-hd,bus=uas.0", "usb-uas,bus=xhci.0,id=uas"},
	{"USB CD", "scsi-cd,bus=bot.0", "usb-bot,bus=xhci.0,id=bot"},
	{"SD card", "sd-card", "sdhci-pci"},
	{"persistent memory", "nvdimm", ""},
}

const mediumSize = 16 << 20

// testMedia boots the kernel and the initramfs of an ISO of the base debian, by themselves
// and in as little memory as bee needs: on a machine that has all media, each of which has
// to be readable, and on a few where the medium is behind what no other test boots from.
func testMedia(t *testing.T, iso string) {
	dir := t.TempDir()
	script := `xorriso -osirrox on -indev "$1" -extract /live/vmlinuz vmlinuz -extract /live/initrd initrd -extract /boot/grub/grub.cfg grub.cfg
: >id
mformat -C -i fat -T 32768 ::
mmd -i fat ::live
mcopy -i fat id "::live/$(sed -n '/bee.id/{s/.*bee.id=\([^ ]*\).*/\1/p;q}' grub.cfg)"`
	cmd := exec.Command("sh", "-ec", script, "sh", iso)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}

	t.Run("all media", func(t *testing.T) {
		t.Parallel()
		var hardware []string
		missing := map[string]bool{}
		for i, m := range media {
			missing[m.name] = true
			file, id := filepath.Join(dir, m.name), "drive"+strconv.Itoa(i)
			if err := os.WriteFile(file, []byte("this is "+m.name+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(file, mediumSize); err != nil {
				t.Fatal(err)
			}
			if m.controller != "" {
				hardware = append(hardware, "-device", m.controller)
			}
			if m.drive == "nvdimm" {
				hardware = append(hardware, "-object", fmt.Sprintf("memory-backend-file,id=%s,share=off,size=%d,mem-path=%s", id, mediumSize, file),
					"-device", m.drive+",memdev="+id)
			} else {
				hardware = append(hardware, "-drive", drive(id, file), "-device", m.drive+",drive="+id)
			}
		}
		// the initramfs finds no medium, while this shell shows what it could read
		console := bootInitramfs(t, dir, `rdinit=/bin/sh -- -c "/init | while sleep 1; do for d in /sys/block/*; do head -n 1 /dev/${d##*/}; done; done"`,
			hardware, func(line string) bool {
				if _, name, found := strings.Cut(line, "this is "); found {
					delete(missing, name)
				}
				return len(missing) == 0
			})
		for name := range missing {
			t.Errorf("%s is not found", name)
		}
		if t.Failed() {
			t.Log(tail(console, 100))
		}
	})

	config, err := os.ReadFile(filepath.Join(dir, "grub.cfg"))
	if err != nil {
		t.Fatal(err)
	}
	options := regexp.MustCompile(`bee\.id=\S+`).FindString(string(config))
	nvme := []string{"-drive", drive("foreign", iso), "-device", "nvme,serial=1,drive=foreign"}
	sick := filepath.Join(dir, "sick")
	if err := os.WriteFile(sick, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(sick, mediumSize); err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]struct {
		hardware []string
		device   string
	}{
		// A disk of the machine's with the same id, which the kernel finds before what was booted.
		"CD beside a disk":    {append(slices.Clone(nvme), "-drive", drive("iso", iso), "-device", "ide-cd,bus=ide.1,drive=iso"), "sr0"},
		"stick beside a disk": {append(slices.Clone(nvme), "-device", "qemu-xhci", "-drive", drive("iso", iso), "-device", "usb-storage,drive=iso"), "sda"},
		// A disk that takes minutes for what is read of it.
		"CD beside a sick disk": {[]string{"-drive", drive("sick", sick) + ",throttling.bps-total=1024", "-device", "nvme,serial=1,drive=sick",
			"-drive", drive("iso", iso), "-device", "ide-cd,bus=ide.1,drive=iso"}, "sr0"},

		"AHCI":             {[]string{"-device", "ich9-ahci,id=ahci", "-drive", drive("iso", iso), "-device", "ide-hd,bus=ahci.0,drive=iso"}, "sda"},
		"SAS1068":          {[]string{"-device", "mptsas1068", "-drive", drive("iso", iso), "-device", "scsi-hd,wwn=1,drive=iso"}, "sda"},
		"virtio-blk":       {[]string{"-drive", drive("iso", iso), "-device", "virtio-blk-pci,drive=iso"}, "vda"},
		"MegaRAID":         {[]string{"-device", "megasas-gen2", "-drive", drive("iso", iso), "-device", "scsi-hd,drive=iso"}, "sda"},
		"NVMe":             {[]string{"-drive", drive("iso", iso), "-device", "nvme,serial=1,drive=iso"}, "nvme0n1"},
		"UAS":              {[]string{"-device", "qemu-xhci", "-device", "usb-uas", "-drive", drive("iso", iso), "-device", "scsi-hd,drive=iso"}, "sda"},
		"SD card with FAT": {[]string{"-device", "sdhci-pci", "-drive", drive("fat", filepath.Join(dir, "fat")), "-device", "sd-card,drive=fat"}, "mmcblk0"},
	} {
		t.Run("medium on "+name, func(t *testing.T) {
			t.Parallel()
			found, passedOver := false, false
			console := bootInitramfs(t, dir, options, m.hardware, func(line string) bool {
				passedOver = passedOver || strings.Contains(line, "bee: the medium on /dev/nvme0n1 has the same id, and is passed over")
				found = found || strings.HasSuffix(line, "bee: medium found on /dev/"+m.device)
				return found
			})
			if !found {
				t.Errorf("the medium is not found on /dev/%s:\n%s", m.device, tail(console, 40))
			}
			if wanted := strings.HasSuffix(name, " beside a disk"); passedOver != wanted {
				t.Errorf("another is passed over: %v, want %v:\n%s", passedOver, wanted, tail(console, 40))
			}
		})
	}
}

// drive is the argument of QEMU for a file that a guest cannot change.
func drive(id, file string) string {
	return "if=none,format=raw,snapshot=on,id=" + id + ",file=" + file
}

// bootInitramfs boots what testMedia took out of the ISO, until the console has a line that
// is the last one wanted, or five minutes are over; it returns the console.
func bootInitramfs(t *testing.T, dir, options string, hardware []string, last func(line string) bool) string {
	t.Helper()
	// timeout ends QEMU also where this program was ended before
	cmd := exec.Command("timeout", append([]string{"5m", "qemu-system-x86_64",
		"-machine", "pc,nvdimm=on", "-accel", "tcg", "-m", "512,slots=1,maxmem=1G",
		"-nodefaults", "-no-user-config", "-no-reboot", "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny", "-display", "none", "-serial", "stdio",
		"-kernel", filepath.Join(dir, "vmlinuz"), "-initrd", filepath.Join(dir, "initrd"),
		"-append", "quiet panic=-1 cryptomgr.notests console=ttyS0,115200 " + options}, hardware...)...)
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var console strings.Builder
	for lines := bufio.NewScanner(output); lines.Scan(); {
		line := strings.TrimRight(lines.Text(), "\r")
		console.WriteString(line + "\n")
		if last(line) {
			break
		}
	}
	cmd.Process.Signal(syscall.SIGTERM)
	cmd.Wait()
	return console.String()
}
