package finding

import (
	"cmp"
	"fmt"

	"bee/audit/report"
	"bee/audit/report/label"
)

// boardState looks for what the firmware found wrong with the chassis when the
// machine booted.
func boardState(r *report.Report) []report.Finding {
	if r.Board == nil {
		return nil
	}
	var found []report.Finding
	for _, c := range r.Board.Chassis {
		for _, state := range []struct{ what, word, advice string }{
			{"power supplies", c.PowerSupplyState, "Check the power supplies and their cables; read the event log of the BMC."},
			{"cooling", c.ThermalState, "Check fans and airflow; read the event log of the BMC."},
			{"chassis", c.BootUpState, "Read the event log of the BMC."},
		} {
			switch state.word {
			case "Critical", "Non-recoverable", "Warning":
				found = append(found, report.Finding{
					Severity:  report.Warning,
					Component: cmp.Or(c.Type, c.Handle),
					Message:   fmt.Sprintf("When the machine booted, the firmware found fault with its %s.", state.what),
					Evidence:  []string{fmt.Sprintf("state of the %s in SMBIOS %s: %s", state.what, c.Handle, state.word)},
					Advice:    state.advice,
				})
			}
		}
	}
	return found
}

// boardNoSerial looks for a machine that cannot be told from others of its kind.
func boardNoSerial(r *report.Report) []report.Finding {
	if r.Board == nil || r.Board.System == nil || r.Board.System.SerialNumber != "" || virtual(r) {
		return nil
	}
	y := r.Board.System
	evidence := []string{about("system", y.Manufacturer, y.ProductName, label.Prefix("UUID ", y.UUID))}
	for _, b := range r.Board.Baseboards {
		if b.SerialNumber != "" {
			evidence = append(evidence, about("base board", b.ProductName, "S/N "+b.SerialNumber))
		}
	}
	for _, c := range r.Board.Chassis {
		if c.SerialNumber != "" {
			evidence = append(evidence, about("chassis", c.Type, "S/N "+c.SerialNumber))
		}
	}
	return []report.Finding{{
		Severity: report.Info,
		Message:  "The firmware has no serial number of the machine.",
		Evidence: evidence,
		Advice:   "Take stock by the base board's or the chassis's number, or write the machine's into the firmware with its maker's tool.",
	}}
}
