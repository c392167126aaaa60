package partition

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
)

// machine has in sysfs the disks at these paths, each with what blkid says of it.
func machine(t *testing.T, disks map[string]string) system {
	t.Helper()
	root := t.TempDir()
	said := map[string]string{}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Mkdir(filepath.Join(root, "block"), 0o755))
	for path, text := range disks {
		name := filepath.Base(path)
		said["/dev/"+name] = text
		must(os.MkdirAll(filepath.Join(root, path), 0o755))
		must(os.Symlink("../"+path, filepath.Join(root, "block", name)))
		if filepath.Base(filepath.Dir(path)) != "block" {
			must(os.WriteFile(filepath.Join(root, path, "partition"), []byte("1\n"), 0o644))
		}
		if kind, card := map[string]string{"mmcblk0": "MMC\n", "mmcblk1": "SD\n"}[name]; card {
			must(os.Mkdir(filepath.Join(root, path, "device"), 0o755))
			must(os.WriteFile(filepath.Join(root, path, "device/type"), []byte(kind), 0o644))
		}
	}
	return system{filepath.Join(root, "block"), func(_ context.Context, device string) (string, error) {
		text, ok := said[device]
		if !ok {
			t.Errorf("%s is read", device)
		}
		if text == "broken" {
			return "", errors.New("signal: killed")
		}
		return text, nil
	}}
}

const (
	results = "DEVNAME=/dev/x\nLABEL_FATBOOT=BEE-RESULTS\nLABEL=BEE-RESULTS\nUUID=8A35-5E60\nTYPE=vfat\nUSAGE=filesystem\nPART_ENTRY_UUID=6a2c0d7e-01\n"
	other   = "DEVNAME=/dev/y\nLABEL=BEE\nUUID=2026-01-02-03-04-05-00\nTYPE=iso9660\n"
	whole   = "DEVNAME=/dev/v\nLABEL=BEE-WHOLE\nTYPE=vfat\n"
	table   = "DEVNAME=/dev/z\nPTTYPE=dos\nLABEL=BEE-RESULTS\n"
)

var disks = map[string]string{
	"devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/host6/target6:0:0/6:0:0:0/block/sdb":      table,
	"devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/host6/target6:0:0/6:0:0:0/block/sdb/sdb1": results,
	"devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host7/target7:0:0/7:0:0:0/block/sdc":      other,
	"devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda/sda1":             results,
	"devices/pci0000:00/0000:00:17.0/ata2/host1/target1:0:0/1:0:0:0/block/sr0":                  other,
	"devices/pci0000:00/0000:01:00.0/nvme/nvme0/nvme0n1/nvme0n1p1":                              "",
	"devices/pci0000:00/0000:02:00.0/mmc_host/mmc0/mmc0:0001/block/mmcblk0":                     "",
	"devices/pci0000:00/0000:02:00.0/mmc_host/mmc0/mmc0:0001/block/mmcblk0/mmcblk0p1":           results,
	"devices/pci0000:00/0000:03:00.0/mmc_host/mmc1/mmc1:0001/block/mmcblk1":                     "",
	"devices/pci0000:00/0000:03:00.0/mmc_host/mmc1/mmc1:0001/block/mmcblk1/mmcblk1p1":           results,
	// a file system on all of a disk, with a table of partitions in its first block
	"devices/pci0000:00/0000:00:14.0/usb1/1-3/1-3:1.0/host8/target8:0:0/8:0:0:0/block/sdd":      whole,
	"devices/pci0000:00/0000:00:14.0/usb1/1-3/1-3:1.0/host8/target8:0:0/8:0:0:0/block/sdd/sdd1": whole,
	"devices/virtual/block/loop0": results,
}

func TestFind(t *testing.T) {
	stick, card := Partition{"/dev/sdb1", "vfat", true}, Partition{"/dev/mmcblk1p1", "vfat", true}
	disk, soldered := Partition{"/dev/sda1", "vfat", false}, Partition{"/dev/mmcblk0p1", "vfat", false}
	for _, c := range []struct {
		tag  string
		all  bool
		want []Partition
	}{
		{"LABEL=BEE-RESULTS", false, []Partition{card, stick}},
		{"LABEL=BEE-RESULTS", true, []Partition{soldered, card, disk, stick}},
		{"LABEL=bee-results", false, []Partition{card, stick}},
		{"UUID=8a35-5e60", false, []Partition{card, stick}},
		{"PARTUUID=6a2c0d7e-01", false, []Partition{card, stick}},
		{"LABEL=BEE", false, []Partition{{"/dev/sdc", "iso9660", true}, {"/dev/sr0", "iso9660", true}}},
		{"LABEL=BEE-WHOLE", false, []Partition{{"/dev/sdd1", "vfat", true}}},
		{"LABEL=BEE-CONFIG", true, nil},
	} {
		if got, err := machine(t, disks).find(c.tag, c.all); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s, %v: got %v, %v, want %v", c.tag, c.all, got, err, c.want)
		}
	}
}

func TestBadTag(t *testing.T) {
	for _, tag := range []string{"", "BEE-RESULTS", "LABEL=", "TYPE=vfat", "/dev/sda1"} {
		if got, err := machine(t, disks).find(tag, true); err == nil || !strings.Contains(err.Error(), "LABEL=NAME") {
			t.Errorf("%q: got %v, %v", tag, got, err)
		}
	}
}

// A disk that does not answer keeps nobody from those that do.
func TestSilentDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := machine(t, disks)
		end := make(chan struct{})
		defer close(end)
		answer := m.blkid
		m.blkid = func(ctx context.Context, device string) (string, error) {
			if device == "/dev/sdc" {
				<-end // the kernel keeps the process, whatever kills it
			}
			return answer(ctx, device)
		}
		got, err := m.find("LABEL=BEE-RESULTS", false)
		if len(got) != 2 || err == nil || err.Error() != "/dev/sdc has not answered in 20s" {
			t.Errorf("got %v, %v", got, err)
		}
	})
}

func TestBrokenProgram(t *testing.T) {
	m := machine(t, map[string]string{"devices/usb1/block/sdb": "broken"})
	if got, err := m.find("LABEL=BEE-RESULTS", false); got != nil || err == nil || !strings.Contains(err.Error(), "blkid /dev/sdb: signal") {
		t.Errorf("got %v, %v", got, err)
	}
}

// The program itself knows a file system when it sees one.
func TestBlkid(t *testing.T) {
	for _, program := range []string{"blkid", "mkfs.ext4"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
	image := filepath.Join(t.TempDir(), "image")
	if out, err := exec.Command("mkfs.ext4", "-q", "-L", "BEE $'RESULTS", image, "1M").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := blkid(t.Context(), image)
	if values := parse(text); err != nil || values["TYPE"] != "ext4" || values["LABEL"] != "BEE $'RESULTS" {
		t.Errorf("got %q, %v", text, err)
	}
	if err := os.WriteFile(image, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := blkid(t.Context(), image); text != "" || err != nil {
		t.Errorf("of zeros: got %q, %v", text, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(results)
	f.Add("LABEL=a\\ b\\\\\nTYPE=\x1b[2J\n=\n")
	f.Fuzz(func(t *testing.T, text string) {
		for name, value := range parse(text) {
			if strings.ContainsAny(value, "\n\x00\x1b") {
				t.Errorf("%q is %q", name, value)
			}
		}
	})
}
