package collect

import (
	"cmp"
	"context"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"bee/audit/report"
	"bee/audit/tool/dmidecode"
	"bee/audit/tool/lspci"
	"bee/core/printable"
)

var pcie = Collector{
	Name:  "pcie",
	About: "PCI functions, their drivers, links, firmware and slots (lspci, sysfs; dmidecode where it is installed)",
	Tools: []string{"lspci"},
	Collect: func(ctx context.Context, t *Task) {
		var p *report.PCIe
		var slots []report.ExpansionSlot
		t.Each(2, func(i int) {
			if i == 0 {
				p = pciFunctions(ctx, t)
			} else if t.Has("dmidecode") {
				if all, ok := structures(ctx, t, "9"); ok {
					slots = slotsFrom(all)
				}
			}
		})
		if p != nil {
			t.Update(func(*report.Report) {
				p.Slots = slots
				assignSlots(p)
			})
		}
	},
}

// pciFunctions puts the PCI functions into the report, nil where lspci does not
// list them.
func pciFunctions(ctx context.Context, t *Task) *report.PCIe {
	result := t.Run(ctx, "lspci", "-vmm", "-D", "-nn", "-k")
	functions, err := lspci.Parse(result.Stdout)
	t.Check(result, err)
	if err != nil {
		return nil
	}
	p := &report.PCIe{Devices: make([]report.PCIDevice, len(functions))}
	for i, f := range functions {
		p.Devices[i] = pciDevice(f)
	}
	t.Update(func(r *report.Report) { r.PCIe = p })

	t.Each(len(functions), func(i int) {
		known := p.Devices[i]
		if d, ok := ask(ctx, t, known.Address, func() report.PCIDevice { return withSysfs(t.Files(), known) }); ok {
			t.Update(func(*report.Report) { p.Devices[i] = d })
		}
	})
	return p
}

func pciDevice(f lspci.Function) report.PCIDevice {
	return report.PCIDevice{
		Address:              f.Slot,
		Class:                f.Class.Name,
		ClassID:              f.Class.Number,
		Vendor:               f.Vendor.Name,
		VendorID:             f.Vendor.Number,
		Device:               f.Device.Name,
		DeviceID:             f.Device.Number,
		SubsystemVendor:      f.SubsystemVendor.Name,
		SubsystemVendorID:    f.SubsystemVendor.Number,
		SubsystemDevice:      f.SubsystemDevice.Name,
		SubsystemDeviceID:    f.SubsystemDevice.Number,
		Revision:             f.Revision,
		ProgrammingInterface: f.ProgIf,
		PhysicalSlot:         f.PhysicalSlot,
		Driver:               f.Driver,
		Modules:              f.Modules,
	}
}

const pciDevices = "sys/bus/pci/devices"

// withSysfs adds to a function what sysfs has of it (the kernel's
// Documentation/ABI/testing/sysfs-bus-pci).
func withSysfs(files fs.FS, d report.PCIDevice) report.PCIDevice {
	dir := path.Join(pciDevices, d.Address)
	depth, bridge := pciPlace(files, dir)
	d.UpstreamPort = bridge
	d.VirtualFunctionOf = leadsTo(files, dir+"/physfn")
	// A negative node is none.
	if node, ok := number(files, dir+"/numa_node"); ok && node >= 0 {
		d.NUMANode = &node
	}
	d.FirmwareVersion = pciFirmware(files, dir)
	if d.VirtualFunctionOf != "" {
		return d // its link is that of the physical function
	}
	d.Link = pcieLink(files, dir)
	// Ports that face the processor and ports that face away from it alternate on
	// the way down: root port, then a switch's port up, its port down, and so on.
	// A link leads from a port down to the device below it.
	if d.Link != nil && depth%2 == 1 {
		up := path.Join(pciDevices, bridge)
		d.Link.UpstreamMaxSpeedGTs = linkSpeed(line(files, up+"/max_link_speed"))
		d.Link.UpstreamMaxWidthLanes = linkWidth(line(files, up+"/max_link_width"))
	}
	return d
}

// pciPlace returns how many bridges a function is behind and the nearest of them,
// by its place in the tree of devices:
//
//	../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0
//
// A device such as Intel's VMD begins a tree of its own within.
func pciPlace(files fs.FS, dir string) (depth int, bridge string) {
	place, err := fs.ReadLink(files, dir)
	if err != nil {
		return 0, ""
	}
	parts := strings.Split(place, "/")
	root := len(parts) - 1
	for root > 0 && !strings.HasPrefix(parts[root], "pci") {
		root--
	}
	depth = len(parts) - root - 2
	if root == 0 || depth < 1 {
		return 0, ""
	}
	return depth, printable.Escape([]byte(parts[len(parts)-2]))
}

// firmwareFiles are where drivers show the firmware of a device: the attribute's
// folder below that of the device, and its name.
var firmwareFiles = []struct{ folder, names string }{
	{"nvme/*", "firmware_rev"},
	{"infiniband/*", "fw_ver"},
	// mpt3sas and mpi3mr, lpfc, qla2xxx, hpsa, smartpqi and bfa, arcmsr
	{"host*/scsi_host/host*", "version_fw fwrev fw_version firmware_revision firmware_version host_fw_version"},
	{"", "vbios_version"}, // amdgpu
}

func pciFirmware(files fs.FS, dir string) string {
	for _, f := range firmwareFiles {
		folders, _ := fs.Glob(files, path.Join(dir, f.folder))
		for _, folder := range folders {
			for name := range strings.FieldsSeq(f.names) {
				if version := line(files, path.Join(folder, name)); version != "" {
					return version
				}
			}
		}
	}
	return ""
}

// pcieLink reads a function's link from sysfs, nil where it has none.
func pcieLink(files fs.FS, dir string) *report.PCIeLink {
	l := report.PCIeLink{
		SpeedGTs:      linkSpeed(line(files, dir+"/current_link_speed")),
		MaxSpeedGTs:   linkSpeed(line(files, dir+"/max_link_speed")),
		WidthLanes:    linkWidth(line(files, dir+"/current_link_width")),
		MaxWidthLanes: linkWidth(line(files, dir+"/max_link_width")),
	}
	if l == (report.PCIeLink{}) {
		return nil
	}
	return &l
}

// linkSpeed reads "8.0 GT/s PCIe"; 0 is unknown.
func linkSpeed(s string) float64 {
	number, _, _ := strings.Cut(s, " GT/s")
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || v < 0 || v > 1000 {
		return 0
	}
	return v
}

// linkWidth reads a number of lanes. A link has 32 at most: the kernel shows
// other numbers for a link that is down or a device that does not answer.
func linkWidth(s string) uint64 {
	n, err := strconv.ParseUint(s, 10, 8)
	if err != nil || n > 32 {
		return 0
	}
	return n
}

// slotsFrom reads the slots from SMBIOS.
func slotsFrom(all []dmidecode.Structure) []report.ExpansionSlot {
	slots := []report.ExpansionSlot{}
	for _, s := range dmidecode.Of(all, 9) {
		slot := report.ExpansionSlot{
			Handle:      s.Handle,
			Designation: s.Text("Designation"),
			Type:        s.Enum("Type"),
			Usage:       s.Enum("Current Usage"),
			Length:      s.Enum("Length"),
			BusAddress:  s.Raw("Bus Address"),
		}
		if lanes, ok := strings.CutPrefix(slot.Type, "x"); ok {
			lanes, _, _ = strings.Cut(lanes, " ")
			slot.Lanes = linkWidth(lanes)
		}
		// The host bridge, or nothing but ones, stands for no device.
		if slot.BusAddress == "0000:00:00.0" || strings.HasSuffix(slot.BusAddress, ":ff:1f.7") {
			slot.BusAddress = ""
		}
		slots = append(slots, slot)
	}
	return slots
}

// assignSlots finds the slot that each device is in. SMBIOS gives for a slot
// either the first function of the card in it, or the port that leads to it.
func assignSlots(p *report.PCIe) {
	designations := map[string]string{}
	for _, s := range p.Slots {
		if s.BusAddress != "" && designations[s.BusAddress] == "" {
			designations[s.BusAddress] = s.Designation
		}
	}
	up := map[string]string{}
	for _, d := range p.Devices {
		up[d.Address] = d.UpstreamPort
	}
	for i := range p.Devices {
		d := &p.Devices[i]
		if d.UpstreamPort == "" && strings.HasPrefix(d.ClassID, "06") {
			continue // a root port is in no slot, though it may lead to one
		}
		card, _, _ := strings.Cut(d.Address, ".")
		d.SlotDesignation = cmp.Or(designations[d.Address], designations[card+".0"])
		for a, n := d.UpstreamPort, 0; a != "" && d.SlotDesignation == "" && n < len(up); a, n = up[a], n+1 {
			d.SlotDesignation = designations[a]
		}
	}
}
