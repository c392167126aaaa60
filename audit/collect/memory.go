package collect

import (
	"cmp"
	"context"
	"io/fs"
	"strconv"
	"strings"

	"bee/audit/collect/jedec"
	"bee/audit/report"
	"bee/audit/tool/dmidecode"
)

var memory = Collector{
	Name:  "memory",
	About: "memory arrays and slots, also empty ones (dmidecode), and what the kernel can use (/proc/meminfo)",
	Tools: []string{"dmidecode"},
	Collect: func(ctx context.Context, t *Task) {
		if all, ok := structures(ctx, t, "16,17"); ok {
			m := memoryFrom(all)
			m.UsableBytes = usableMemory(t.Files())
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
			Slots:                s.Count("Number Of Devices"),
		})
	}
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
			slot.SizeBytes = s.Bytes("Size")
			slot.FormFactor = s.Enum("Form Factor")
			slot.Type = s.Enum("Type")
			slot.TypeDetail = s.Enum("Type Detail")
			slot.Technology = s.Enum("Memory Technology")
			slot.SpeedMTs = s.Count("Speed")
			// dmidecode 3.2 renamed these two.
			slot.ConfiguredSpeedMTs = cmp.Or(s.Count("Configured Memory Speed"), s.Count("Configured Clock Speed"))
			slot.ConfiguredVolts = moduleVolts(s, "Configured")
			slot.MinVolts, slot.MaxVolts = moduleVolts(s, "Minimum"), moduleVolts(s, "Maximum")
			slot.Manufacturer, slot.ManufacturerID = moduleMaker(s)
			slot.PartNumber = s.Text("Part Number")
			slot.SerialNumber = s.Text("Serial Number")
			slot.AssetTag = s.Text("Asset Tag")
			slot.Ranks = s.Count("Rank")
			slot.TotalWidthBits = moduleWidth(s, "Total Width")
			slot.DataWidthBits = moduleWidth(s, "Data Width")
			slot.FirmwareVersion = s.Text("Firmware Version")
			slot.NonVolatileBytes = s.Bytes("Non-Volatile Size")
		}
		m.Slots = append(m.Slots, slot)
	}
	return m
}

// usableMemory reads what the kernel has of memory, 0 where it does not say so.
func usableMemory(files fs.FS) uint64 {
	text, err := fs.ReadFile(files, "proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if total, ok := strings.CutPrefix(line, "MemTotal:"); ok {
			if kB, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(total), " kB"), 10, 50); err == nil {
				return kB << 10
			}
		}
	}
	return 0
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

// moduleVolts returns one of a module's voltages, 0 where it is unknown or beyond
// what memory ever ran at. Older versions of dmidecode write "voltage".
func moduleVolts(s dmidecode.Structure, which string) float64 {
	const most = 5
	if v := cmp.Or(s.Volts(which+" Voltage"), s.Volts(which+" voltage")); v <= most {
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
