package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bee/audit/report"
	"bee/audit/report/label"
)

// Kind is what a component is. Components of different kinds are never compared.
type Kind string

// The kinds of components.
const (
	System    Kind = "system"
	BIOS      Kind = "bios"
	BMC       Kind = "bmc"
	Baseboard Kind = "baseboard"
	Chassis   Kind = "chassis"
	Platform  Kind = "platform"
	CPU       Kind = "cpu"       // all processors together
	Processor Kind = "processor" // one of them
	Memory    Kind = "memory"    // all modules together
	Module    Kind = "module"    // one of them
	Drive     Kind = "drive"
	RAID      Kind = "raid_controller"
	Device    Kind = "pci_device"
	Interface Kind = "interface"
	Supply    Kind = "power_supply"
	GPU       Kind = "gpu"
	// Not hardware, and so of no weight when machines are compared.
	Software Kind = "software"
	Finding  Kind = "finding"
)

// kind says where a kind of component is read from.
type kind struct {
	name    Kind
	section string
	// parts returns nil where nobody knows: the report lacks the section, or a list
	// that cannot be empty is. Every machine has a processor, memory and power.
	parts func(*report.Report) []Part
	// soft is set for what is not hardware.
	soft bool
}

// kinds are all kinds, in the order of the report.
var kinds = []kind{
	{System, "board", systems, false},
	{BIOS, "board", bioses, false},
	{BMC, "board", bmcs, false},
	{Baseboard, "board", baseboards, false},
	{Chassis, "board", chassis, false},
	{Platform, "platform", platforms, false},
	{CPU, "cpu", cpus, false},
	{Processor, "cpu", processors, false},
	{Memory, "memory", memories, false},
	{Module, "memory", modules, false},
	{Drive, "storage", drives, false},
	{RAID, "storage", raidControllers, false},
	{Device, "pcie", devices, false},
	{Interface, "network", interfaces, false},
	{Supply, "psu", supplies, false},
	{GPU, "nvidia", gpus, false},
	{Software, "software", software, true},
	{Finding, "findings", findings, true},
}

// Inventory is a machine's components of all kinds. A kind is nil where nobody knows of it.
type Inventory map[Kind][]Part

// Take takes the inventory of a machine.
func Take(r *report.Report) Inventory {
	all := Inventory{}
	for _, k := range kinds {
		if !k.soft {
			all[k.name] = k.parts(r)
		}
	}
	return all
}

// Part is one component of a machine, as it is compared.
type Part struct {
	// Name says what it is, for people.
	Name string
	// Label is what the report calls it: a slot, a device file, a PCI address.
	Label string
	// Place is where it is in the machine; unlike a label, it stays over a boot.
	// Empty where nobody says.
	Place string
	// Facts say how it is built: the same in every machine that is built alike.
	Facts []Fact
	// Identity tells it from others that are built alike. The first fact follows
	// the part wherever it goes.
	Identity []Fact
}

// Fact is one property of a part. What is not known is no fact.
type Fact struct {
	// Name is as in the report, with its unit: size_bytes.
	Name string
	// Value is a string, a float64 or a bool.
	Value any
	// Key marks what tells products apart. Where it differs, the other facts have
	// nothing to do with each other.
	Key bool
	// Loose marks what depends on more than the part, such as the PCI ID
	// database. A baseline may ask for it; two machines are not compared by it.
	Loose bool
}

func systems(r *report.Report) []Part {
	if r.Board == nil || r.Board.System == nil {
		return nil
	}
	s := r.Board.System
	return []Part{{
		Name: label.Join(s.Manufacturer, s.ProductName),
		Facts: known(
			fact("manufacturer", s.Manufacturer),
			fact("product_name", s.ProductName),
			fact("version", s.Version),
			fact("sku_number", s.SKUNumber),
			fact("family", s.Family),
		),
		Identity: known(fact("serial_number", s.SerialNumber), fact("uuid", s.UUID)),
	}}
}

func bioses(r *report.Report) []Part {
	if r.Board == nil || r.Board.BIOS == nil {
		return nil
	}
	b := r.Board.BIOS
	return []Part{{
		Name: b.Vendor,
		Facts: known(
			fact("vendor", b.Vendor),
			fact("version", b.Version),
			fact("release_date", b.ReleaseDate),
			fact("revision", b.Revision),
			fact("firmware_revision", b.FirmwareRevision),
			fact("rom_bytes", b.ROMBytes),
		),
	}}
}

func bmcs(r *report.Report) []Part {
	if r.Board == nil || r.Board.BMC == nil {
		return nil
	}
	b := r.Board.BMC
	return []Part{{
		Name: label.Join(b.Manufacturer, b.ProductName),
		Facts: known(
			fact("firmware_version", b.FirmwareVersion),
			fact("auxiliary_firmware_revision", b.AuxiliaryFirmware),
			fact("manufacturer_id", b.ManufacturerID),
			fact("product_id", b.ProductID),
			fact("ipmi_version", b.IPMIVersion),
		),
	}}
}

func baseboards(r *report.Report) []Part {
	if r.Board == nil || r.Board.Baseboards == nil {
		return nil
	}
	return each(r.Board.Baseboards, func(b report.Baseboard) Part {
		return Part{
			Name:  label.Join(b.Manufacturer, b.ProductName),
			Label: b.LocationInChassis,
			Facts: known(
				key("product_name", b.ProductName),
				fact("manufacturer", b.Manufacturer),
				fact("version", b.Version),
				fact("type", b.Type),
			),
			Identity: known(fact("serial_number", b.SerialNumber), fact("asset_tag", b.AssetTag)),
		}
	})
}

func chassis(r *report.Report) []Part {
	if r.Board == nil || r.Board.Chassis == nil {
		return nil
	}
	return each(r.Board.Chassis, func(c report.Chassis) Part {
		return Part{
			Name: label.Join(c.Manufacturer, c.Type),
			Facts: known(
				key("type", c.Type),
				fact("manufacturer", c.Manufacturer),
				fact("version", c.Version),
				fact("sku_number", c.SKUNumber),
				fact("height_units", c.HeightUnits),
				fact("power_cords", c.PowerCords),
			),
			Identity: known(fact("serial_number", c.SerialNumber), fact("asset_tag", c.AssetTag)),
		}
	})
}

// platforms leaves out what bee's own kernel makes of the machine.
func platforms(r *report.Report) []Part {
	if r.Platform == nil {
		return nil
	}
	var versions []string
	if r.Platform.TPMs != nil && len(r.Platform.TPMs) == 0 {
		versions = []string{"none"}
	}
	for _, t := range r.Platform.TPMs {
		versions = append(versions, cmp.Or(t.Version, "unknown"))
	}
	all := known(fact("boot_mode", r.Platform.BootMode), fact("secure_boot", r.Platform.SecureBoot), fact("tpm_versions", versions))
	if len(all) == 0 {
		return nil
	}
	return []Part{{Facts: all}}
}

func cpus(r *report.Report) []Part {
	if r.CPU == nil {
		return nil
	}
	var all []Fact
	if r.CPU.Sockets != nil {
		all = append(all, fact("sockets", len(r.CPU.Sockets)))
	}
	if r.CPU.Packages != nil {
		all = append(all, fact("packages", len(r.CPU.Packages)))
	}
	return []Part{{Facts: known(all...)}}
}

// processors are the populated sockets, each with what the kernel knows of a
// package. Nobody says which package is in which socket; packages of one machine
// are nearly always the same.
func processors(r *report.Report) []Part {
	if r.CPU == nil {
		return nil
	}
	sockets := slices.DeleteFunc(slices.Clone(r.CPU.Sockets), func(s report.Socket) bool { return !s.Populated })
	packages := r.CPU.Packages
	if r.CPU.Sockets == nil {
		sockets = make([]report.Socket, len(packages))
	}
	if len(packages) != len(sockets) {
		packages = make([]report.CPUPackage, len(sockets))
	}
	var parts []Part
	for i, s := range sockets {
		p := packages[i]
		model := cmp.Or(s.Version, p.ModelName)
		parts = append(parts, Part{
			Name:  spaced(model),
			Label: cmp.Or(s.Designation, s.Handle),
			Place: s.Designation,
			Facts: known(
				key("model", model),
				fact("manufacturer", s.Manufacturer),
				fact("signature", s.Signature),
				fact("status", s.Status),
				fact("cores", cmp.Or(s.Cores, p.Cores)),
				fact("cores_enabled", cmp.Or(s.CoresEnabled, p.Cores)),
				fact("threads", cmp.Or(s.Threads, p.Threads)),
				fact("max_speed_mhz", cmp.Or(s.MaxSpeedMHz, p.MaxSpeedMHz)),
				fact("microcode", p.Microcode),
				fact("flags", p.Flags),
			),
			Identity: known(fact("serial_number", s.SerialNumber)),
		})
	}
	return parts
}

func memories(r *report.Report) []Part {
	if r.Memory == nil || len(r.Memory.Slots) == 0 {
		return nil
	}
	slots, total := r.Memory.SystemSlots(), uint64(0)
	for _, s := range slots {
		if s.Populated {
			total += s.SizeBytes
		}
	}
	var corrections []string
	for _, a := range r.Memory.Arrays {
		if a.Use == "System Memory" && !slices.Contains(corrections, a.ErrorCorrection) {
			corrections = append(corrections, a.ErrorCorrection)
		}
	}
	slices.Sort(corrections)
	return []Part{{Facts: known(
		fact("total_bytes", int(total)),
		fact("slots", len(slots)),
		fact("error_correction", strings.Join(corrections, ", ")),
	)}}
}

func modules(r *report.Report) []Part {
	if r.Memory == nil || len(r.Memory.Slots) == 0 {
		return nil
	}
	populated := slices.DeleteFunc(r.Memory.SystemSlots(), func(s report.MemorySlot) bool { return !s.Populated })
	return each(populated, func(m report.MemorySlot) Part {
		place := label.Join(m.Locator, m.BankLocator)
		return Part{
			Name:  label.Join(m.Manufacturer, m.PartNumber, label.Memory(m.SizeBytes), m.Type),
			Label: cmp.Or(place, m.Handle),
			Place: place,
			Facts: known(
				key("part_number", m.PartNumber),
				fact("manufacturer", m.Manufacturer),
				fact("size_bytes", m.SizeBytes),
				fact("type", m.Type),
				fact("type_detail", m.TypeDetail),
				fact("technology", m.Technology),
				fact("form_factor", m.FormFactor),
				fact("speed_mts", m.SpeedMTs),
				fact("configured_speed_mts", m.ConfiguredSpeedMTs),
				fact("ranks", m.Ranks),
				fact("total_width_bits", m.TotalWidthBits),
				fact("data_width_bits", m.DataWidthBits),
				fact("firmware_version", m.FirmwareVersion),
			),
			Identity: known(fact("serial_number", m.SerialNumber)),
		}
	})
}

func drives(r *report.Report) []Part {
	if r.Storage == nil {
		return nil
	}
	// A USB stick or a BMC's virtual medium is not part of the machine: most of
	// the time it is what the audit was booted from.
	fixed := slices.DeleteFunc(slices.Clone(r.Storage.Drives), func(d report.Drive) bool { return d.Removable && d.Transport == "usb" })
	pci := byAddress(r)
	return each(fixed, func(d report.Drive) Part {
		if d.Type == "rom" {
			d.SizeBytes = 0 // that of the medium
		}
		return Part{
			Name:  label.Join(d.Vendor, d.Model, label.Capacity(d.SizeBytes), d.Transport),
			Label: d.Name(),
			Place: cmp.Or(d.HCTL, d.SmartctlType, slot(pci[d.PCIAddress]), d.PCIAddress, d.Name()),
			Facts: known(
				key("model", d.Model),
				fact("vendor", d.Vendor),
				fact("firmware_version", d.FirmwareVersion),
				fact("size_bytes", d.SizeBytes),
				fact("type", d.Type),
				fact("transport", d.Transport),
				fact("protocol", d.Protocol),
				fact("raid_volume", &d.RAIDVolume),
				fact("form_factor", d.FormFactor),
				fact("rotational", d.Rotational),
				fact("rotation_rpm", d.RotationRPM),
				fact("logical_block_bytes", d.LogicalBlockBytes),
				fact("physical_block_bytes", d.PhysicalBlockBytes),
				fact("interface_speed", d.InterfaceSpeed),
				fact("interface_max_speed", d.InterfaceMaxSpeed),
			),
			Identity: known(fact("serial_number", d.SerialNumber), fact("wwn", d.WWN)),
		}
	})
}

// raidControllers are those that their makers' programs tell of: without the programs, nobody
// knows of one.
func raidControllers(r *report.Report) []Part {
	if r.Storage == nil || len(r.Storage.Controllers) == 0 {
		return nil
	}
	pci := byAddress(r)
	return each(r.Storage.Controllers, func(c report.RAIDController) Part {
		var levels []string
		for _, a := range c.Arrays {
			levels = append(levels, a.Level)
		}
		slices.Sort(levels)
		all := known(
			key("model", c.Model),
			fact("firmware_version", c.FirmwareVersion),
			fact("cache_bytes", c.CacheBytes),
			fact("array_levels", levels),
		)
		if c.Backup != nil {
			all = append(all, known(fact("backup", c.Backup.Kind), fact("backup_model", c.Backup.Model))...)
		}
		return Part{
			Name:     c.Model,
			Label:    c.Name,
			Place:    cmp.Or(slot(pci[c.PCIAddress]), c.PCIAddress, c.Name),
			Facts:    all,
			Identity: known(fact("serial_number", c.SerialNumber)),
		}
	})
}

func devices(r *report.Report) []Part {
	if r.PCIe == nil {
		return nil
	}
	// Virtual functions are settings, not hardware.
	real := slices.DeleteFunc(slices.Clone(r.PCIe.Devices), func(d report.PCIDevice) bool { return d.VirtualFunctionOf != "" })
	return each(real, func(d report.PCIDevice) Part {
		link := *cmp.Or(d.Link, &report.PCIeLink{})
		if d.ClassID == pciBridge {
			link.WidthLanes = 0 // that of the device behind it, which tells by itself
		}
		return Part{
			Name:  label.Join(cmp.Or(d.Vendor, d.VendorID), cmp.Or(d.Device, d.DeviceID)),
			Label: d.Address,
			Place: slot(d),
			Facts: append(pciID(d), known(
				fact("class_id", d.ClassID),
				fact("revision", d.Revision),
				fact("firmware_version", d.FirmwareVersion),
				// The speed now is not compared: idle links slow down.
				fact("max_speed_gts", link.MaxSpeedGTs),
				fact("width_lanes", link.WidthLanes),
				fact("max_width_lanes", link.MaxWidthLanes),
				fact("upstream_max_speed_gts", link.UpstreamMaxSpeedGTs),
				fact("upstream_max_width_lanes", link.UpstreamMaxWidthLanes),
				loose("driver", d.Driver),
			)...),
		}
	})
}

const pciBridge = "0604"

// slot is where a PCI function is. Its address is not: bus numbers shift when a
// card is added elsewhere.
func slot(d report.PCIDevice) string { return cmp.Or(d.SlotDesignation, d.PhysicalSlot) }

func byAddress(r *report.Report) map[string]report.PCIDevice {
	all := map[string]report.PCIDevice{}
	if r.PCIe != nil {
		for _, d := range r.PCIe.Devices {
			all[d.Address] = d
		}
	}
	return all
}

// pciID is what a PCI function is.
func pciID(d report.PCIDevice) []Fact {
	return known(
		key("vendor_id", d.VendorID),
		key("device_id", d.DeviceID),
		fact("subsystem_vendor_id", d.SubsystemVendorID),
		fact("subsystem_device_id", d.SubsystemDeviceID),
		loose("vendor", d.Vendor),
		loose("device", d.Device),
	)
}

func interfaces(r *report.Report) []Part {
	if r.Network == nil {
		return nil
	}
	pci := byAddress(r)
	real := slices.DeleteFunc(slices.Clone(r.Network.Interfaces), report.Interface.Virtual)
	return each(real, func(i report.Interface) Part {
		d := pci[i.BusAddress]
		all := append(pciID(d), known(
			fact("type", i.Type),
			fact("driver", i.Driver),
			fact("firmware_version", i.FirmwareVersion),
			fact("port", i.Port),
			fact("max_speed_mbps", i.MaxSpeedMbps),
			fact("link", i.Link),
			fact("speed_mbps", i.SpeedMbps),
		)...)
		if i.Link != nil && !*i.Link {
			all = append(all, fact("speed_mbps", 0))
		}
		return Part{
			Name:     label.Join(cmp.Or(d.Vendor, d.VendorID), cmp.Or(d.Device, d.DeviceID, i.Driver)),
			Label:    i.Name,
			Place:    slot(d),
			Facts:    all,
			Identity: known(fact("permanent_mac_address", cmp.Or(i.PermanentMACAddress, i.MACAddress))),
		}
	})
}

func supplies(r *report.Report) []Part {
	if r.PSU == nil || len(r.PSU.Supplies) == 0 {
		return nil
	}
	present := slices.DeleteFunc(slices.Clone(r.PSU.Supplies), func(s report.PowerSupply) bool { return s.State == "absent" })
	return each(present, func(s report.PowerSupply) Part {
		if s.State == "unknown" {
			s.State = ""
		}
		return Part{
			Name:  label.Join(s.Manufacturer, cmp.Or(s.Model, s.PartNumber)),
			Label: s.Name,
			Place: s.Name,
			Facts: known(
				key("model", s.Model),
				fact("part_number", s.PartNumber),
				fact("manufacturer", s.Manufacturer),
				fact("revision", s.Revision),
				fact("max_watts", s.MaxWatts),
				fact("state", s.State),
				fact("type", s.Type),
				fact("hot_pluggable", s.HotPluggable),
			),
			Identity: known(fact("serial_number", s.SerialNumber), fact("asset_tag", s.AssetTag)),
		}
	})
}

func gpus(r *report.Report) []Part {
	if r.NVIDIA == nil || r.NVIDIA.Trouble != "" {
		return nil
	}
	pci := byAddress(r)
	return each(r.NVIDIA.GPUs, func(g report.GPU) Part {
		power, link := cmp.Or(g.Power, &report.GPUPower{}), cmp.Or(g.PCIe, &report.GPULink{})
		ecc, mig := cmp.Or(g.ECC, &report.GPUECC{}), cmp.Or(g.MIG, &report.MIG{})
		all := known(
			key("name", g.Name),
			fact("board_part_number", g.BoardPartNumber),
			fact("gpu_part_number", g.GPUPartNumber),
			fact("fru_part_number", g.FRUPartNumber),
			fact("vbios_version", g.VBIOSVersion),
			fact("inforom_version", g.InforomVersion),
			fact("memory_total_bytes", g.MemoryTotalBytes),
			fact("bar1_total_bytes", g.BAR1TotalBytes),
			fact("ecc_enabled", ecc.Enabled),
			fact("mig_enabled", mig.Enabled),
			fact("limit_watts", power.LimitWatts),
			fact("max_limit_watts", power.MaxLimitWatts),
			fact("max_generation", link.MaxGeneration),
			fact("width_lanes", link.WidthLanes),
			fact("max_width_lanes", link.MaxWidthLanes),
		)
		if g.NVLinks != nil {
			active := 0
			for _, l := range g.NVLinks {
				if l.Active {
					active++
				}
			}
			all = append(all, fact("active_nvlinks", active))
		}
		return Part{
			Name:     g.Name,
			Label:    g.PCIAddress,
			Place:    slot(pci[g.PCIAddress]),
			Facts:    all,
			Identity: known(fact("uuid", g.UUID), fact("serial_number", g.SerialNumber)),
		}
	})
}

func software(r *report.Report) []Part {
	release, nvidia := cmp.Or(r.BeeRelease, &report.BeeRelease{}), cmp.Or(r.NVIDIA, &report.NVIDIA{})
	return []Part{{Facts: known(
		fact("schema_version", r.SchemaVersion),
		fact("audit_version", r.Audit.Version),
		fact("bee_version", release.Version),
		fact("bee_commit", release.Commit),
		fact("bee_overrides", strings.Join(release.Overrides, " ")),
		fact("kernel_release", r.Host.KernelRelease),
		fact("nvidia_driver_version", nvidia.DriverVersion),
	)}}
}

func findings(r *report.Report) []Part {
	if r.Findings == nil {
		return nil
	}
	return each(r.Findings, func(f report.Finding) Part {
		// The message may hold readings.
		return Part{
			Name:  f.Message,
			Label: f.Component,
			Place: f.Component,
			Facts: known(key("rule", f.Rule), key("component", f.Component), key("severity", string(f.Severity))),
		}
	})
}

func each[T any](list []T, part func(T) Part) []Part {
	parts := []Part{}
	for _, v := range list {
		parts = append(parts, part(v))
	}
	return parts
}

// Fact returns the fact of a name. Its value is nil where it is not known.
func (p Part) Fact(name string) Fact {
	for _, f := range p.Facts {
		if f.Name == name {
			return f
		}
	}
	return Fact{Name: name}
}

// signature is the same for parts with the same facts.
func (p Part) signature() string {
	var s strings.Builder
	for _, f := range p.Facts {
		if f.Loose {
			continue
		}
		s.WriteString(f.Name + "=")
		switch v := f.Value.(type) {
		case string:
			s.WriteString(v)
		case float64:
			s.WriteString(strconv.FormatFloat(v, 'g', -1, 64))
		case bool:
			s.WriteString(strconv.FormatBool(v))
		}
		s.WriteByte('\n')
	}
	return s.String()
}

// product is the same for parts that people call the same.
func (p Part) product() string {
	s := p.Name
	for _, f := range p.Facts {
		if f.Key {
			s += fmt.Sprintf("\n%s=%v", f.Name, f.Value)
		}
	}
	return s
}

func key(name string, v any) Fact {
	f := fact(name, v)
	f.Key = true
	return f
}

func loose(name string, v any) Fact {
	f := fact(name, v)
	f.Loose = true
	return f
}

// fact makes a fact of a field. Zero says nothing, as in the report, but for
// values behind a pointer and those that were counted, which are an int.
func fact(name string, v any) Fact {
	f := Fact{Name: name}
	switch v := v.(type) {
	case string:
		if s := spaced(v); s != "" {
			f.Value = s
		}
	case []string:
		if len(v) > 0 {
			f.Value = strings.Join(v, " ")
		}
	case uint64:
		if v != 0 {
			f.Value = float64(v)
		}
	case float64:
		if v != 0 {
			f.Value = v
		}
	case int:
		f.Value = float64(v)
	case *uint64:
		if v != nil {
			f.Value = float64(*v)
		}
	case *float64:
		if v != nil {
			f.Value = *v
		}
	case *bool:
		if v != nil {
			f.Value = *v
		}
	}
	return f
}

// known drops what is not known.
func known(all ...Fact) []Fact {
	return slices.DeleteFunc(all, func(f Fact) bool { return f.Value == nil })
}

// spaced has single spaces only: the names of processors come with more.
func spaced(s string) string { return strings.Join(strings.Fields(s), " ") }
