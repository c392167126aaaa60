package collect

import (
	"context"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"bee/audit/lspci"
	"bee/audit/report"
)

var pcie = Collector{
	Name:      "pcie",
	About:     "PCI functions, their drivers, links and NUMA nodes (lspci, sysfs)",
	Tools:     []string{"lspci"},
	ToolLimit: 30 * time.Second,
	Collect: func(ctx context.Context, t *Task) {
		result := t.Run(ctx, "lspci", "-vmm", "-D", "-nn", "-k")
		functions, err := lspci.Parse(result.Stdout)
		t.Check(result, err)
		if err != nil {
			return
		}
		p := &report.PCIe{Devices: make([]report.PCIDevice, len(functions))}
		for i, f := range functions {
			p.Devices[i] = pciDevice(f)
		}
		t.Update(func(r *report.Report) { r.PCIe = p })

		// sysfs asks the devices: one that is broken may be slow to answer.
		for i, f := range functions {
			dir := path.Join("sys/bus/pci/devices", f.Slot)
			link, node := pcieLink(t.Files(), dir), numaNode(t.Files(), dir)
			t.Update(func(*report.Report) { p.Devices[i].Link, p.Devices[i].NUMANode = link, node })
		}
	},
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

// numaNode reads a function's NUMA node, nil where the firmware gave none (-1).
func numaNode(files fs.FS, dir string) *int64 {
	b, err := fs.ReadFile(files, dir+"/numa_node")
	if err != nil {
		return nil
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil || n < 0 {
		return nil
	}
	return &n
}
