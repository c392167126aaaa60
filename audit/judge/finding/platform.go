package finding

import "bee/audit/report"

func platformSetupMode(r *report.Report) []report.Finding {
	p := r.Platform
	if p == nil || p.SetupMode == nil || !*p.SetupMode || virtual(r) {
		return nil
	}
	return []report.Finding{{
		Severity: report.Info,
		Message:  "UEFI is in setup mode: whatever is started can enrol keys for Secure Boot.",
		Evidence: []string{"SetupMode: 1"},
		Advice:   "Enrol the keys that the machine is to trust, or the maker's, in the firmware's setup.",
	}}
}
