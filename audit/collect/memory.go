package collect

import (
	"cmp"
	"context"

	"bee/audit/dmi"
	"bee/audit/report"
)

var memory = Collector{
	Name:      "memory",
	About:     "memory arrays and slots, also empty ones (dmidecode)",
	Tools:     []string{"dmidecode"},
	ToolLimit: dmidecodeLimit,
	Collect: func(ctx context.Context, t *Task) {
		if all, ok := structures(ctx, t, "16,17"); ok {
			t.Update(func(r *report.Report) { r.Memory = memoryFrom(all) })
		}
	},
}

func memoryFrom(all []dmi.Structure) *report.Memory {
	m := &report.Memory{Arrays: []report.MemoryArray{}, Slots: []report.MemorySlot{}}
	for _, s := range dmi.Of(all, 16) {
		m.Arrays = append(m.Arrays, report.MemoryArray{
			Handle:               s.Handle,
			Location:             s.Enum("Location"),
			Use:                  s.Enum("Use"),
			ErrorCorrection:      s.Enum("Error Correction Type"),
			MaximumCapacityBytes: s.Bytes("Maximum Capacity"),
			Slots:                s.Count("Number Of Devices"),
		})
	}
	for _, s := range dmi.Of(all, 17) {
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
			slot.ConfiguredVolts = cmp.Or(s.Volts("Configured Voltage"), s.Volts("Configured voltage"))
			slot.Manufacturer = s.Text("Manufacturer")
			slot.PartNumber = s.Text("Part Number")
			slot.SerialNumber = s.Text("Serial Number")
			slot.AssetTag = s.Text("Asset Tag")
			slot.Ranks = s.Count("Rank")
			slot.TotalWidthBits = s.Count("Total Width")
			slot.DataWidthBits = s.Count("Data Width")
			slot.FirmwareVersion = s.Text("Firmware Version")
			slot.NonVolatileBytes = s.Bytes("Non-Volatile Size")
		}
		m.Slots = append(m.Slots, slot)
	}
	return m
}
