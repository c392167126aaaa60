package finding

import (
	"testing"

	"bee/audit/report"
)

func TestBoard(t *testing.T) {
	good := func() *report.Report {
		return &report.Report{Board: &report.Board{
			System:     &report.System{Manufacturer: "ACME", SerialNumber: "S1"},
			Baseboards: []report.Baseboard{{ProductName: "Board", SerialNumber: "B1"}},
			Chassis:    []report.Chassis{{Handle: "0x0003", Type: "Blade", BootUpState: "Safe", ThermalState: "Safe", PowerSupplyState: "Safe"}, {Handle: "0x0004"}},
		}}
	}
	expect(t, "state", boardState, good())
	expect(t, "serial number", boardNoSerial, good())

	r := good()
	r.Board.Chassis[0].PowerSupplyState, r.Board.Chassis[1].ThermalState = "Critical", "Warning"
	expect(t, "state", boardState, r, "warning Blade", "warning 0x0004")

	r = good()
	r.Board.System.SerialNumber = ""
	expect(t, "serial number", boardNoSerial, r, "info ")
	r.CPU = &report.CPU{Packages: []report.CPUPackage{{Flags: []string{"hypervisor"}}}}
	expect(t, "virtual machine", boardNoSerial, r)
}
