package e2e

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"bee/core/iso9660"
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
	run := func(script string) {
		t.Helper()
		cmd := exec.Command("sh", "-ec", script, "sh", iso)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	run(`xorriso -osirrox on -indev "$1" -extract /live live -extract /boot/grub/grub.cfg grub.cfg
mv live/vmlinuz .
cat live/initrd live/bee.img >initrd
mformat -C -i fat -T 1048576 ::
mmd -i fat ::live
mcopy -i fat live/*-*.squashfs live/bee-* ::live/`)
	// what is read, or copied, on a machine without GPUs
	const most = 150e6
	core := int64(0)
	for _, name := range []string{"vmlinuz", "initrd", "live/00-base.squashfs", "live/90-bee.squashfs"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		core += info.Size()
	}
	if core > most {
		t.Errorf("kernel, initramfs, base and bee have %d bytes, more than %.0f", core, most)
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
		console := bootInitramfs(t, dir, `bee.id=none rdinit=/bin/sh -- -c "mknod /dev/null c 1 3; while sleep 1; do for d in /sys/block/*; do head -n 1 /dev/${d##*/}; done; done & exec /init"`,
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
	testDamage(t, dir, iso, options)
	testRemoved(t, dir, iso, options)
	testUnattended(t, dir, iso, options)
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

// testDamage boots the ISO with a layer of another build, and with one that is damaged, as a whole
// and in one block.
func testDamage(t *testing.T, dir, iso, options string) {
	cd := func(file string) []string {
		return []string{"-drive", drive("iso", file), "-device", "ide-cd,bus=ide.1,drive=iso"}
	}
	data, err := os.ReadFile(iso)
	if err != nil {
		t.Fatal(err)
	}
	layer, err := os.ReadFile(filepath.Join(dir, "live/00-base.squashfs"))
	if err != nil {
		t.Fatal(err)
	}
	begin := bytes.Index(data, layer[:1<<16])
	if begin < 0 {
		t.Fatal("the base layer is not in the ISO")
	}
	const block = 4096
	tree := int(binary.LittleEndian.Uint64(layer[40:])) // bytes_used of a squashfs' superblock
	tree = (tree + block - 1) / block * block
	flipped := func(name string, at int) string {
		t.Helper()
		changed := bytes.Clone(data)
		changed[begin+at] ^= 1
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	// the tables of inodes and folders are at its end: nothing is found without them
	other, damaged := flipped("other", tree), flipped("damaged", tree-2*block)
	const anew = "bee: 00-base.squashfs on the medium is damaged, and what is read of it fails: write the medium anew"
	for name, c := range map[string]struct {
		options  string
		hardware []string
		last     string // of the console's lines
	}{
		"a layer of another build": {"", cd(other), "bee: the medium on /dev/sr0 is passed over: /run/live/media/sr0/live/00-base.squashfs is damaged, or of another boot: the root of its hash tree is"},
		"a damaged layer":          {"", cd(damaged), anew},
		"too little memory":        {" bee.toram", cd(iso), "bee: the medium has to stay: this machine has too little memory for the layers: "},
		"a damaged layer in RAM":   {" bee.toram", append(cd(damaged), "-m", "1000"), "bee: /run/live/media/sr0/live/00-base.squashfs is damaged, or of another boot: its SHA-256 is"},
		"a good medium":            {" bee.check", cd(iso), "bee: the medium is as it was made"},
		"a damaged medium":         {" bee.check", cd(damaged), "bee: the medium on /dev/sr0 is damaged: write it anew. /run/live/media/sr0/live/00-base.squashfs is damaged, or of another boot: its SHA-256 is"},
		"a medium of files":        {" bee.check", []string{"-device", "ich9-ahci,id=ahci", "-drive", drive("fat", filepath.Join(dir, "fat")), "-device", "ide-hd,bus=ahci.0,drive=fat"}, "bee: the layers on /dev/sda are as they were made; kernel and boot loader cannot be checked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			console := bootInitramfs(t, dir, options+c.options, c.hardware, func(line string) bool { return strings.Contains(line, c.last) })
			if !strings.Contains(console, c.last) {
				t.Errorf("nothing says %q:\n%s", c.last, tail(console, 40))
			}
		})
	}

	// a bit of any file
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		at := random.IntN(len(data))
		data[at] ^= 1 << random.IntN(8)
		if err := iso9660.Verify(bytes.NewReader(data), func(_, _ int64) {}); err == nil {
			t.Errorf("byte %d is another, and nobody says so", at)
		}
		data[at] = original(t, iso, at)
	}
}

func original(t *testing.T, file string, at int) byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], int64(at)); err != nil {
		t.Fatal(err)
	}
	return b[0]
}

// testRemoved takes the medium away from a machine that has copied it into memory.
func testRemoved(t *testing.T, dir, iso, options string) {
	t.Run("medium taken away", func(t *testing.T) {
		t.Parallel()
		monitor := filepath.Join(t.TempDir(), "monitor")
		hardware := []string{"-device", "qemu-xhci", "-drive", drive("iso", iso), "-device", "usb-storage,id=stick,drive=iso", "-monitor", "unix:" + monitor + ",server=on,wait=off", "-m", "1000"}
		removed := false
		const last = "bee: SSH password for root and bee:"
		console := bootInitramfs(t, dir, options+" bee.toram", hardware, func(line string) bool {
			if strings.Contains(line, "bee: all is in memory: the medium on /dev/sda may be taken away") {
				conn, err := net.Dial("unix", monitor)
				if err != nil {
					t.Error(err)
					return true
				}
				t.Cleanup(func() { conn.Close() }) // it carries the command out while it is there
				fmt.Fprintln(conn, "device_del stick")
				removed = true
			}
			return strings.Contains(line, last)
		})
		if !removed || !strings.Contains(console, last) {
			t.Errorf("taken away: %v:\n%s", removed, tail(console, 60))
		}
	})
}

// testNetboot boots what was built over a network, on these machines.
func testNetboot(t *testing.T, dist string, machines ...string) {
	dir := t.TempDir()
	script := `tar -xf "$1/bee.netboot.tar"
sha256sum --quiet -c SHA256SUMS
go build -C "$2" -o "$PWD/smoke" ./iso/smoke`
	cmd := exec.Command("sh", "-ec", script, "sh", dist, repository)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, machine := range machines {
		t.Run(machine, func(t *testing.T) {
			t.Parallel()
			if _, err := os.Stat("/usr/share/OVMF"); err != nil && strings.HasPrefix(machine, "uefi") {
				t.Skip("no UEFI firmware on this machine; on Debian the package ovmf has it")
			}
			out, err := exec.Command(filepath.Join(dir, "smoke"), "run", "--netboot", dir, "--machine", machine).CombinedOutput()
			if err != nil || !strings.Contains(string(out), "\nPASS checks-complete: ") {
				t.Errorf("%v:\n%s", err, tail(string(out), 60))
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
