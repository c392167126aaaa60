package lsblk

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const sample = `{"blockdevices": [
	{"name": "sda", "kname": "sda", "type": "disk", "size": 4000, "subsystems": "block:scsi:pci", "rm": false, "children": [
		{"name": "sda1", "kname": "sda1", "type": "part", "size": "3000", "fstype": "linux_raid_member", "label": null, "children": [
			{"name": "md0", "kname": "md0", "type": "raid1", "fstype": "ext4", "mountpoint": "/srv"}]},
		{"name": "sda2", "kname": "sda2", "type": "part", "fstype": "swap", "mountpoint": "[SWAP]"}]},
	{"name": "sdb", "kname": "sdb", "type": "disk", "size": 0, "subsystems": "block:scsi:usb:pci", "rm": "1"},
	{"name": "sdc", "kname": "sdc", "type": "disk", "size": 5, "subsystems": "block:scsi:virtio:pci"},
	{"name": "vda", "kname": "vda", "type": "disk", "size": 5, "subsystems": "block:virtio:pci"},
	{"name": "nvme0n1", "kname": "nvme0n1", "type": "disk", "size": 5, "subsystems": "block:nvme:pci"},
	{"name": "sr0", "kname": "sr0", "type": "rom", "size": 5, "subsystems": "block:scsi:pci"},
	{"name": "zram0", "kname": "zram0", "type": "disk", "size": 5, "subsystems": "block"},
	{"name": "loop0", "kname": "loop0", "type": "loop", "size": 5}
]}`

func TestParse(t *testing.T) {
	drives, err := Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range drives {
		got = append(got, fmt.Sprint(d.KernelName, " ", d.SMART(), " ", d.NVMe()))
	}
	want := "sda true false, sdb false false, sdc false false, vda false false, nvme0n1 true true, sr0 false false"
	if strings.Join(got, ", ") != want {
		t.Errorf("drives and whether smartctl and nvme know them: %q\nwant %q", got, want)
	}
	parts := drives[0].Children
	if len(parts) != 2 || parts[0].Filesystem != "linux_raid_member" || parts[0].Bytes.Or0() != 3000 || parts[1].MountPoint != "[SWAP]" {
		t.Fatalf("partitions %+v", parts)
	}
	if arrays := parts[0].Children; len(arrays) != 1 || arrays[0].Type != "raid1" || arrays[0].MountPoint != "/srv" {
		t.Errorf("arrays %+v", arrays)
	}
}

// One value of the wrong type costs that value alone.
func TestParsePart(t *testing.T) {
	drives, err := Parse([]byte(`{"blockdevices": [{"kname": "sda", "type": "disk", "size": [], "serial": 5, "children": "none"}, 7, {"kname": "sdb", "type": "disk"}]}`))
	if err == nil || len(drives) != 2 {
		t.Errorf("drives %+v, error %v", drives, err)
	}
}

// Every drive that comes out was in the output, and none without a name.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(`{"blockdevices": [{"kname": "sda", "type": "disk", "children": "none"}, 7]}`))
	f.Add([]byte("NAME MAJ:MIN\nsda 8:0\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		drives, err := Parse(out)
		var raw struct{ Blockdevices []json.RawMessage }
		if json.Unmarshal(out, &raw) == nil && len(drives) > len(raw.Blockdevices) {
			t.Errorf("%d drives of %d devices", len(drives), len(raw.Blockdevices))
		}
		if len(drives) > 0 && !json.Valid(out) && err == nil && strings.ToValidUTF8(string(out), "") == string(out) && !strings.ContainsFunc(string(out), func(r rune) bool { return r < ' ' }) {
			t.Errorf("drives from what is no JSON: %q", out)
		}
		for _, d := range drives {
			if d.KernelName == "" || d.Type != "disk" && d.Type != "rom" {
				t.Errorf("drive %+v", d)
			}
		}
	})
}
