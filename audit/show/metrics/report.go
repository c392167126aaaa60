package metrics

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"bee/audit/report"
	"bee/audit/report/label"
)

// Write writes the metrics of a report. What the report does not know has no sample; what is
// counted has one also where it is 0, so that an alert ends when its reason does.
func Write(w io.Writer, r *report.Report) error {
	var all families
	audit(&all, r)
	findings(&all, r)
	memory(&all, r)
	storage(&all, r)
	nvidia(&all, r)
	pcie(&all, r)
	network(&all, r)
	psu(&all, r)
	bmc(&all, r)
	return all.write(w)
}

// audit says which machine it is, and when and by what it was audited.
func audit(all *families, r *report.Report) {
	var system report.System
	if r.Board != nil && r.Board.System != nil {
		system = *r.Board.System
	}
	var bios report.BIOS
	if r.Board != nil && r.Board.BIOS != nil {
		bios = *r.Board.BIOS
	}
	all.new("machine_info", gauge, "The machine that was audited.", "hostname", "manufacturer", "product_name", "serial_number", "bios_version").
		add(1, r.Host.Hostname, system.Manufacturer, system.ProductName, system.SerialNumber, bios.Version)
	all.new("audit_info", gauge, "The program that made the report.", "version", "schema_version", "bee_version").
		add(1, r.Audit.Version, r.SchemaVersion, cmp.Or(r.BeeRelease, &report.BeeRelease{}).Version)
	if !r.StartedAt.IsZero() {
		all.new("audit_start_time_seconds", gauge, "When the audit began, since 1970-01-01 UTC.").add(float64(r.StartedAt.Unix()))
		all.new("audit_duration_seconds", gauge, "How long the audit took.").add(r.FinishedAt.Sub(r.StartedAt).Seconds())
	}
	all.new("audit_errors", gauge, "Things that went wrong while the report was made.").add(float64(len(r.Errors)))
	if r.NotExamined == nil {
		return // the report is older than the list
	}
	f := all.new("section_examined", gauge, "Whether all of a section of the report could be examined.", "section")
	for _, c := range r.Collectors {
		whole := !slices.ContainsFunc(r.NotExamined, func(g report.Gap) bool { return slices.Contains(g.Sections, c.Name) })
		yes(f, &whole, c.Name)
	}
}

// findings counts them for each section, also those without.
func findings(all *families, r *report.Report) {
	if r.Findings == nil {
		return // nobody looked for any
	}
	type key struct {
		section  string
		severity report.Severity
	}
	n := map[key]int{}
	var sections []string
	for _, c := range r.Collectors {
		sections = append(sections, c.Name)
	}
	sections = append(sections, "audit")
	for _, f := range r.Findings {
		n[key{f.Section, f.Severity}]++
		if !slices.Contains(sections, f.Section) {
			sections = append(sections, f.Section)
		}
	}
	f := all.new("findings", gauge, "What is wrong with the machine, by severity: critical, warning, info.", "section", "severity")
	for _, section := range sections {
		for _, severity := range []report.Severity{report.Critical, report.Warning, report.Info} {
			f.add(float64(n[key{section, severity}]), section, string(severity))
		}
	}
}

func memory(all *families, r *report.Report) {
	if r.CPU != nil {
		populated := 0
		for _, s := range r.CPU.Sockets {
			if s.Populated {
				populated++
			}
		}
		if r.CPU.Sockets == nil {
			populated = len(r.CPU.Packages)
		}
		all.new("processors", gauge, "Processors.").add(float64(populated))
	}
	if m := r.Memory; m != nil && len(m.Slots) > 0 {
		modules, total := 0, uint64(0)
		speed := all.new("memory_module_speed_mts", gauge, "What a memory module runs at, in million transfers a second.", "slot")
		slots := m.SystemSlots()
		name := label.Slots(slots)
		for _, s := range slots {
			if !s.Populated {
				continue
			}
			modules++
			total += s.SizeBytes
			if s.ConfiguredSpeedMTs != 0 {
				speed.add(float64(s.ConfiguredSpeedMTs), name(s))
			}
		}
		all.new("memory_modules", gauge, "Memory modules.").add(float64(modules))
		all.new("memory_bytes", gauge, "Size of all memory modules.").add(float64(total))
	}
	if k := r.Kernel; k != nil {
		f := all.new("memory_errors", counter, "Errors of a memory module since the kernel's start.", "module", "place", "kind")
		for _, e := range k.MemoryErrors {
			f.add(float64(e.Corrected), e.Label, e.Place, "corrected")
			f.add(float64(e.Uncorrected), e.Label, e.Place, "uncorrected")
		}
		throttled := all.new("processor_throttled", counter, "How often a processor was slowed down because it was too hot, since the kernel's start.", "package")
		for _, t := range k.Throttling {
			throttled.add(float64(t.PackageEvents), fmt.Sprint(t.PackageID))
		}
	}
}

func storage(all *families, r *report.Report) {
	if r.Storage == nil {
		return
	}
	all.new("drives", gauge, "Drives, arrays of RAID controllers included.").add(float64(len(r.Storage.Drives)))
	labels := []string{"drive", "model", "serial_number"}
	size := all.new("drive_size_bytes", gauge, "Size of a drive.", labels...)
	passed := all.new("drive_smart_passed", gauge, "A drive's own verdict on its health.", labels...)
	celsius := all.new("drive_temperature_celsius", gauge, "Temperature of a drive.", labels...)
	wear := all.new("drive_wear_ratio", gauge, "How much of its rated life a solid-state drive has used; may go beyond 1.", labels...)
	spare := all.new("drive_spare_ratio", gauge, "How much of its spare blocks an NVMe drive has left.", labels...)
	hours := all.new("drive_power_on_seconds", counter, "How long a drive was on, ever.", labels...)
	media := all.new("drive_media_errors", counter, "Errors that a drive could not correct, ever.", labels...)
	pending := all.new("drive_pending_defects", gauge, "Places that a drive could not read.", labels...)
	written := all.new("drive_written_bytes", counter, "What was written to an NVMe drive, ever.", labels...)
	for _, d := range r.Storage.Drives {
		is := []string{d.Name(), label.Join(d.Vendor, d.Model), d.SerialNumber}
		if d.SizeBytes != 0 {
			size.add(float64(d.SizeBytes), is...)
		}
		if s := d.SMART; s != nil {
			yes(passed, s.Passed, is...)
			some(celsius, s.TemperatureCelsius, is...)
			if s.UsedPercent != nil {
				wear.add(float64(*s.UsedPercent)/100, is...)
			}
			if s.PowerOnHours != nil {
				hours.add(float64(*s.PowerOnHours)*3600, is...)
			}
			some(media, s.MediaErrors, is...)
			some(pending, s.PendingDefects, is...)
		}
		if d.NVMe != nil && d.NVMe.Health != nil {
			if s := d.NVMe.Health.AvailableSparePercent; s != nil {
				spare.add(float64(*s)/100, is...)
			}
			some(written, d.NVMe.Health.WrittenBytes, is...)
		}
	}
	array := all.new("array_state", gauge, "An array of a RAID controller, with its state as a label: ok, rebuilding, degraded, failed, unknown.", "controller", "array", "level", "state")
	for _, c := range r.Storage.Controllers {
		for _, a := range c.Arrays {
			array.add(1, c.Name, a.Name, a.Level, a.State)
		}
	}
}

func nvidia(all *families, r *report.Report) {
	n := r.NVIDIA
	if n == nil {
		return
	}
	gpus := all.new("gpus", gauge, "GPUs of NVIDIA, by whether the driver knows them, does not, or could not be asked.", "state")
	gpus.add(float64(len(n.GPUs)), "known")
	gpus.add(float64(len(n.MissingGPUs)), "missing")
	gpus.add(float64(len(n.UnknownGPUs)), "unknown")
	labels := []string{"address", "name", "serial_number"}
	celsius := all.new("gpu_temperature_celsius", gauge, "Temperature of a GPU.", labels...)
	memory := all.new("gpu_memory_temperature_celsius", gauge, "Temperature of a GPU's memory.", labels...)
	watts := all.new("gpu_power_watts", gauge, "What a GPU draws.", labels...)
	limit := all.new("gpu_power_limit_watts", gauge, "What a GPU may draw at most.", labels...)
	width := all.new("gpu_link_width_lanes", gauge, "Width of a GPU's PCI Express link.", labels...)
	most := all.new("gpu_link_max_width_lanes", gauge, "Width of a GPU's PCI Express link at most.", labels...)
	ecc := all.new("gpu_ecc_errors", counter, "Errors of a GPU's memory, ever.", append(labels, "kind")...)
	rows := all.new("gpu_remapped_rows", counter, "Rows of a GPU's memory that were replaced, ever.", append(labels, "kind")...)
	pages := all.new("gpu_retired_pages", counter, "Pages of a GPU's memory that are not used any more.", append(labels, "kind")...)
	links := all.new("gpu_nvlinks_active", gauge, "NVLink links of a GPU that are up.", labels...)
	errors := all.new("gpu_nvlink_errors", counter, "Errors of a GPU's NVLink links, since it was reset.", append(labels, "kind")...)
	for _, g := range n.GPUs {
		is := []string{g.PCIAddress, g.Name, g.SerialNumber}
		of := func(kind string) []string { return append(slices.Clone(is), kind) }
		if t := g.Temperature; t != nil {
			some(celsius, t.GPUCelsius, is...)
			some(memory, t.MemoryCelsius, is...)
		}
		if p := g.Power; p != nil {
			some(watts, p.DrawWatts, is...)
			some(limit, p.LimitWatts, is...)
		}
		if l := g.PCIe; l != nil {
			some(width, l.WidthLanes, is...)
			some(most, l.MaxWidthLanes, is...)
		}
		if e := g.ECC; e != nil {
			some(ecc, e.AggregateCorrected, of("corrected")...)
			some(ecc, e.AggregateUncorrected, of("uncorrected")...)
		}
		if m := g.RemappedRows; m != nil {
			some(rows, m.Corrected, of("corrected")...)
			some(rows, m.Uncorrected, of("uncorrected")...)
		}
		if p := g.RetiredPages; p != nil {
			some(pages, p.SingleBit, of("single_bit")...)
			some(pages, p.DoubleBit, of("double_bit")...)
		}
		if g.NVLinks != nil {
			active := 0
			for _, l := range g.NVLinks {
				if l.Active {
					active++
				}
			}
			links.add(float64(active), is...)
		}
		var kinds []string
		sum := map[string]uint64{}
		for _, e := range g.NVLinkErrors {
			if _, known := sum[e.Name]; !known {
				kinds = append(kinds, e.Name)
			}
			sum[e.Name] += e.Count
		}
		for _, kind := range kinds {
			errors.add(float64(sum[kind]), of(kind)...)
		}
	}
}

func pcie(all *families, r *report.Report) {
	if r.PCIe != nil {
		labels := []string{"address", "device"}
		width := all.new("pcie_link_width_lanes", gauge, "Width of a PCI Express link.", labels...)
		most := all.new("pcie_link_max_width_lanes", gauge, "Width of a PCI Express link that both its ends can do.", labels...)
		speed := all.new("pcie_link_speed_gts", gauge, "Speed of a PCI Express link, in billion transfers a second; idle links slow down.", labels...)
		for _, d := range r.PCIe.Devices {
			// That of a bridge is the link of the device behind it.
			if d.Link == nil || d.Link.WidthLanes == 0 || d.ClassID == "0604" {
				continue
			}
			is := []string{d.Address, label.Join(cmp.Or(d.Vendor, d.VendorID), cmp.Or(d.Device, d.DeviceID))}
			width.add(float64(d.Link.WidthLanes), is...)
			speed.add(d.Link.SpeedGTs, is...)
			both := d.Link.MaxWidthLanes
			if up := d.Link.UpstreamMaxWidthLanes; up != 0 {
				both = min(both, up)
			}
			if both != 0 {
				most.add(float64(both), is...)
			}
		}
	}
	if r.Kernel != nil {
		f := all.new("pcie_errors", counter, "Errors of a PCI Express function since the kernel's start.", "address", "kind")
		for _, e := range r.Kernel.PCIeErrors {
			f.add(float64(e.Corrected), e.Address, "corrected")
			f.add(float64(e.NonFatal), e.Address, "non_fatal")
			f.add(float64(e.Fatal), e.Address, "fatal")
		}
	}
}

func network(all *families, r *report.Report) {
	if r.Network == nil {
		return
	}
	labels := []string{"interface", "mac_address"}
	link := all.new("network_link", gauge, "Whether an interface has a link.", labels...)
	speed := all.new("network_speed_bits_per_second", gauge, "Speed of an interface's link.", labels...)
	errors := all.new("network_errors", counter, "Packets that arrived damaged, or could not be sent.", append(labels, "direction")...)
	celsius := all.new("network_module_temperature_celsius", gauge, "Temperature of the module in an interface's port.", labels...)
	for _, i := range r.Network.Interfaces {
		if i.Virtual() {
			continue
		}
		is := []string{i.Name, cmp.Or(i.PermanentMACAddress, i.MACAddress)}
		yes(link, i.Link, is...)
		if i.SpeedMbps != 0 {
			speed.add(float64(i.SpeedMbps)*1e6, is...)
		}
		if c := i.Counters; c != nil {
			errors.add(float64(c.RXErrors), append(slices.Clone(is), "receive")...)
			errors.add(float64(c.TXErrors), append(slices.Clone(is), "transmit")...)
		}
		if i.Module != nil {
			some(celsius, i.Module.TemperatureCelsius, is...)
		}
	}
}

func psu(all *families, r *report.Report) {
	if r.PSU == nil {
		return
	}
	f := all.new("power_supply_state", gauge, "A power supply, with its state as a label: ok, failed, no_input, absent, unknown.", "power_supply", "model", "serial_number", "state")
	for _, s := range r.PSU.Supplies {
		f.add(1, s.Name, label.Join(s.Manufacturer, cmp.Or(s.Model, s.PartNumber)), s.SerialNumber, s.State)
	}
}

func bmc(all *families, r *report.Report) {
	if r.BMC == nil {
		return
	}
	f := all.new("bmc_sensor", gauge, "What a sensor of the BMC measures: celsius, rpm, volts, watts, amperes, percent.", "sensor", "unit")
	for _, s := range r.BMC.Sensors {
		some(f, s.Value, s.Name, s.Unit)
	}
	if l := r.BMC.EventLog; l != nil {
		all.new("bmc_events", gauge, "Events in the BMC's log.").add(float64(l.Entries))
	}
}
