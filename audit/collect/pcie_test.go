package collect

import (
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"bee/audit/collect/machine"
	"bee/audit/report"
)

const lspciCommand = "lspci -vmm -D -nn -k"

const lspciSample = "Slot:\t0000:01:00.0\nClass:\t3D controller [0302]\nVendor:\tNVIDIA Corporation [10de]\n" +
	"Device:\tGH100 [H100 PCIe] [2331]\nRev:\ta1\nDriver:\tnvidia\nModule:\tnvidia\n\n" +
	"Slot:\t0000:02:00.0\nClass:\tEthernet controller [0200]\nVendor:\tACME [1234]\nDevice:\tDevice [0001]\n\n"

func TestPCIe(t *testing.T) {
	files := fstest.MapFS{}
	for name, content := range map[string]string{
		"0000:01:00.0/current_link_speed": "2.5 GT/s PCIe\n", "0000:01:00.0/max_link_speed": "32.0 GT/s PCIe\n",
		"0000:01:00.0/current_link_width": "8\n", "0000:01:00.0/max_link_width": "16\n",
		"0000:01:00.0/numa_node": "0\n",
		// A device that does not answer any more.
		"0000:02:00.0/current_link_speed": "Unknown\n", "0000:02:00.0/max_link_speed": "Unknown\n",
		"0000:02:00.0/current_link_width": "63\n", "0000:02:00.0/max_link_width": "255\n",
		"0000:02:00.0/numa_node": "-1\n",
	} {
		files["sys/bus/pci/devices/"+name] = &fstest.MapFile{Data: []byte(content)}
	}
	r := audit(t, t.Context(), script{out: map[string]string{lspciCommand: lspciSample}, files: files}, pcie)
	if len(r.Errors) != 0 || len(r.PCIe.Devices) != 2 {
		t.Fatalf("%+v", r)
	}
	gpu, nic := r.PCIe.Devices[0], r.PCIe.Devices[1]
	if gpu.ClassID != "0302" || gpu.Device != "GH100 [H100 PCIe]" || gpu.DeviceID != "2331" || gpu.Driver != "nvidia" {
		t.Errorf("%+v", gpu)
	}
	if *gpu.Link != (report.PCIeLink{SpeedGTs: 2.5, MaxSpeedGTs: 32, WidthLanes: 8, MaxWidthLanes: 16}) {
		t.Errorf("link %+v", *gpu.Link)
	}
	if gpu.NUMANode == nil || *gpu.NUMANode != 0 {
		t.Errorf("node %v", gpu.NUMANode)
	}
	if nic.Link != nil || nic.NUMANode != nil || nic.Device != "" {
		t.Errorf("%+v", nic)
	}
}

// A root port with a switch below it, with a GPU and an NVMe drive below that; a
// RAID controller in a domain of its own; a virtual function.
const pciTree = `
sys/bus/pci/devices/0000:00:01.0 -> ../../../devices/pci0000:00/0000:00:01.0
sys/bus/pci/devices/0000:01:00.0 -> ../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0
sys/bus/pci/devices/0000:02:00.0 -> ../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:00.0
sys/bus/pci/devices/0000:03:00.0 -> ../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:00.0/0000:03:00.0
sys/bus/pci/devices/0000:03:00.1 -> ../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:00.0/0000:03:00.1
sys/bus/pci/devices/10000:00:02.0 -> ../../../devices/pci0000:00/0000:00:05.5/pci10000:00/10000:00:02.0
sys/bus/pci/devices/10000:01:00.0 -> ../../../devices/pci0000:00/0000:00:05.5/pci10000:00/10000:00:02.0/10000:01:00.0
sys/devices/pci0000:00/0000:00:01.0/max_link_speed 32.0 GT/s PCIe
sys/devices/pci0000:00/0000:00:01.0/max_link_width 16
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/max_link_speed 16.0 GT/s PCIe
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/max_link_width 16
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:00.0/max_link_speed 8.0 GT/s PCIe
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:00.0/max_link_width 4
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:00.0/0000:03:00.0/max_link_speed 16.0 GT/s PCIe
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:00.0/0000:03:00.0/max_link_width 4
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:00.0/0000:03:00.0/nvme/nvme0/firmware_rev GDC5602Q
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:00.0/0000:03:00.1/physfn -> ../0000:03:00.0
sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:00.0/0000:03:00.1/max_link_width 4
sys/devices/pci0000:00/0000:00:05.5/pci10000:00/10000:00:02.0/10000:01:00.0/host3/scsi_host/host3/version_fw 16.00.12.00
sys/devices/pci0000:00/0000:00:05.5/pci10000:00/10000:00:02.0/10000:01:00.0/infiniband/mlx5_0/fw_ver
`

const pciTreeLspci = "Slot:\t0000:00:01.0\nClass:\tPCI bridge [0604]\n\nSlot:\t0000:01:00.0\nClass:\tPCI bridge [0604]\n\n" +
	"Slot:\t0000:02:00.0\nClass:\tPCI bridge [0604]\n\nSlot:\t0000:03:00.0\nClass:\tNon-Volatile memory controller [0108]\n\n" +
	"Slot:\t0000:03:00.1\nClass:\tNon-Volatile memory controller [0108]\n\nSlot:\t10000:00:02.0\nClass:\tPCI bridge [0604]\n\nSlot:\t10000:01:00.0\nClass:\tRAID bus controller [0104]\n"

const slotSample = `SMBIOS 3.2.0 present.

Handle 0x0030, DMI type 9, 17 bytes
System Slot Information
	Designation: CPU1 SLOT1 PCI-E 4.0 X16
	Type: x8 PCI Express 4 x16
	Current Usage: In Use
	Length: Long
	Bus Address: 0000:00:01.0

Handle 0x0031, DMI type 9, 17 bytes
System Slot Information
	Designation: Bay 2
	Type: PCI Express 4 SFF-8639 (U.2)
	Current Usage: In Use
	Length: 2.5" drive form factor
	Bus Address: 0000:03:00.0

Handle 0x0032, DMI type 9, 17 bytes
System Slot Information
	Designation: Slot 3
	Type: 32-bit PCI
	Current Usage: Available
	Bus Address: 0000:00:00.0
`

func TestPCIeTree(t *testing.T) {
	m := script{out: map[string]string{lspciCommand: pciTreeLspci, "dmidecode -t 9": slotSample}, files: tree(pciTree)}
	r := audit(t, t.Context(), m, pcie)
	if len(r.Errors) != 0 {
		t.Errorf("errors %+v", r.Errors)
	}
	const slot1 = "CPU1 SLOT1 PCI-E 4.0 X16"
	want := []report.PCIDevice{
		{Address: "0000:00:01.0", Link: &report.PCIeLink{MaxSpeedGTs: 32, MaxWidthLanes: 16}},
		{Address: "0000:01:00.0", UpstreamPort: "0000:00:01.0", SlotDesignation: slot1,
			Link: &report.PCIeLink{MaxSpeedGTs: 16, MaxWidthLanes: 16, UpstreamMaxSpeedGTs: 32, UpstreamMaxWidthLanes: 16}},
		// Its link leads down.
		{Address: "0000:02:00.0", UpstreamPort: "0000:01:00.0", SlotDesignation: slot1, Link: &report.PCIeLink{MaxSpeedGTs: 8, MaxWidthLanes: 4}},
		{Address: "0000:03:00.0", UpstreamPort: "0000:02:00.0", SlotDesignation: "Bay 2", FirmwareVersion: "GDC5602Q",
			Link: &report.PCIeLink{MaxSpeedGTs: 16, MaxWidthLanes: 4, UpstreamMaxSpeedGTs: 8, UpstreamMaxWidthLanes: 4}},
		{Address: "0000:03:00.1", UpstreamPort: "0000:02:00.0", SlotDesignation: "Bay 2", VirtualFunctionOf: "0000:03:00.0"},
		{Address: "10000:00:02.0"},
		{Address: "10000:01:00.0", UpstreamPort: "10000:00:02.0", FirmwareVersion: "16.00.12.00"},
	}
	for i, got := range r.PCIe.Devices {
		got.Class, got.ClassID = "", ""
		if !reflect.DeepEqual(got, want[i]) {
			t.Errorf("got  %+v, link %+v\nwant %+v, link %+v", got, got.Link, want[i], want[i].Link)
		}
	}
	slots := []report.ExpansionSlot{
		{Handle: "0x0030", Designation: slot1, Type: "x8 PCI Express 4 x16", Lanes: 8, Usage: "In Use", Length: "Long", BusAddress: "0000:00:01.0"},
		{Handle: "0x0031", Designation: "Bay 2", Type: "PCI Express 4 SFF-8639 (U.2)", Usage: "In Use", Length: `2.5" drive form factor`, BusAddress: "0000:03:00.0"},
		{Handle: "0x0032", Designation: "Slot 3", Type: "32-bit PCI", Usage: "Available"},
	}
	if !slices.Equal(r.PCIe.Slots, slots) {
		t.Errorf("slots %+v\nwant %+v", r.PCIe.Slots, slots)
	}

	m.out["dmidecode -t 9"] = "# No SMBIOS nor DMI entry point found, sorry.\n"
	if r := audit(t, t.Context(), m, pcie); len(r.PCIe.Devices) != len(want) || r.PCIe.Slots != nil || len(r.Errors) != 1 {
		t.Errorf("without SMBIOS: slots %v, errors %+v", r.PCIe.Slots, r.Errors)
	}
}

// A bridge that is said to be behind itself.
func TestSlotsOfATreeWithACycle(t *testing.T) {
	p := &report.PCIe{
		Devices: []report.PCIDevice{{Address: "a", UpstreamPort: "b"}, {Address: "b", UpstreamPort: "a"}},
		Slots:   []report.ExpansionSlot{{Designation: "elsewhere", BusAddress: "c"}},
	}
	assignSlots(p)
	if p.Devices[0].SlotDesignation != "" {
		t.Errorf("%+v", p.Devices)
	}
}

// A device that hangs costs what its own files hold, and not for ever.
func TestPCIeHangs(t *testing.T) {
	defer func(d time.Duration) { deviceLimit = d }(deviceLimit)
	deviceLimit = 500 * time.Millisecond
	wake := make(chan bool)
	defer close(wake)
	m := script{out: map[string]string{lspciCommand: pciTreeLspci}, files: tree(pciTree)}
	r := audit(t, t.Context(), hanging{m, "sys/bus/pci/devices/0000:01:00.0/current_link_speed", wake}, pcie)
	if d := r.PCIe.Devices; len(d) != 7 || d[1].ClassID != "0604" || d[1].Link != nil || d[3].Link == nil {
		t.Errorf("devices %+v", d)
	}
	if len(r.Errors) != 1 || r.Errors[0].Kind != report.Stuck || !strings.Contains(r.Errors[0].Message, "0000:01:00.0") {
		t.Errorf("errors %+v", r.Errors)
	}
}

func TestPCIeFails(t *testing.T) {
	m := script{out: map[string]string{lspciCommand: lspciSample[:200]}, err: map[string]error{lspciCommand: machine.ErrTimeLimit}}
	if r := audit(t, t.Context(), m, pcie); len(r.PCIe.Devices) != 2 || len(r.Errors) != 1 {
		t.Errorf("killed half-way: %+v", r)
	}
	m = script{out: map[string]string{lspciCommand: "?"}, err: map[string]error{lspciCommand: errors.New("broken")}}
	if r := audit(t, t.Context(), m, pcie); r.PCIe != nil || len(r.Errors) != 1 {
		t.Errorf("rubbish: %+v", r)
	}
}

// No function of a real machine is lost.
func TestLspciCorpus(t *testing.T) {
	for _, file := range corpus(t, "misc", "*", "*lspci*") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r := audit(t, t.Context(), script{out: map[string]string{lspciCommand: string(text)}}, pcie)
		if want := strings.Count("\n"+string(text), "\nSlot:"); len(r.Errors) != 0 || len(r.PCIe.Devices) != want {
			t.Errorf("%s: %d devices, want %d, errors %+v", file, len(r.PCIe.Devices), want, r.Errors)
		}
	}
}

// No slot of a real machine is lost, nor its name, type or use.
func TestSlotsCorpus(t *testing.T) {
	for _, file := range corpus(t, "dmidecode", "*", "*.txt") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r := audit(t, t.Context(), script{out: map[string]string{lspciCommand: "", "dmidecode -t 9": string(text)}}, pcie)
		used := 0
		for _, s := range r.PCIe.Slots {
			if s.Usage == "In Use" {
				used++
			}
		}
		count := func(s string) int { return strings.Count(string(text), s) }
		if len(r.Errors) != 0 || len(r.PCIe.Slots) != count(", DMI type 9, ") || used != count("\tCurrent Usage: In Use\n") {
			t.Errorf("%s: %d slots, %d in use, errors %+v", file, len(r.PCIe.Slots), used, r.Errors)
		}
	}
}
