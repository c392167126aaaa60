package finding

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bee/audit/report"
	"bee/audit/report/label"
)

// recent is how long an event is news.
const recent = 30 * 24 * time.Hour

// bmcEvents looks for faults in the event log that have not ended since. What is older, or
// from a clock that nobody had set, is history: one finding says so.
func bmcEvents(r *report.Report) []report.Finding {
	log := or0(r.BMC).EventLog
	if log == nil {
		return nil
	}
	type fault struct{ sensor, event string }
	ended, count := map[fault]bool{}, map[fault]int{}
	var order []fault
	newest := map[fault]report.BMCEvent{}
	for _, e := range log.Newest { // the newest first
		f := fault{e.Sensor, e.Event}
		switch {
		case e.Direction == "deasserted":
			ended[f] = ended[f] || count[f] == 0
		case e.Severity == report.Info || e.Severity == "":
		default:
			if count[f]++; count[f] == 1 {
				newest[f] = e
				order = append(order, f)
			}
		}
	}
	asked := r.StartedAt
	if r.Replay != nil {
		asked = r.Replay.CapturedAt
	}
	var found []report.Finding
	var old []string
	for _, f := range order {
		e := newest[f]
		if ended[f] {
			continue
		}
		said := strings.TrimSpace(label.Join(e.Time, e.Event) + label.Prefix(": ", e.Detail))
		at, err := time.Parse(time.DateTime, e.Time)
		// The clock's zone may be any.
		if age := asked.Sub(at); err != nil || age > recent || age < -24*time.Hour {
			old = append(old, about(cmp.Or(e.Sensor, "event"), said))
			continue
		}
		severity := report.Warning
		if e.Severity == report.Warning {
			severity = report.Info
		}
		finding := report.Finding{
			Severity: severity, Component: e.Sensor,
			Message:  "The BMC's event log has a fault of the last days: " + e.Event + ".",
			Evidence: []string{fmt.Sprintf("event %x, %s", e.ID, said)},
			Advice:   "Read the events around it in the BMC's own log, and look whether the part works now.",
		}
		if count[f] > 1 {
			finding.Evidence = append(finding.Evidence, fmt.Sprintf("%d such events", count[f]))
		}
		found = append(found, finding)
	}
	if len(old) > 0 {
		const most = 10
		shown := old[:min(len(old), most)]
		if more := len(old) - len(shown); more > 0 {
			shown = append(slices.Clone(shown), fmt.Sprintf("and %d more", more))
		}
		found = append(found, report.Finding{
			Severity: report.Info,
			Message:  "The BMC's event log has older faults, or such from a time that its clock was not set.",
			Evidence: shown,
			Advice:   "See whether any is of a part that is still in the machine; clear the log once it is saved.",
		})
	}
	return found
}

// almostFull is when a log soon has no room for what comes.
const almostFull = 90

func bmcLogFull(r *report.Report) []report.Finding {
	log := or0(r.BMC).EventLog
	if log == nil {
		return nil
	}
	full := log.UsedPercent != nil && *log.UsedPercent >= almostFull
	lost := log.Overflow != nil && *log.Overflow
	if !full && !lost {
		return nil
	}
	f := report.Finding{
		Severity: report.Info, Message: "The BMC's event log is almost full: what happens next may not be in it.",
		Evidence: []string{label.Count(log.Entries, "entry")}, Advice: "Save the log and clear it.",
	}
	if lost {
		f.Message = "The BMC's event log is full: events were lost."
	}
	if log.UsedPercent != nil {
		f.Evidence = append(f.Evidence, fmt.Sprintf("%d %% used", *log.UsedPercent))
	}
	return []report.Finding{f}
}

// bmcSensor looks for values beyond a limit; those of power supplies have a rule of their own.
func bmcSensor(r *report.Report) []report.Finding {
	told := map[string]bool{}
	for _, s := range supplies(r) {
		for _, sensor := range s.Sensors {
			told[sensor.Name] = true
		}
	}
	if r.PSU != nil {
		for _, sensor := range r.PSU.Sensors {
			told[sensor.Name] = true
		}
	}
	var found []report.Finding
	for _, s := range or0(r.BMC).Sensors {
		if s.Value == nil || told[s.Name] || s.Status == "" || s.Status == "ok" {
			continue
		}
		f := report.Finding{
			Severity: report.Warning, Component: s.Name, Evidence: []string{limitsOf(s)},
			Message: "The BMC measures a value beyond a critical limit.",
			Advice:  "Look at the part, and whether the BMC's own page shows the same.",
		}
		const hottest = 150 // that silicon lives through
		hot := s.Unit == "celsius" && s.UpperCritical != nil && *s.UpperCritical > 0 && *s.Value >= *s.UpperCritical && *s.Value < hottest
		switch {
		case s.Status == "nc":
			f.Severity, f.Message = report.Info, "The BMC measures a value that is out of the ordinary."
		case s.Unit == "rpm" && *s.Value == 0:
			f.Message = "A fan stands still, or there is none in its place."
			f.Advice = "Look whether there is a fan in that place, and whether it turns."
		case hot:
			f.Severity, f.Message = report.Critical, "It is hotter than it may be."
			f.Advice = "Look at the fans, at what stands in the way of the air, and at the temperature of the air that comes in."
		}
		found = append(found, f)
	}
	return found
}

// limitsOf is a sensor's value with the limits that it has.
func limitsOf(s report.BMCSensor) string {
	number := func(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
	words := []string{strings.TrimSpace(number(*s.Value)+" "+s.Unit) + ", status " + s.Status}
	for _, l := range []struct {
		name  string
		limit *float64
	}{
		{"lower critical limit", s.LowerCritical}, {"upper critical limit", s.UpperCritical},
		{"lower limit", s.LowerNonCritical}, {"upper limit", s.UpperNonCritical},
	} {
		if l.limit != nil {
			words = append(words, l.name+" "+number(*l.limit))
		}
	}
	return s.Name + ": " + strings.Join(words, ", ")
}

func bmcChassis(r *report.Report) []report.Finding {
	c := or0(r.BMC).Chassis
	if c == nil {
		return nil
	}
	var found []report.Finding
	for _, fault := range []struct {
		set      *bool
		severity report.Severity
		message  string
	}{
		{c.PowerOverload, report.Warning, "The BMC says that the machine draws more power than it may."},
		{c.PowerFault, report.Warning, "The BMC says that the main power has a fault."},
		{c.PowerControlFault, report.Warning, "The BMC could not switch the power as it was told."},
		{c.DriveFault, report.Warning, "The BMC says that a drive has a fault."},
		{c.FanFault, report.Warning, "The BMC says that a fan, or the cooling, has a fault."},
		{c.Intrusion, report.Info, "The BMC says that the chassis is, or was, open."},
	} {
		if fault.set != nil && *fault.set {
			found = append(found, report.Finding{
				Severity: fault.severity, Component: "chassis", Message: fault.message,
				Evidence: []string{"ipmitool chassis status"}, Advice: "Read the BMC's event log for the part, and look at it.",
			})
		}
	}
	return found
}
