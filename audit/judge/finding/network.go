package finding

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"bee/audit/report"
)

// interfaces returns the network interfaces without virtual functions, whose link
// and address are those that somebody gave them.
func interfaces(r *report.Report) []report.Interface {
	if r.Network == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.Network.Interfaces), func(i report.Interface) bool { return i.VirtualFunctionOf != "" })
}

// networkNoLink looks for interfaces that are switched on and have no link.
func networkNoLink(r *report.Report) []report.Finding {
	var found []report.Finding
	linked := false
	for _, i := range interfaces(r) {
		if i.Link == nil {
			continue
		}
		if *i.Link {
			linked = true
			continue
		}
		f := report.Finding{
			Severity:  report.Info,
			Component: i.Name,
			Message:   "The interface has no link.",
			Evidence:  []string{about(i.Name, i.MACAddress, i.Driver)},
			Advice:    "If it is in use, check the cable, its module and the port of the switch.",
		}
		if i.NoLinkReason != "" {
			f.Evidence = append(f.Evidence, "reason: "+i.NoLinkReason)
		}
		found = append(found, f)
	}
	if linked || len(found) == 0 {
		return found
	}
	all := report.Finding{
		Severity: report.Warning,
		Message:  "No network interface has a link.",
		Advice:   "Check the cables, their modules and the ports of the switch.",
	}
	for _, f := range found {
		all.Evidence = append(all.Evidence, f.Evidence...)
	}
	return []report.Finding{all}
}

// networkSlow looks for links that are slower than their interface can do.
func networkSlow(r *report.Report) []report.Finding {
	var found []report.Finding
	for _, i := range interfaces(r) {
		if i.SpeedMbps > 0 && i.SpeedMbps < i.MaxSpeedMbps {
			found = append(found, report.Finding{
				Severity:  report.Info,
				Component: i.Name,
				Message:   fmt.Sprintf("The link runs at %d Mbit/s, the interface can do %d.", i.SpeedMbps, i.MaxSpeedMbps),
				Evidence:  []string{fmt.Sprintf("speed: %d Mbit/s, at most: %d Mbit/s", i.SpeedMbps, i.MaxSpeedMbps), about("port", i.Port)},
				Advice:    "If the switch can do more, check the cable and the module.",
			})
		}
	}
	return found
}

func networkHalfDuplex(r *report.Report) []report.Finding {
	var found []report.Finding
	for _, i := range interfaces(r) {
		if i.Duplex == "half" {
			found = append(found, report.Finding{
				Severity:  report.Warning,
				Component: i.Name,
				Message:   "The link sends in one direction at a time only.",
				Evidence:  []string{"duplex: half", fmt.Sprintf("speed: %d Mbit/s", i.SpeedMbps)},
				Advice:    "Check the cable; set both ends of the link to negotiate their speed.",
			})
		}
	}
	return found
}

// networkMACChanged looks for interfaces that use another address than theirs.
// The one of an InfiniBand port is not fixed.
func networkMACChanged(r *report.Report) []report.Finding {
	var found []report.Finding
	for _, i := range interfaces(r) {
		if i.Type == "infiniband" || i.MACAddress == "" || i.PermanentMACAddress == "" || i.MACAddress == i.PermanentMACAddress {
			continue
		}
		found = append(found, report.Finding{
			Severity:  report.Info,
			Component: i.Name,
			Message:   "The interface uses another MAC address than the one that it was made with.",
			Evidence:  []string{"in use: " + i.MACAddress, "permanent: " + i.PermanentMACAddress},
			Advice:    "Take the permanent address for the inventory, and look for what set the other: a bond, or the configuration of the network.",
		})
	}
	return found
}

// networkSameMAC looks for interfaces that were made with the same address. A
// paravirtual interface shares its address with the virtual function beneath it.
func networkSameMAC(r *report.Report) []report.Finding {
	names := map[string][]string{}
	for _, i := range interfaces(r) {
		address := i.PermanentMACAddress
		if address == "" {
			address = i.MACAddress
		}
		if address != "" && i.Type != "infiniband" && i.Driver != "hv_netvsc" && i.Driver != "virtio_net" {
			names[address] = append(names[address], i.Name)
		}
	}
	var found []report.Finding
	for _, address := range slices.Sorted(maps.Keys(names)) {
		if same := names[address]; len(same) > 1 {
			found = append(found, report.Finding{
				Severity:  report.Warning,
				Component: strings.Join(same, ", "),
				Message:   "Several interfaces have the same MAC address: they cannot be on the same network.",
				Evidence:  []string{about(address, same...)},
				Advice:    "Ask the maker of the adapters; one of them may have been programmed with another's address.",
			})
		}
	}
	return found
}

// networkMixedFirmware looks for adapters of one model with different firmware.
func networkMixedFirmware(r *report.Report) []report.Finding {
	models := map[string]report.PCIDevice{}
	for _, d := range pciDevices(r) {
		models[d.Address] = d
	}
	// By the IDs that make a model; the names are those of interfaces.
	versions, evidence, names := map[string][]string{}, map[string][]string{}, map[string]string{}
	for _, i := range interfaces(r) {
		d, ok := models[i.BusAddress]
		if !ok || i.FirmwareVersion == "" {
			continue
		}
		model := strings.Join([]string{d.VendorID, d.DeviceID, d.SubsystemVendorID, d.SubsystemDeviceID}, ":")
		versions[model] = append(versions[model], i.FirmwareVersion)
		evidence[model] = append(evidence[model], about(i.Name, i.FirmwareVersion))
		names[model] = pciName(d)
	}
	var found []report.Finding
	for _, model := range slices.Sorted(maps.Keys(versions)) {
		if differ(versions[model]) {
			found = append(found, report.Finding{
				Severity:  report.Info,
				Component: names[model],
				Message:   "Network adapters of the same model have different firmware.",
				Evidence:  evidence[model],
				Advice:    "Update all of them to the same version.",
			})
		}
	}
	return found
}
