// Package baseline says what hardware a machine should have, and compares a
// machine with that.
//
// A baseline is a YAML (or JSON) file that people write:
//
//	system:
//	  product_name: SYS-421GE-TNRT
//	memory:
//	  total: 1 TiB
//	memory_modules:
//	  - {count: 16, size: 64 GiB, part_number: "M321R8GA0*", configured_speed_mts: 4800}
//	drives:
//	  - {count: 2, model: "*MTFDKBA480*", size: 480 GB}
//	  - {count: 8, model: [SAMSUNG MZQL23T8*, Micron_7450*], size: 3.84 TB}
//	worst_finding: info
//
// Keys are the names of the report's fields; a size has no unit in its name, but
// in its value. What a baseline does not speak of may be anything. A list of
// components is complete, though: another drive than those listed is a
// difference. Only pci_devices may be more than are listed.
package baseline

import (
	_ "embed"
	"fmt"
	"reflect"
	"strings"

	"bee/audit/judge/compare"
	"bee/audit/report"
)

//go:generate go test . -run ^TestSchemaIsCurrent$ -update

// Schema is the JSON Schema of baselines, draft 2020-12, made from the types below.
// People write them in YAML.
//
//go:embed baseline.schema.json
var Schema []byte

// Baseline is what a machine should be. Everything may be left out.
type Baseline struct {
	// The system as it was sold.
	System *System `yaml:"system,omitempty"`
	// System firmware.
	BIOS *BIOS `yaml:"bios,omitempty"`
	// Management controller.
	BMC *BMC `yaml:"bmc,omitempty"`
	// What starts the machine.
	Platform *Platform `yaml:"platform,omitempty"`
	// Processors, all of them.
	Processors List[Processor] `yaml:"processors,omitempty"`
	// All memory modules together.
	Memory *Memory `yaml:"memory,omitempty"`
	// Memory modules, all of them.
	MemoryModules List[MemoryModule] `yaml:"memory_modules,omitempty"`
	// Drives, all of them but removable USB media.
	Drives List[Drive] `yaml:"drives,omitempty"`
	// RAID controllers, all of those that their makers' programs tell of: see iso/vendor.
	RAIDControllers List[RAIDController] `yaml:"raid_controllers,omitempty"`
	// Network interfaces, all of them but virtual functions.
	NetworkInterfaces List[NetworkInterface] `yaml:"network_interfaces,omitempty"`
	// Power supplies, all of them.
	PowerSupplies List[PowerSupply] `yaml:"power_supplies,omitempty"`
	// NVIDIA GPUs, all of them.
	GPUs List[GPU] `yaml:"gpus,omitempty"`
	// PCI functions. There may be others.
	PCIDevices List[PCIDevice] `yaml:"pci_devices,omitempty"`
	// The worst finding that is tolerated: none, info, warning or critical.
	WorstFinding Severity `yaml:"worst_finding,omitempty"`
}

// List is a list that may be empty, which is not the same as left out: `gpus: []`
// says that there should be none.
type List[T any] []T

// IsZero reports whether the list is left out.
func (l List[T]) IsZero() bool { return l == nil }

// System is the machine as it was sold.
type System struct {
	Manufacturer Text `yaml:"manufacturer,omitempty"`
	ProductName  Text `yaml:"product_name,omitempty"`
	Version      Text `yaml:"version,omitempty"`
	SKUNumber    Text `yaml:"sku_number,omitempty"`
	Family       Text `yaml:"family,omitempty"`
}

// BIOS is the system firmware.
type BIOS struct {
	Vendor      Text `yaml:"vendor,omitempty"`
	Version     Text `yaml:"version,omitempty"`
	ReleaseDate Text `yaml:"release_date,omitempty"`
	Revision    Text `yaml:"revision,omitempty"`
	// Revision of the BMC's firmware, as SMBIOS has it.
	FirmwareRevision Text `yaml:"firmware_revision,omitempty"`
}

// BMC is the management controller.
type BMC struct {
	FirmwareVersion Text `yaml:"firmware_version,omitempty"`
}

// Platform is what starts the machine.
type Platform struct {
	// uefi or bios.
	BootMode Text `yaml:"boot_mode,omitempty"`
	// Whether Secure Boot is on.
	SecureBoot *Bool `yaml:"secure_boot,omitempty"`
	// Versions of the TPMs, with spaces between: 2.0; or none.
	TPMVersions Text `yaml:"tpm_versions,omitempty"`
}

// Processor is a number of processors of one kind.
type Processor struct {
	// How many. At least one where it is left out.
	Count *Count `yaml:"count,omitempty"`
	// Name of the model, as the firmware has it.
	Model        Text    `yaml:"model,omitempty"`
	Manufacturer Text    `yaml:"manufacturer,omitempty"`
	Cores        *Number `yaml:"cores,omitempty"`
	CoresEnabled *Number `yaml:"cores_enabled,omitempty"`
	Threads      *Number `yaml:"threads,omitempty"`
	MaxSpeedMHz  *Number `yaml:"max_speed_mhz,omitempty"`
	Microcode    Text    `yaml:"microcode,omitempty"`
}

// Memory is all memory modules together.
type Memory struct {
	// Size of all modules.
	Total *MemorySize `yaml:"total,omitempty"`
	// Number of slots, also the empty ones.
	Slots *Number `yaml:"slots,omitempty"`
	// As SMBIOS has it: None, Single-bit ECC, Multi-bit ECC, …
	ErrorCorrection Text `yaml:"error_correction,omitempty"`
}

// MemoryModule is a number of memory modules of one kind.
type MemoryModule struct {
	// How many. At least one where it is left out.
	Count        *Count      `yaml:"count,omitempty"`
	PartNumber   Text        `yaml:"part_number,omitempty"`
	Manufacturer Text        `yaml:"manufacturer,omitempty"`
	Size         *MemorySize `yaml:"size,omitempty"`
	// DDR4, DDR5, …
	Type Text `yaml:"type,omitempty"`
	// What the module can do.
	SpeedMTs *Number `yaml:"speed_mts,omitempty"`
	// What it runs at.
	ConfiguredSpeedMTs *Number `yaml:"configured_speed_mts,omitempty"`
	Ranks              *Number `yaml:"ranks,omitempty"`
	FirmwareVersion    Text    `yaml:"firmware_version,omitempty"`
}

// Drive is a number of drives of one kind.
type Drive struct {
	// How many. At least one where it is left out.
	Count           *Count     `yaml:"count,omitempty"`
	Model           Text       `yaml:"model,omitempty"`
	Vendor          Text       `yaml:"vendor,omitempty"`
	FirmwareVersion Text       `yaml:"firmware_version,omitempty"`
	Size            *DriveSize `yaml:"size,omitempty"`
	// disk or rom.
	Type Text `yaml:"type,omitempty"`
	// sata, sas, nvme, …
	Transport Text `yaml:"transport,omitempty"`
	// Whether the drive has spinning platters.
	Rotational  *Bool   `yaml:"rotational,omitempty"`
	RotationRPM *Number `yaml:"rotation_rpm,omitempty"`
	// SATA or SAS link speed: 6.0 Gb/s.
	InterfaceSpeed Text `yaml:"interface_speed,omitempty"`
}

// RAIDController is a number of RAID controllers of one kind.
type RAIDController struct {
	// How many. At least one where it is left out.
	Count           *Count      `yaml:"count,omitempty"`
	Model           Text        `yaml:"model,omitempty"`
	FirmwareVersion Text        `yaml:"firmware_version,omitempty"`
	Cache           *MemorySize `yaml:"cache,omitempty"`
	// Levels of the arrays, sorted, with spaces between: RAID1 RAID6.
	ArrayLevels Text `yaml:"array_levels,omitempty"`
	// What keeps the cache's content where the power fails: battery or capacitor.
	Backup Text `yaml:"backup,omitempty"`
}

// NetworkInterface is a number of network interfaces (ports) of one kind.
type NetworkInterface struct {
	// How many. At least one where it is left out.
	Count *Count `yaml:"count,omitempty"`
	// Of the PCI device: four hexadecimal digits.
	VendorID Text `yaml:"vendor_id,omitempty"`
	DeviceID Text `yaml:"device_id,omitempty"`
	// Names from the PCI ID database.
	Vendor          Text `yaml:"vendor,omitempty"`
	Device          Text `yaml:"device,omitempty"`
	Driver          Text `yaml:"driver,omitempty"`
	FirmwareVersion Text `yaml:"firmware_version,omitempty"`
	// Kind of port, in ethtool's words.
	Port         Text    `yaml:"port,omitempty"`
	MaxSpeedMbps *Number `yaml:"max_speed_mbps,omitempty"`
	// Whether there is a link.
	Link *Bool `yaml:"link,omitempty"`
	// Speed of the link; 0 where there is none.
	SpeedMbps *Number `yaml:"speed_mbps,omitempty"`
}

// PowerSupply is a number of power supplies of one kind.
type PowerSupply struct {
	// How many. At least one where it is left out.
	Count        *Count  `yaml:"count,omitempty"`
	Model        Text    `yaml:"model,omitempty"`
	PartNumber   Text    `yaml:"part_number,omitempty"`
	Manufacturer Text    `yaml:"manufacturer,omitempty"`
	MaxWatts     *Number `yaml:"max_watts,omitempty"`
	// ok, failed or no_input.
	State Text `yaml:"state,omitempty"`
}

// GPU is a number of NVIDIA GPUs of one kind.
type GPU struct {
	// How many. At least one where it is left out.
	Count           *Count   `yaml:"count,omitempty"`
	Name            Text     `yaml:"name,omitempty"`
	BoardPartNumber Text     `yaml:"board_part_number,omitempty"`
	VBIOSVersion    Text     `yaml:"vbios_version,omitempty"`
	MemoryTotal     *GPUSize `yaml:"memory_total,omitempty"`
	ECCEnabled      *Bool    `yaml:"ecc_enabled,omitempty"`
	MIGEnabled      *Bool    `yaml:"mig_enabled,omitempty"`
	// Power limit that is set.
	LimitWatts    *Number `yaml:"limit_watts,omitempty"`
	MaxLimitWatts *Number `yaml:"max_limit_watts,omitempty"`
	// Generation of PCI Express that GPU and slot can do together.
	MaxGeneration *Number `yaml:"max_generation,omitempty"`
	WidthLanes    *Number `yaml:"width_lanes,omitempty"`
	// NVLink links that are up.
	ActiveNVLinks *Number `yaml:"active_nvlinks,omitempty"`
}

// PCIDevice is a number of PCI functions of one kind.
type PCIDevice struct {
	// How many. At least one where it is left out.
	Count *Count `yaml:"count,omitempty"`
	// IDs are four hexadecimal digits.
	VendorID          Text `yaml:"vendor_id,omitempty"`
	DeviceID          Text `yaml:"device_id,omitempty"`
	SubsystemVendorID Text `yaml:"subsystem_vendor_id,omitempty"`
	SubsystemDeviceID Text `yaml:"subsystem_device_id,omitempty"`
	ClassID           Text `yaml:"class_id,omitempty"`
	// Names from the PCI ID database.
	Vendor Text `yaml:"vendor,omitempty"`
	Device Text `yaml:"device,omitempty"`
	// Two hexadecimal digits.
	Revision        Text `yaml:"revision,omitempty"`
	Driver          Text `yaml:"driver,omitempty"`
	FirmwareVersion Text `yaml:"firmware_version,omitempty"`
	// PCI Express link.
	WidthLanes    *Number `yaml:"width_lanes,omitempty"`
	MaxWidthLanes *Number `yaml:"max_width_lanes,omitempty"`
	MaxSpeedGTs   *Number `yaml:"max_speed_gts,omitempty"`
}

// Compare compares the machine in a report with the baseline. The names of the
// files are for the result.
func (b *Baseline) Compare(file string, reportFile string, r *report.Report) *compare.Comparison {
	var all []compare.Expectation
	for _, p := range b.parts() {
		e := compare.Expectation{Kind: p.kind, Others: p.kind == compare.Device}
		switch {
		case p.field.IsZero():
			continue
		case p.field.Kind() == reflect.Slice:
			for i := range p.field.Len() {
				e.Groups = append(e.Groups, group(p.field.Index(i)))
			}
		default:
			e.Groups = []compare.Group{group(p.field.Elem())}
			e.Groups[0].Name = "" // there is only one
		}
		all = append(all, e)
	}
	if b.WorstFinding != "" {
		all = append(all, compare.Expectation{Kind: compare.Finding, Groups: []compare.Group{{
			OrMore: true, Wants: []compare.Want{want("severity", &b.WorstFinding)},
		}}})
	}
	return compare.Expectations(file, all, reportFile, r)
}

// Of makes a baseline that the machine in a report meets. PCI devices are left
// out: few people care for all of them.
func Of(r *report.Report) *Baseline {
	var b Baseline
	for _, p := range b.parts() {
		parts := compare.Parts(r, p.kind)
		switch {
		case p.kind == compare.Device || parts == nil:
		case p.field.Kind() == reflect.Slice:
			fillList(p.field, parts)
		default:
			one := reflect.New(p.field.Type().Elem())
			if fill(one.Elem(), parts[0]); !one.Elem().IsZero() {
				p.field.Set(one)
			}
		}
	}
	return &b
}

// part is a part of a baseline.
type part struct {
	kind  compare.Kind
	field reflect.Value // a list, or a pointer to a single one
}

func (b *Baseline) parts() []part {
	v := func(field any) reflect.Value { return reflect.ValueOf(field).Elem() }
	return []part{
		{compare.System, v(&b.System)},
		{compare.BIOS, v(&b.BIOS)},
		{compare.BMC, v(&b.BMC)},
		{compare.Platform, v(&b.Platform)},
		{compare.Processor, v(&b.Processors)},
		{compare.Memory, v(&b.Memory)},
		{compare.Module, v(&b.MemoryModules)},
		{compare.Drive, v(&b.Drives)},
		{compare.RAID, v(&b.RAIDControllers)},
		{compare.Interface, v(&b.NetworkInterfaces)},
		{compare.Supply, v(&b.PowerSupplies)},
		{compare.GPU, v(&b.GPUs)},
		{compare.Device, v(&b.PCIDevices)},
	}
}

// group is what a struct of limits wants.
func group(v reflect.Value) compare.Group {
	g := compare.Group{Count: 1, Min: 1}
	var names, numbers []string
	each(v, func(fact string, field reflect.Value, l limit) {
		if _, count := l.(*Count); count && field.IsZero() {
			g.Count, g.OrMore = "1+", true
		}
		if field.IsZero() {
			return
		}
		if n, ok := l.(*Count); ok {
			g.Count, g.Min, g.OrMore = n.expected(), int(n.value), n.orMore
			return
		}
		w := want(fact, l)
		g.Wants = append(g.Wants, w)
		switch l.(type) {
		case *Number, *Bool:
			numbers = append(numbers, fmt.Sprintf("%s %v", fact, w.Expected))
		default:
			names = append(names, fmt.Sprint(w.Expected))
		}
	})
	if len(names) == 0 {
		names = numbers
	}
	g.Name = strings.Join(names, ", ")
	return g
}

func want(fact string, l limit) compare.Want {
	return compare.Want{Fact: fact, Accepts: l.accepts, Expected: l.expected()}
}

// fillList sets a list of limits to what parts are, those alike together.
func fillList(list reflect.Value, parts []compare.Part) {
	list.Set(reflect.MakeSlice(list.Type(), 0, len(parts)))
	for _, p := range parts {
		item := reflect.New(list.Type().Elem()).Elem()
		fill(item, p)
		known := false
		for i := range list.Len() {
			count := list.Index(i).FieldByName("Count")
			item.FieldByName("Count").Set(count)
			if known = reflect.DeepEqual(item.Interface(), list.Index(i).Interface()); known {
				count.Interface().(*Count).value++
				break
			}
		}
		if !known {
			item.FieldByName("Count").Set(reflect.ValueOf(&Count{Number{value: 1}}))
			list.Set(reflect.Append(list, item))
		}
	}
}

// fill sets limits to what a part is.
func fill(v reflect.Value, p compare.Part) {
	each(v, func(fact string, field reflect.Value, _ limit) {
		value := p.Fact(fact).Value
		if value == nil {
			return
		}
		if field.Kind() == reflect.Pointer {
			field.Set(reflect.New(field.Type().Elem()))
			field = field.Elem()
		}
		field.Addr().Interface().(limit).set(value)
	})
}

// each calls f for each field of a struct of limits, with the name of the fact
// that it limits.
func each(v reflect.Value, f func(fact string, field reflect.Value, l limit)) {
	for i := range v.NumField() {
		field := v.Field(i)
		l, ok := field.Interface().(limit)
		if !ok {
			l = field.Addr().Interface().(limit)
		}
		fact := keyOf(v.Type().Field(i))
		switch l.(type) {
		case *MemorySize, *DriveSize, *GPUSize:
			fact += "_bytes"
		}
		f(fact, field, l)
	}
}
