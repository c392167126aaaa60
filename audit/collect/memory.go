package collect

import (
	"cmp"
	"context"

	"bee/audit/collect/jedec"
	"bee/audit/report"
	"bee/audit/tool/dmidecode"
	"bee/audit/tool/sysmemory"
)

var memory = Collector{
	Name:  "memory",
	About: "memory arrays and slots, also empty ones (dmidecode), and what the kernel can use and what is kept from it (/proc, sysfs)",
	Tools: []string{"dmidecode"},
	Collect: func(ctx context.Context, t *Task) {
		if all, ok := structures(ctx, t, "16,17"); ok {
			m := memoryFrom(all)
			kernel := sysmemory.Read(t.Files())
			m.UsableBytes, m.ControllerBytes = kernel.Usable, kernel.Controllers
			for _, k := range kernel.Reserved {
				m.Reserved = append(m.Reserved, report.MemoryReservation(k))
			}
			t.Update(func(r *report.Report) { r.Memory = m })
		}
	},
}

func memoryFrom(all []dmidecode.Structure) *report.Memory {
	m := &report.Memory{Arrays: []report.MemoryArray{}, Slots: []report.MemorySlot{}}
	for _, s := range dmidecode.Of(all, 16) {
		m.Arrays = append(m.Arrays, report.MemoryArray{
			Handle:               s.Handle,
			Location:             s.Enum("Location"),
			Use:                  s.Enum("Use"),
			ErrorCorrection:      s.Enum("Error Correction Type"),
			MaximumCapacityBytes: s.Bytes("Maximum Capacity"),
			Slots:                s.Within("Number Of Devices", 1, 0xfffe),
		})
	}
	// What memory ever ran at, in million transfers a second, and some more.
	const slowest, fastest = 16, 32000
	for _, s := range dmidecode.Of(all, 17) {
		slot := report.MemorySlot{
			Handle:      s.Handle,
			ArrayHandle: s.Raw("Array Handle"),
			Locator:     s.Text("Locator"),
			BankLocator: s.Text("Bank Locator"),
		}
		// An empty slot may carry made-up data ("NO DIMM"): only its place counts.
		if size := s.Raw("Size"); size != "" && size != "No Module Installed" && size != "Not Installed" {
			slot.Populated = true
			slot.SizeBytes = moduleSize(s, "Size")
			slot.FormFactor = s.Enum("Form Factor")
			slot.Type = s.Enum("Type")
			slot.TypeDetail = s.Enum("Type Detail")
			slot.Technology = s.Enum("Memory Technology")
			slot.SpeedMTs = s.Within("Speed", slowest, fastest)
			// dmidecode 3.2 renamed these two.
			slot.ConfiguredSpeedMTs = cmp.Or(s.Within("Configured Memory Speed", slowest, fastest), s.Within("Configured Clock Speed", slowest, fastest))
			slot.ConfiguredVolts = moduleVolts(s, "Configured")
			slot.MinVolts, slot.MaxVolts = moduleVolts(s, "Minimum"), moduleVolts(s, "Maximum")
			slot.Manufacturer, slot.ManufacturerID = moduleMaker(s)
			slot.PartNumber = s.Text("Part Number")
			slot.SerialNumber = s.Text("Serial Number")
			slot.AssetTag = s.Text("Asset Tag")
			slot.Ranks = s.Within("Rank", 1, 15)
			slot.TotalWidthBits = moduleWidth(s, "Total Width")
			slot.DataWidthBits = moduleWidth(s, "Data Width")
			slot.FirmwareVersion = s.Text("Firmware Version")
			slot.NonVolatileBytes = moduleSize(s, "Non-Volatile Size")
		}
		m.Slots = append(m.Slots, slot)
	}
	return m
}

// moduleMaker returns the name of a module's maker, and the number that it was
// taken from where the firmware has no name.
func moduleMaker(s dmidecode.Structure) (name, id string) {
	text := s.Text("Manufacturer")
	for _, number := range []string{text, s.Raw("Module Manufacturer ID")} {
		if name := jedec.Maker(number); name != "" && (text == "" || number == text) {
			return name, number
		}
	}
	return text, ""
}

// moduleSize returns one of a module's sizes, 0 where it is unknown, or all ones:
// that is how SMBIOS says that the size is in a field which the table, or an old
// dmidecode, does not have.
func moduleSize(s dmidecode.Structure, field string) uint64 {
	switch n := s.Count(field); {
	case n == 0x7fff, n == 0xffff, n == 0x7fffffff, n == 0xffffffff:
		return 0
	}
	return s.Bytes(field)
}

// moduleVolts returns one of a module's voltages, 0 where it is unknown or memory
// never ran at it: some firmware has 0.003 or 44.975 V. Older versions of dmidecode
// write "voltage".
func moduleVolts(s dmidecode.Structure, which string) float64 {
	const least, most = 0.5, 5
	if v := cmp.Or(s.Volts(which+" Voltage"), s.Volts(which+" voltage")); v >= least && v <= most {
		return v
	}
	return 0
}

// moduleWidth returns one of a module's widths, 0 where it is unknown or no width
// at all: some firmware has 255 or 65506 bits.
func moduleWidth(s dmidecode.Structure, which string) uint64 {
	const most = 1024
	if n := s.Count(which); n <= most && n%8 == 0 {
		return n
	}
	return 0
}
