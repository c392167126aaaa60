package finding

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bee/audit/report"
	"bee/audit/report/alike"
	"bee/audit/report/label"
	"bee/audit/report/partnumber"
)

func supplies(r *report.Report) []report.PowerSupply {
	if r.PSU == nil {
		return nil
	}
	return r.PSU.Supplies
}

func supplyName(s report.PowerSupply) string { return cmp.Or(s.Name, s.Handle) }

// presentSupplies returns the supplies that are there.
func presentSupplies(r *report.Report) []report.PowerSupply {
	return slices.DeleteFunc(slices.Clone(supplies(r)), func(s report.PowerSupply) bool { return !is(s.Present) })
}

// aboutSupply says what a supply is, and by which words it is known how it is.
func aboutSupply(s report.PowerSupply) []string {
	evidence := []string{about(supplyName(s), label.Join(s.Manufacturer, cmp.Or(s.Model, s.PartNumber)), label.Number(s.MaxWatts, " W"), label.Prefix("S/N ", s.SerialNumber))}
	if len(s.Status) > 0 {
		evidence = append(evidence, "status: "+strings.Join(s.Status, ", "))
	}
	return evidence
}

// eachSupply makes a rule of a check of one supply.
func eachSupply(check func(report.PowerSupply) *report.Finding) func(*report.Report) []report.Finding {
	return func(r *report.Report) []report.Finding {
		var found []report.Finding
		for _, s := range supplies(r) {
			if f := check(s); f != nil {
				f.Component = supplyName(s)
				f.Evidence = append(aboutSupply(s), f.Evidence...)
				found = append(found, *f)
			}
		}
		return found
	}
}

// word returns a word of a supply's status without the name of its sensor, which
// severities have before them.
func word(status string) string {
	if at := strings.LastIndex(status, ": "); at >= 0 {
		return status[at+len(": "):]
	}
	return status
}

// sensedFailure reports whether a sensor of the BMC says that a supply has failed.
func sensedFailure(status string) bool {
	word := word(status)
	return word == "Failure detected" || word == "Config Error" || strings.HasPrefix(word, "Transition to Critical") || strings.HasPrefix(word, "Transition to Non-recoverable")
}

// psuFailed looks for supplies that have failed. What only SMBIOS says is of the time
// when the machine booted, and some firmware says it of a supply without power.
func psuFailed(s report.PowerSupply) *report.Finding {
	if s.State != "failed" {
		return nil
	}
	f := &report.Finding{
		Severity: report.Critical,
		Message:  "The power supply has failed.",
		Advice:   "Check its cable and its lamp, and read the event log of the BMC. If the lamp says so too, replace it.",
	}
	if slices.Contains(s.Status, "Present, Critical") && !slices.ContainsFunc(s.Status, sensedFailure) {
		f.Severity = report.Warning
		f.Message = "The power supply did not work when the machine booted, says the firmware."
		f.Advice = "Check its cable and its lamp, and read the event log of the BMC: it may have had no power then."
	}
	return f
}

func psuNoInput(s report.PowerSupply) *report.Finding {
	if s.State != "no_input" {
		return nil
	}
	return &report.Finding{
		Severity: report.Warning,
		Message:  "The power supply has no power at its input.",
		Advice:   "Plug in its cable; check the outlet and its fuse.",
	}
}

// psuDegraded looks for supplies that work, and of which the firmware or the BMC
// has something to say.
func psuDegraded(s report.PowerSupply) *report.Finding {
	if s.State == "failed" || s.State == "no_input" || s.State == "absent" {
		return nil
	}
	says := slices.ContainsFunc(s.Status, func(status string) bool {
		switch word(status) {
		case "Present, Non-critical", "Predictive failure", "Predictive Failure Asserted", "AC out-of-range, but present", "Transition to Degraded",
			"Transition to Non-critical from OK", "Transition to Non-critical from more severe":
			return true
		}
		return sensedFailure(status) // that is predicted
	})
	if !says {
		return nil
	}
	return &report.Finding{
		Severity: report.Warning,
		Message:  "The power supply works, but something is wrong with it or its input.",
		Advice:   "Read the event log of the BMC; have a spare at hand.",
	}
}

// psuSensor looks for values that the BMC finds critical.
func psuSensor(r *report.Report) []report.Finding {
	var found []report.Finding
	look := func(component string, sensors []report.Sensor) {
		for _, s := range sensors {
			f := report.Finding{
				Component: component,
				Evidence:  []string{fmt.Sprintf("%s: %s %s, status %s", s.Name, strconv.FormatFloat(s.Value, 'f', -1, 64), s.Unit, s.Status)},
				Advice:    "Check airflow, input voltage and load; read the event log of the BMC.",
			}
			switch s.Status {
			case "nr":
				f.Severity, f.Message = report.Critical, "The BMC measures a value at which parts may be damaged."
			case "cr":
				f.Severity, f.Message = report.Critical, "The BMC measures a value beyond a critical threshold."
			case "nc":
				f.Severity, f.Message = report.Warning, "The BMC measures a value that is out of the ordinary."
			default:
				continue
			}
			found = append(found, f)
		}
	}
	for _, s := range supplies(r) {
		look(supplyName(s), s.Sensors)
	}
	if r.PSU != nil {
		look("", r.PSU.Sensors)
	}
	return found
}

// psuAbsent looks for places without a supply. Whether that matters, the number
// of those that are there says.
func psuAbsent(r *report.Report) []report.Finding {
	var missing []report.PowerSupply
	for _, s := range supplies(r) {
		if s.State == "absent" {
			missing = append(missing, s)
		}
	}
	present := presentSupplies(r)
	if len(missing) == 0 || len(present) == 0 {
		return nil
	}
	f := report.Finding{
		Severity: report.Info,
		Message:  fmt.Sprintf("%s of %d hold a supply.", label.Count(len(present), "place"), len(present)+len(missing)),
		Advice:   "Check that the machine has what was ordered.",
	}
	if len(present) == 1 {
		f.Severity = report.Warning
		f.Message = "There is one power supply, and room for another: the machine goes down with it."
		f.Advice = "Plug in a second supply of the same model, unless the machine was ordered with one."
	}
	if slices.ContainsFunc(missing, func(s report.PowerSupply) bool { return slices.Equal(s.Status, []string{"Not Present"}) }) {
		f.Advice += " The firmware looked when the machine booted: a supply that had no power then may count as none."
	}
	var names []string
	for _, s := range missing {
		names = append(names, supplyName(s))
		f.Evidence = append(f.Evidence, about(supplyName(s), s.Status...))
	}
	for _, s := range present {
		f.Evidence = append(f.Evidence, aboutSupply(s)...)
	}
	f.Component = strings.Join(names, ", ")
	return []report.Finding{f}
}

// psuNotRedundant looks for what the BMC says of the supplies together.
func psuNotRedundant(r *report.Report) []report.Finding {
	if r.PSU == nil {
		return nil
	}
	var found []report.Finding
	for _, s := range r.PSU.Redundancy {
		lost := slices.ContainsFunc(s.States, func(state string) bool {
			return state == "Redundancy Lost" || strings.HasPrefix(state, "Redundancy Degraded") || strings.HasPrefix(state, "Non-Redundant")
		})
		if lost {
			found = append(found, report.Finding{
				Severity: report.Warning,
				Message:  "The BMC says that the power supplies are not redundant.",
				Evidence: []string{about(s.Name, s.States...)},
				Advice:   "Look for supplies that are missing, have no power or have failed; check whether the load is more than what is left can carry.",
			})
		}
	}
	return found
}

// psuMixed looks for supplies that differ from each other. SMBIOS and the BMC have
// words of their own for the same supply, and not each has a part number: only what
// comes from one place is compared. The same model gives the same power, whatever
// it says of itself at another input voltage.
func psuMixed(r *report.Report) []report.Finding {
	var evidence []string
	for _, s := range presentSupplies(r) {
		evidence = append(evidence, about(supplyName(s), label.Join(s.Manufacturer, s.Model), label.Prefix("part ", s.PartNumber), label.Number(s.MaxWatts, " W")))
	}
	mixed := false
	for _, some := range alike.Group(presentSupplies(r), func(s report.PowerSupply) bool { return s.Handle != "" }) {
		var parts, models, watts []string
		for _, s := range some {
			parts = append(parts, partnumber.Model(s.PartNumber))
			models = append(models, partnumber.Model(s.Model))
			watts = append(watts, label.Number(s.MaxWatts, " W"))
		}
		if slices.Contains(parts, "") {
			parts = models
		}
		known := !slices.Contains(parts, "")
		if differ(watts) && (differ(parts) || !known) {
			return []report.Finding{{
				Severity: report.Warning,
				Message:  "The power supplies do not give the same power.",
				Evidence: evidence,
				Advice:   "Use supplies of one model: most machines do not count different ones as redundant.",
			}}
		}
		mixed = mixed || differ(parts)
	}
	if !mixed {
		return nil
	}
	return []report.Finding{{
		Severity: report.Info,
		Message:  "The power supplies are not of the same model.",
		Evidence: evidence,
		Advice:   "Check that the machine has what was ordered, and that its maker supports the mix.",
	}}
}

// psuSameSerial looks for supplies with the same serial number: two entries of
// one supply, or a wrong number.
func psuSameSerial(r *report.Report) []report.Finding {
	var found []report.Finding
	for _, same := range alike.Group(supplies(r), func(s report.PowerSupply) string { return s.SerialNumber }) {
		if s := same[0]; s.SerialNumber != "" && len(same) > 1 {
			var names []string
			for _, s := range same {
				names = append(names, supplyName(s))
			}
			found = append(found, report.Finding{
				Severity:  report.Info,
				Component: strings.Join(names, ", "),
				Message:   "Power supplies have the same serial number.",
				Evidence:  []string{about("supplies", label.Join(s.Manufacturer, cmp.Or(s.Model, s.PartNumber)), "S/N "+s.SerialNumber)},
				Advice:    "Read the numbers from the labels of the supplies before you take stock by them.",
			})
		}
	}
	return found
}
