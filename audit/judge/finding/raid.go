package finding

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bee/audit/report"
	"bee/audit/report/label"
)

func raidControllers(r *report.Report) []report.RAIDController {
	if r.Storage == nil {
		return nil
	}
	return r.Storage.Controllers
}

func aboutController(c report.RAIDController, severity report.Severity, message, advice string, evidence ...string) report.Finding {
	return report.Finding{
		Severity:  severity,
		Component: c.Name,
		Message:   message,
		Evidence:  append([]string{about("RAID controller", c.Model, c.SerialNumber, c.PCIAddress)}, evidence...),
		Advice:    advice,
	}
}

// arraysIn returns a finding about each array in a state. Which members are not well is in
// the evidence.
func arraysIn(r *report.Report, state string, severity report.Severity, message, advice string) []report.Finding {
	var found []report.Finding
	for _, c := range raidControllers(r) {
		for _, a := range c.Arrays {
			if a.State != state {
				continue
			}
			f := aboutController(c, severity, message, advice, about("array "+a.Name, a.Label, a.Level, label.Capacity(a.SizeBytes), label.Prefix("state ", a.Status)))
			f.Component = arrayName(c, a)
			f.Evidence = append(f.Evidence, unwell(r, c, a)...)
			found = append(found, f)
		}
	}
	return found
}

func arrayName(c report.RAIDController, a report.RAIDArray) string {
	return cmp.Or(a.Path, c.Name+" array "+a.Name)
}

// unwell are the members of an array that are not as they should be.
func unwell(r *report.Report, c report.RAIDController, a report.RAIDArray) []string {
	var list []string
	for _, m := range a.MissingMembers {
		list = append(list, about("missing", m))
	}
	for _, d := range drives(r) {
		if m := d.Member; m != nil && m.Controller == c.Name && m.State != "ok" && slices.Contains(a.Members, m.Slot) {
			list = append(list, about("slot "+m.Slot, m.Status, d.Model, label.Serial(d.SerialNumber)))
		}
	}
	return list
}

func arrayFailed(r *report.Report) []report.Finding {
	return arraysIn(r, "failed", report.Critical, "The data of an array cannot be reached.",
		"Change nothing on its drives before the controller's log has told which of them went away, and when: one that only lost its link may bring the data back.")
}

func arrayDegraded(r *report.Report) []report.Finding {
	return arraysIn(r, "degraded", report.Critical, "An array is without one of its drives.",
		"Save the data, and see to the drive that is missing or has failed: the others hold all that is left. Tell it by its slot and its serial number.")
}

// arrayRebuilding looks for arrays that are about to be well.
func arrayRebuilding(r *report.Report) []report.Finding {
	return arraysIn(r, "rebuilding", report.Warning, "An array is being built: until that is done, one more failure may cost data.",
		"Wait until it is done, and take no drive out.")
}

// raidControllerState looks for controllers that are not well, but for those that say so of an
// array or a battery.
func raidControllerState(r *report.Report) []report.Finding {
	var found []report.Finding
	for _, c := range raidControllers(r) {
		severity := map[string]report.Severity{"degraded": report.Warning, "failed": report.Critical}[c.State]
		explained := backupUnwell(c) != "" || slices.ContainsFunc(c.Arrays, func(a report.RAIDArray) bool { return a.State != "ok" })
		if severity == report.Critical || severity == report.Warning && !explained {
			found = append(found, aboutController(c, severity, "A RAID controller is not well, by its own account: "+c.Status+".", "Look into its log for what is wrong.", about("status", c.Status)))
		}
	}
	return found
}

// backupUnwell says what is wrong with the battery or capacitor of a controller's cache, ""
// where nothing is: a cache that is not for writing needs none.
func backupUnwell(c report.RAIDController) string {
	if c.Backup == nil {
		return ""
	}
	switch what := cmp.Or(c.Backup.Kind, "battery or capacitor"); c.Backup.State {
	case "failed", "degraded":
		return "The " + what + " of a RAID controller's cache is not well: " + c.Backup.Status + "."
	case "absent":
		wanted := cacheDisabled(c) || slices.ContainsFunc(c.Arrays, func(a report.RAIDArray) bool { return a.WriteCacheSetting == "write_back" })
		if wanted {
			return "A RAID controller's cache is set to keep what is written, and has no " + what + " for that."
		}
	}
	return ""
}

func cacheDisabled(c report.RAIDController) bool {
	return strings.Contains(strings.ToLower(c.CacheStatus), "disabled")
}

// cacheOff are the arrays whose writes are not cached although they should be, and what the
// controller says of its cache.
func cacheOff(c report.RAIDController) []string {
	var evidence []string
	if cacheDisabled(c) {
		evidence = append(evidence, about("cache", c.CacheStatus))
	}
	for _, a := range c.Arrays {
		if a.WriteCacheSetting == "write_back" && a.WriteCache == "write_through" {
			evidence = append(evidence, fmt.Sprintf("array %s: set to write back, writes through", a.Name))
		}
	}
	return evidence
}

func raidBackup(r *report.Report) []report.Finding {
	var found []report.Finding
	for _, c := range raidControllers(r) {
		if message := backupUnwell(c); message != "" {
			found = append(found, aboutController(c, report.Warning, message,
				"Writing may be slow until that is mended; where the controller caches all the same, a power failure costs data. Plan to replace the battery or capacitor if the controller's log says so, too.",
				append([]string{about("backup", c.Backup.Model, c.Backup.State, c.Backup.Status)}, cacheOff(c)...)...))
		}
	}
	return found
}

// raidCacheOff looks for caches that are off for other reasons than a battery that is not well.
func raidCacheOff(r *report.Report) []report.Finding {
	var found []report.Finding
	for _, c := range raidControllers(r) {
		evidence := cacheOff(c)
		if len(evidence) == 0 || backupUnwell(c) != "" {
			continue
		}
		f := aboutController(c, report.Warning, "A RAID controller's cache for writing is off, although it should be on.", "Look into the controller's log for the reason.", evidence...)
		if c.Backup != nil && c.Backup.State == "charging" {
			f.Severity, f.Advice = report.Info, "Look again when its battery or capacitor has been charged."
			f.Evidence = append(f.Evidence, about("backup", c.Backup.Status))
		}
		found = append(found, f)
	}
	return found
}

// raidStateUnknown looks for words of controllers that are not known here: they may be bad.
func raidStateUnknown(r *report.Report) []report.Finding {
	var found []report.Finding
	for _, c := range raidControllers(r) {
		var words []string
		add := func(state, what, status string) {
			if state == "unknown" && status != "" {
				words = append(words, about(what, status))
			}
		}
		add(c.State, "controller", c.Status)
		if c.Backup != nil {
			add(c.Backup.State, "battery or capacitor", c.Backup.Status)
		}
		for _, a := range c.Arrays {
			add(a.State, "array "+a.Name, a.Status)
		}
		for _, d := range drives(r) {
			if d.Member != nil && d.Member.Controller == c.Name {
				add(d.Member.State, "slot "+d.Member.Slot, d.Member.Status)
			}
		}
		if len(words) > 0 {
			found = append(found, aboutController(c, report.Info, "A RAID controller has words for states that audit does not know.", "Look them up in the manual of the controller's program.", words...))
		}
	}
	return found
}

// eachMember makes a rule of one that looks at a drive behind a RAID controller.
func eachMember(check func(report.Drive, report.Member) *report.Finding) func(*report.Report) []report.Finding {
	return eachDrive(func(d report.Drive, _ report.SMART) *report.Finding {
		if d.Member == nil {
			return nil
		}
		return check(d, *d.Member)
	})
}

func memberFailed(d report.Drive, m report.Member) *report.Finding {
	if m.State != "failed" {
		return nil
	}
	return aboutDrive(d, report.Critical, "A drive has failed, by the word of its RAID controller.",
		"Save the data, and look into the controller's log for why. If the drive did not only lose its link, and no other of its array is missing or has failed, replace it, by its lamp and its serial number.",
		about("slot "+m.Slot, m.Status))
}

// memberFailing looks for drives that predict that they fail, or have done so.
func memberFailing(d report.Drive, m report.Member) *report.Finding {
	alert := m.SMARTAlert != nil && *m.SMARTAlert
	n := or0(m.PredictiveFailures)
	if m.State != "failing" && !alert && n == 0 {
		return nil
	}
	f := aboutDrive(d, report.Critical, "The drive predicts that it will fail.",
		"Save the data. If no other drive of its array is missing or has failed, replace this one, by its lamp and its serial number.",
		about("slot "+m.Slot, m.Status, fmt.Sprintf("SMART alert: %t, predicted failures: %d", alert, n)))
	if m.State != "failing" && !alert {
		f.Severity, f.Message = report.Warning, "The drive has predicted that it will fail, by its controller's count."
	}
	return f
}

// memberBad looks for drives that are in no array, because their controller found them bad.
func memberBad(d report.Drive, m report.Member) *report.Finding {
	if m.State != "bad" {
		return nil
	}
	return aboutDrive(d, report.Warning, "A RAID controller does not want a drive: it was found bad.",
		"Look into the controller's log for why, and run the drive's extended self-test. Replace it if that fails.", about("slot "+m.Slot, m.Status))
}

func memberForeign(d report.Drive, m report.Member) *report.Finding {
	if m.State != "foreign" {
		return nil
	}
	return aboutDrive(d, report.Warning, "A drive belongs to an array that its RAID controller does not know.",
		"If it came from another machine or controller, its data is still there: import the array, or clear the foreign configuration.", about("slot "+m.Slot, m.Status))
}
