package sysblock

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"
)

// machine makes a file system of lines "path content" and "path -> target".
func machine(lines string) fstest.MapFS {
	files := fstest.MapFS{}
	for line := range strings.Lines(lines) {
		name, content, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "" {
			continue
		}
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			files["sys/"+name] = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink}
		} else {
			files["sys/"+name] = &fstest.MapFile{Data: []byte(content + "\n")}
		}
	}
	return files
}

const server = `
	block/sda -> ../devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda
	devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda/size 7814037168
	devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda/removable 0
	devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda/queue/rotational 1
	devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda/queue/logical_block_size 512
	devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda/queue/physical_block_size 4096
	devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda/device -> ../../../0:0:0:0
	devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/vendor ATA
	devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/model ACME HDD 40
	devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/rev DA01
	devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/wwid naa.5000cca24d38c1d7

	block/sdb -> ../devices/pci0000:00/0000:3b:00.0/host1/port-1:0/end_device-1:0/target1:0:0/1:0:0:0/block/sdb
	devices/pci0000:00/0000:3b:00.0/host1/port-1:0/end_device-1:0/target1:0:0/1:0:0:0/block/sdb/size 0
	devices/pci0000:00/0000:3b:00.0/host1/port-1:0/end_device-1:0/target1:0:0/1:0:0:0/block/sdb/device -> ../../../1:0:0:0
	devices/pci0000:00/0000:3b:00.0/host1/port-1:0/end_device-1:0/target1:0:0/1:0:0:0/model ACME SAS
	devices/pci0000:00/0000:3b:00.0/host1/port-1:0/phy-1:0/x y
	devices/pci0000:00/0000:3b:00.0/host1/port-1:0/phy-1:1/x y
	class/sas_phy/phy-1:0/negotiated_linkrate 6.0 Gbit
	class/sas_phy/phy-1:1/negotiated_linkrate 12.0 Gbit

	block/sdc -> ../devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0/block/sdc
	devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0/block/sdc/removable 1
	devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0/block/sdc/device -> ../../../6:0:0:0
	devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0/model Card Reader

	block/sdd -> ../devices/pci0000:00/0000:00:05.0/virtio2/host2/target2:0:0/2:0:0:0/block/sdd
	devices/pci0000:00/0000:00:05.0/virtio2/host2/target2:0:0/2:0:0:0/block/sdd/size 8
	devices/pci0000:00/0000:00:05.0/virtio2/host2/target2:0:0/2:0:0:0/block/sdd/device -> ../../../2:0:0:0
	devices/pci0000:00/0000:00:05.0/virtio2/host2/target2:0:0/2:0:0:0/model Virtual

	block/vda -> ../devices/pci0000:00/0000:00:02.0/virtio1/block/vda
	devices/pci0000:00/0000:00:02.0/virtio1/block/vda/size 8
	devices/pci0000:00/0000:00:02.0/virtio1/block/vda/serial V1
	devices/pci0000:00/0000:00:02.0/virtio1/block/vda/device -> ../../../virtio1
	devices/pci0000:00/0000:00:02.0/virtio1/vendor 0x1af4

	block/sr0 -> ../devices/pci0000:00/0000:00:1f.2/ata3/host3/target3:0:0/3:0:0:0/block/sr0
	devices/pci0000:00/0000:00:1f.2/ata3/host3/target3:0:0/3:0:0:0/block/sr0/size 8
	devices/pci0000:00/0000:00:1f.2/ata3/host3/target3:0:0/3:0:0:0/block/sr0/device -> ../../../3:0:0:0
	devices/pci0000:00/0000:00:1f.2/ata3/host3/target3:0:0/3:0:0:0/model DVD

	block/cciss!c0d0 -> ../devices/pci0000:00/0000:04:00.0/cciss0/c0d0/block/cciss!c0d0
	devices/pci0000:00/0000:04:00.0/cciss0/c0d0/block/cciss!c0d0/size 8
	devices/pci0000:00/0000:04:00.0/cciss0/c0d0/block/cciss!c0d0/device -> ../../../c0d0
	devices/pci0000:00/0000:04:00.0/cciss0/c0d0/x y

	block/nvme0n1 -> ../devices/pci0000:00/0000:5e:00.0/nvme/nvme0/nvme0n1
	devices/pci0000:00/0000:5e:00.0/nvme/nvme0/nvme0n1/size 3750748848
	devices/pci0000:00/0000:5e:00.0/nvme/nvme0/nvme0n1/wwid eui.00253885
	devices/pci0000:00/0000:5e:00.0/nvme/nvme0/nvme0n1/device -> ../../nvme0
	devices/pci0000:00/0000:5e:00.0/nvme/nvme0/model ACME Flash
	devices/pci0000:00/0000:5e:00.0/nvme/nvme0/serial N1
	devices/pci0000:00/0000:5e:00.0/nvme/nvme0/firmware_rev EDA5
	devices/pci0000:00/0000:5e:00.0/nvme/nvme0/state live
	class/nvme/nvme0 -> ../../devices/pci0000:00/0000:5e:00.0/nvme/nvme0

	block/nvme1n1 -> ../devices/virtual/nvme-subsystem/nvme-subsys1/nvme1n1
	devices/virtual/nvme-subsystem/nvme-subsys1/nvme1n1/size 8
	devices/virtual/nvme-subsystem/nvme-subsys1/nvme1n1/device -> ../../nvme-subsys1
	devices/virtual/nvme-subsystem/nvme-subsys1/model ACME Two Ports
	devices/virtual/nvme-subsystem/nvme-subsys1/nvme2 -> ../../../pci0000:00/0000:5f:00.0/nvme/nvme2
	devices/virtual/nvme-subsystem/nvme-subsys1/nvme3 -> ../../../pci0000:00/0000:60:00.0/nvme/nvme3
	block/nvme1c2n1/hidden 1
	block/nvme1c2n1/device/x y
	class/nvme/nvme2/address 0000:5f:00.0
	class/nvme/nvme2/state live
	class/nvme/nvme3/address 0000:60:00.0
	class/nvme/nvme3/state dead

	class/nvme/nvme4/model ACME Empty
	class/nvme/nvme4/address traddr=10.0.0.1,trsvcid=4420
	class/nvme/nvme4/state live
	class/nvme/nvme5/model Discovery
	class/nvme/nvme5/cntrltype discovery

	class/scsi_generic/sg0 -> ../../devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/scsi_generic/sg0
	devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/scsi_generic/sg0/device -> ../../../0:0:0:0
	devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/type 0
	devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/driver/x y
	class/scsi_generic/sg9 -> ../../devices/pci0000:00/0000:3b:00.0/host1/port-1:1/end_device-1:1/target1:1:0/1:1:0:0/scsi_generic/sg9
	devices/pci0000:00/0000:3b:00.0/host1/port-1:1/end_device-1:1/target1:1:0/1:1:0:0/scsi_generic/sg9/device -> ../../../1:1:0:0
	devices/pci0000:00/0000:3b:00.0/host1/port-1:1/end_device-1:1/target1:1:0/1:1:0:0/type 0
	devices/pci0000:00/0000:3b:00.0/host1/port-1:1/end_device-1:1/target1:1:0/1:1:0:0/model ACME Member
	class/scsi_generic/sg10/device/type 13

	block/loop0/size 8
	block/md0/size 8
	block/zram0/size 8
`

func TestRead(t *testing.T) {
	files := machine(server)
	files["sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/vpd_pg80"] = &fstest.MapFile{Data: []byte("\x00\x80\x00\x14   S1\xff ")}
	drives := Read(files)
	got := map[string]Drive{}
	var names []string
	for _, d := range drives {
		got[d.Name] = d
		names = append(names, d.Name)
	}
	if want := "cciss/c0d0 nvme0n1 nvme1n1 sda sdb sdc sdd sr0 vda sg9 nvme4"; strings.Join(names, " ") != want {
		t.Fatalf("drives %v\nwant   %s", names, want)
	}
	rotates := true
	for _, want := range []Drive{
		{Name: "sda", Type: "disk", Transport: "sata", Vendor: "ATA", Model: "ACME HDD 40", Serial: `S1\xff`, Revision: "DA01", WWN: "0x5000cca24d38c1d7",
			Bytes: 4000787030016, LogicalBlock: 512, PhysicalBlock: 4096, Rotational: &rotates, HCTL: "0:0:0:0", PCIAddress: "0000:00:1f.2"},
		{Name: "sdb", Type: "disk", Transport: "sas", Model: "ACME SAS", HCTL: "1:0:0:0", PCIAddress: "0000:3b:00.0", LinkSpeed: "12.0 Gb/s"},
		{Name: "sdc", Type: "disk", Transport: "usb", Model: "Card Reader", Removable: true, HCTL: "6:0:0:0", PCIAddress: "0000:00:14.0"},
		{Name: "sdd", Type: "disk", Transport: "virtio", Model: "Virtual", Bytes: 4096, HCTL: "2:0:0:0", PCIAddress: "0000:00:05.0", virtual: true},
		{Name: "vda", Type: "disk", Transport: "virtio", Vendor: "0x1af4", Serial: "V1", Bytes: 4096, PCIAddress: "0000:00:02.0", virtual: true},
		{Name: "sr0", Type: "rom", Transport: "sata", Model: "DVD", Bytes: 4096, HCTL: "3:0:0:0", PCIAddress: "0000:00:1f.2"},
		{Name: "cciss/c0d0", Type: "disk", Bytes: 4096, PCIAddress: "0000:04:00.0"},
		{Name: "nvme0n1", Type: "disk", Transport: "nvme", Model: "ACME Flash", Serial: "N1", Revision: "EDA5", WWN: "eui.00253885", Bytes: 1920383410176,
			PCIAddress: "0000:5e:00.0", NVMeControllers: []string{"nvme0"}, NVMeState: "live"},
		{Name: "nvme1n1", Type: "disk", Transport: "nvme", Model: "ACME Two Ports", Bytes: 4096, PCIAddress: "0000:5f:00.0",
			NVMeControllers: []string{"nvme2", "nvme3"}, NVMeState: "dead"},
		{Name: "nvme4", Transport: "nvme", Model: "ACME Empty", NVMeControllers: []string{"nvme4"}, NVMeState: "live"},
		{Name: "sg9", Transport: "sas", Model: "ACME Member", HCTL: "1:1:0:0", PCIAddress: "0000:3b:00.0"},
	} {
		g := got[want.Name]
		if (g.Rotational == nil) != (want.Rotational == nil) || g.Rotational != nil && *g.Rotational != *want.Rotational {
			t.Errorf("%s: rotational %v", want.Name, g.Rotational)
		}
		g.Rotational, want.Rotational = nil, nil
		if fmt.Sprintf("%+v", g) != fmt.Sprintf("%+v", want) {
			t.Errorf("got  %+v\nwant %+v", g, want)
		}
	}

	var smart []string
	for _, d := range drives {
		if d.SMART() {
			smart = append(smart, d.Name)
		}
	}
	if want := "nvme0n1 nvme1n1 sda sdb sg9 nvme4"; strings.Join(smart, " ") != want {
		t.Errorf("smartctl knows %v\nwant           %s", smart, want)
	}
}

// TestRAIDVolume: arrays by what their drivers say, and where they put them.
func TestRAIDVolume(t *testing.T) {
	driver := func(name string) string { return "class/scsi_host/host0/proc_name " + name }
	for _, c := range []struct {
		channel, says string
		want          bool
	}{
		{"1", "HCTL/raid_level RAID 1(1+0)", true}, {"1", "HCTL/raid_level RAID-5", true}, {"1", "HCTL/raid_level N/A", false}, {"1", "HCTL/model X", false},
		{"1", "HCTL/model DELLBOSS VD", true},
		{"1", driver("megaraid_sas"), false}, {"2", driver("megaraid_sas"), true}, {"3", driver("megaraid_sas"), true},
		{"0", driver("mpt3sas"), false}, {"1", driver("mpt3sas"), true}, {"2", driver("mpt3sas"), false}, // an NVMe drive
		{"0", driver("aacraid"), true}, {"1", driver("aacraid"), false}, {"0", driver("arcmsr"), true},
		{"0", driver("hpsa"), false}, {"1", driver("hpsa"), true}, {"2", driver("smartpqi"), false}, {"1", driver("ahci"), false},
	} {
		drives := Read(machine(strings.ReplaceAll("block/sda -> ../HCTL/block/sda\nHCTL/block/sda/size 8\nHCTL/block/sda/device -> ../../../0:"+c.channel+":0:0\n"+c.says,
			"HCTL", "devices/pci0000:00/0000:03:00.0/host0/target0:"+c.channel+":0/0:"+c.channel+":0:0")))
		if len(drives) != 1 || drives[0].RAIDVolume() != c.want {
			t.Errorf("channel %s, %s: %+v, want %v", c.channel, c.says, drives, c.want)
		}
	}
}

func TestEMMC(t *testing.T) {
	const at = "devices/pci0000:00/0000:00:1a.0/mmc_host/mmc0/mmc0:0001"
	drives := Read(machine("block/mmcblk0 -> ../" + at + "/block/mmcblk0\n" + at + "/block/mmcblk0/device -> ../../../mmc0:0001\n" + at + "/name DA6064\n" + at + "/serial 0x1\n" +
		"block/mmcblk0boot1 -> ../" + at + "/block/mmcblk0/mmcblk0boot1\n" + at + "/block/mmcblk0/mmcblk0boot1/device -> ../../mmcblk0\n"))
	if len(drives) != 1 || drives[0].Name != "mmcblk0" || drives[0].Transport != "mmc" || drives[0].Model != "DA6064" || drives[0].Serial != "0x1" || drives[0].SMART() {
		t.Errorf("%+v", drives)
	}
	for name, want := range map[string]bool{"mmcblk0": false, "mmcblk12boot0": true, "mmcblk0rpmb": true, "mmcblk0gp3": true, "mmcblk0p1": false, "sda": false} {
		if IsPart(name) != want {
			t.Errorf("%s: not %v", name, want)
		}
	}
}

func TestNoSysfs(t *testing.T) {
	if drives := Read(fstest.MapFS{}); len(drives) != 0 {
		t.Errorf("%+v", drives)
	}
}

// linked is a machine one of whose folders is a link, too.
type linked struct {
	fstest.MapFS
	target string
}

func (l linked) ReadLink(string) (string, error) { return l.target, nil }

// Wherever a link leads and whatever a file holds, no drive is lost, and what it
// says is text.
func FuzzRead(f *testing.F) {
	f.Add("../devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda", "naa.5000")
	f.Add("../devices/pci0000:00/0000:3b:00.0/host1/port-1:0/end_device-1:0/target1:0:0/1:0:0:0/block/sdb", "12.0 Gbit")
	f.Add("/", "\xff\x00\x1b")
	f.Add("../../..", "99999999999999999999")
	f.Fuzz(func(t *testing.T, link, content string) {
		file := &fstest.MapFile{Data: []byte(content)}
		drives := Read(linked{fstest.MapFS{
			"sys/class/sas_phy/phy-1:0/negotiated_linkrate": file,
			"sys/class/nvme/nvme0/address":                  file,
			"sys/class/nvme/nvme0/state":                    file,
			"sys/block/nvme0n1/device/nvme0/x":              file,
			"sys/block/nvme0n1/wwid":                        file,
			"sys/class/scsi_generic/sg1/device/type":        {Data: []byte("0")},
			"sys/class/scsi_generic/sg1/device/model":       file,
			"sys/block/sda/size":                            file,
			"sys/block/sda/device/wwid":                     file,
			"sys/block/sda/device/vpd_pg80":                 file,
		}, link})
		if len(drives) != 3 {
			t.Errorf("%d drives: %+v", len(drives), drives)
		}
		if s := fmt.Sprintf("%+v", drives); !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\x1b\n") {
			t.Errorf("%q", s)
		}
	})
}
