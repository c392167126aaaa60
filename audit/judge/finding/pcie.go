package finding

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bee/audit/report"
	"bee/audit/report/label"
)

// PCI vendors.
const (
	vendorATI    = "1002" // GPUs of AMD
	vendorNVIDIA = "10de"
)

func pciDevices(r *report.Report) []report.PCIDevice {
	if r.PCIe == nil {
		return nil
	}
	return r.PCIe.Devices
}

func pciName(d report.PCIDevice) string {
	vendor, device := cmp.Or(d.Vendor, d.VendorID), cmp.Or(d.Device, d.DeviceID)
	return cmp.Or(strings.TrimSpace(vendor+" "+device), d.Class, "the device")
}

func isDisplay(d report.PCIDevice) bool { return strings.HasPrefix(d.ClassID, "03") }

// answers reports whether a function's registers can be read: those of a device
// that fell off the bus read as ones.
func answers(d report.PCIDevice) bool { return d.Revision != "ff" }

func pcieNotAnswering(r *report.Report) []report.Finding {
	var found []report.Finding
	for _, d := range pciDevices(r) {
		if !answers(d) {
			found = append(found, report.Finding{
				Severity:  report.Critical,
				Component: d.Address,
				Message:   fmt.Sprintf("%s does not answer any more.", pciName(d)),
				Evidence:  []string{"revision: ff", about("slot", d.SlotDesignation, d.PhysicalSlot)},
				Advice:    "Read the kernel's log and the BMC's event log. If they name the device too, power the machine off and on; if it does not come back, reseat or replace the card.",
			})
		}
	}
	return found
}

// pcieLinkDegraded looks for links that are narrower or slower than both of
// their ends can do. All functions of a device share its link: the first counts.
func pcieLinkDegraded(r *report.Report) []report.Finding {
	var found []report.Finding
	seen := map[string]bool{}
	for _, d := range pciDevices(r) {
		l := d.Link
		if l == nil || d.UpstreamPort == "" || seen[d.UpstreamPort] {
			continue
		}
		seen[d.UpstreamPort] = true
		lanes, speed := min(l.MaxWidthLanes, l.UpstreamMaxWidthLanes), min(l.MaxSpeedGTs, l.UpstreamMaxSpeedGTs)
		evidence := []string{
			fmt.Sprintf("%s: %s at %s, at most %s at %s", d.Address, width(l.WidthLanes), gts(l.SpeedGTs), width(l.MaxWidthLanes), gts(l.MaxSpeedGTs)),
			fmt.Sprintf("port %s: at most %s at %s", d.UpstreamPort, width(l.UpstreamMaxWidthLanes), gts(l.UpstreamMaxSpeedGTs)),
		}
		// A slot may have fewer lanes than the port that leads to it.
		if i := slices.IndexFunc(r.PCIe.Slots, func(s report.ExpansionSlot) bool {
			return s.BusAddress != "" && (s.BusAddress == d.Address || s.BusAddress == d.UpstreamPort)
		}); i >= 0 {
			s := r.PCIe.Slots[i]
			evidence = append(evidence, about("slot", s.Designation, s.Type))
			if s.Lanes > 0 && s.Lanes >= l.WidthLanes {
				lanes = min(lanes, s.Lanes)
			}
		}
		narrow := l.WidthLanes > 0 && l.WidthLanes < lanes
		slow := l.SpeedGTs > 0 && l.SpeedGTs < speed
		// GPUs slow their link down when they are idle. What NVIDIA's can do, the
		// driver knows better: see the rules for them.
		if isDisplay(d) && d.VendorID == vendorNVIDIA {
			slow = false
		}
		f := report.Finding{Component: d.Address, Evidence: evidence, Severity: report.Warning}
		switch {
		case narrow && slow:
			f.Message = fmt.Sprintf("%s runs at %s and %s, where %s and %s are possible.", pciName(d), width(l.WidthLanes), gts(l.SpeedGTs), width(lanes), gts(speed))
		case narrow:
			f.Message = fmt.Sprintf("%s has %s, where %d are possible.", pciName(d), label.Count(l.WidthLanes, "PCIe lane"), lanes)
		case slow:
			f.Message = fmt.Sprintf("%s runs at %s, where %s are possible.", pciName(d), gts(l.SpeedGTs), gts(speed))
		default:
			continue
		}
		f.Advice = "See what the slot can do, and look for a limit in the firmware's setup. If neither explains it, reseat the card, its riser and its cables, or try another slot."
		if !narrow && (isDisplay(d) || d.VendorID == vendorATI) {
			f.Severity = report.Info
			f.Advice = "An idle GPU slows its link down: look again while it works."
		}
		found = append(found, f)
	}
	return found
}

func width(lanes uint64) string { return fmt.Sprintf("x%d", lanes) }
func gts(speed float64) string  { return fmt.Sprintf("%g GT/s", speed) }

// pcieNoDriver looks for devices that hold drives, ports or computing power, and
// have no driver: none of that can be in the report.
func pcieNoDriver(r *report.Report) []report.Finding {
	var found []report.Finding
	for _, d := range pciDevices(r) {
		if d.Driver != "" || d.VirtualFunctionOf != "" || !answers(d) || !worthADriver(d) {
			continue
		}
		f := report.Finding{
			Severity:  report.Info,
			Component: d.Address,
			Message:   fmt.Sprintf("%s has no driver: what is behind it is not in the report.", pciName(d)),
			Evidence:  []string{about("class", d.Class, d.ClassID)},
			Advice:    "Use a live system with a driver for it.",
		}
		if len(d.Modules) > 0 {
			f.Evidence = append(f.Evidence, "drivers: "+strings.Join(d.Modules, ", "))
			f.Advice = "Read in the kernel's log why the driver refused it."
		}
		found = append(found, f)
	}
	return found
}

// worthADriver reports whether a device is storage, a network adapter, an
// accelerator or a GPU that computes. A BMC's graphics do without a driver.
func worthADriver(d report.PCIDevice) bool {
	if len(d.ClassID) != 4 {
		return false
	}
	switch d.ClassID[:2] {
	case "01", "02", "12":
		return true
	}
	switch d.ClassID {
	case "0302", "0380":
		return true
	case "0300":
		return d.Link != nil && (d.VendorID == vendorNVIDIA || d.VendorID == vendorATI)
	}
	return false
}
