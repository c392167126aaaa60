package finding

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"bee/audit/report"
	"bee/audit/report/label"
)

// interfaces returns the network interfaces without those that are settings of an
// adapter, whose link and address are those that somebody gave them.
func interfaces(r *report.Report) []report.Interface {
	if r.Network == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.Network.Interfaces), report.Interface.Virtual)
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
// The one of an InfiniBand port is not fixed, and members of a bond or a team have
// its address.
func networkMACChanged(r *report.Report) []report.Finding {
	var found []report.Finding
	for _, i := range interfaces(r) {
		if i.Type == "infiniband" || i.Master != "" || i.MACAddress == "" || i.PermanentMACAddress == "" || i.MACAddress == i.PermanentMACAddress {
			continue
		}
		found = append(found, report.Finding{
			Severity:  report.Info,
			Component: i.Name,
			Message:   "The interface uses another MAC address than the one that it was made with.",
			Evidence:  []string{"in use: " + i.MACAddress, "permanent: " + i.PermanentMACAddress},
			Advice:    "Take the permanent address for the inventory, and look for what set the other, such as the configuration of the network.",
		})
	}
	return found
}

// networkSameMAC looks for interfaces that were made with the same address. The one in
// use says nothing of that where it came from elsewhere: members of a bond share one. A
// paravirtual interface shares its address with the virtual function beneath it.
func networkSameMAC(r *report.Report) []report.Finding {
	names := map[string][]string{}
	for _, i := range interfaces(r) {
		address := i.PermanentMACAddress
		if address == "" && i.Master == "" && (i.MACAddressSource == "" || i.MACAddressSource == "permanent") {
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

const (
	// fewDamaged packets arrive while a link is set up.
	fewDamaged = 10
	// oneInMany packets may be damaged: Ethernet's own limit is one in a million million bits.
	oneInMany = 1_000_000
	// fewChanges of a link come of the machine's own start.
	fewChanges   = 10
	checkTheLink = "Clean or change the cable and the modules at both ends, one after the other, and look which of them it is."
)

// networkErrors looks for links that damage packets, or come and go.
func networkErrors(r *report.Report) []report.Finding {
	var found []report.Finding
	for _, i := range interfaces(r) {
		c := i.Counters
		if c == nil {
			continue
		}
		damaged := max(c.RXErrors, c.RXCRCErrors+c.RXFrameErrors)
		if damaged >= fewDamaged && damaged > c.RXPackets/oneInMany {
			found = append(found, report.Finding{
				Severity: report.Warning, Component: i.Name, Message: "Packets arrive damaged.", Advice: checkTheLink,
				Evidence: []string{
					fmt.Sprintf("%d of %d damaged: %d by their checksum, %d by their shape", damaged, c.RXPackets+damaged, c.RXCRCErrors, c.RXFrameErrors), about("port", i.Port),
				},
			})
		}
		if c.TXCarrierErrors >= fewDamaged {
			found = append(found, report.Finding{
				Severity: report.Warning, Component: i.Name, Message: "The carrier is lost while packets are sent.", Advice: checkTheLink,
				Evidence: []string{fmt.Sprintf("carrier lost for %s", label.Count(c.TXCarrierErrors, "packet"))},
			})
		}
		if c.CarrierChanges > fewChanges {
			found = append(found, report.Finding{
				Severity: report.Info, Component: i.Name, Message: "The link has come and gone many times.", Advice: checkTheLink,
				Evidence: []string{label.Count(c.CarrierChanges, "change") + " since the driver was loaded"},
			})
		}
		if f := i.FEC; f != nil && f.UncorrectableBlocks != nil && *f.UncorrectableBlocks >= fewDamaged {
			found = append(found, report.Finding{
				Severity: report.Warning, Component: i.Name, Message: "Forward error correction could not correct all.", Advice: checkTheLink,
				Evidence: []string{fmt.Sprintf("%s: %s not corrected", f.Active, label.Count(*f.UncorrectableBlocks, "block"))},
			})
		}
	}
	return found
}

// networkModule looks for modules that raise an alarm. Where there is no link, there is no
// light either, and lanes that a link does not use are dark.
func networkModule(r *report.Report) []report.Finding {
	var found []report.Finding
	for _, i := range interfaces(r) {
		if i.Module == nil {
			continue
		}
		linked := i.Link != nil && *i.Link
		dark := slices.Contains(i.Module.ReceiveMilliwatts, 0) || slices.Contains(i.Module.TransmitMilliwatts, 0)
		var alarms []string
		for _, a := range i.Module.Alarms {
			lower := strings.ToLower(a)
			ofModule := strings.HasPrefix(lower, "module ")
			if strings.Contains(lower, " alarm") && (ofModule || linked && !(dark && strings.Contains(lower, " low "))) {
				alarms = append(alarms, a)
			}
		}
		if len(alarms) == 0 {
			continue
		}
		f := report.Finding{
			Severity: report.Warning, Component: i.Name, Message: "The module in the port raises an alarm.", Advice: checkTheLink,
			Evidence: append([]string{aboutModule(*i.Module)}, alarms...),
		}
		found = append(found, f)
	}
	return found
}

func aboutModule(m report.Module) string {
	words := []string{label.Join(m.Type, m.Vendor, m.PartNumber), label.Serial(m.SerialNumber)}
	if len(m.ReceiveMilliwatts) > 0 {
		words = append(words, fmt.Sprintf("receives %v mW", m.ReceiveMilliwatts))
	}
	return about("module", words...)
}

// infiniBandPort looks for ports with a link that nobody has set up, and for links that have
// errors.
func infiniBandPort(r *report.Report) []report.Finding {
	if r.Network == nil {
		return nil
	}
	var found []report.Finding
	for _, p := range r.Network.InfiniBandPorts {
		name := fmt.Sprintf("%s/%d", p.Device, p.Port)
		state := about(name, p.State, p.PhysicalState, p.Rate)
		if p.PhysicalState == "LinkUp" && p.State == "INIT" {
			found = append(found, report.Finding{
				Severity: report.Warning, Component: name, Message: "The port has a link, but no subnet manager has set it up.",
				Evidence: []string{state}, Advice: "Start a subnet manager in the network, such as the switch's or opensm.",
			})
		}
		var errors []string
		for _, c := range []struct {
			what  string
			count *uint64
			few   uint64
		}{
			{"symbols that were wrong", p.SymbolErrors, 100}, {"times that the link recovered", p.LinkErrorRecovered, 2},
			{"times that the link was lost", p.LinkDowned, 5}, {"packets that arrived damaged", p.ReceiveErrors, fewDamaged},
		} {
			if c.count != nil && *c.count > c.few {
				errors = append(errors, fmt.Sprintf("%s: %d", c.what, *c.count))
			}
		}
		if len(errors) > 0 {
			found = append(found, report.Finding{
				Severity: report.Warning, Component: name, Message: "The InfiniBand link has errors.", Evidence: append([]string{state}, errors...), Advice: checkTheLink,
			})
		}
	}
	return found
}
