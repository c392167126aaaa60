package ipmitool

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"bee/audit/report/placeholder"
	"bee/core/printable"
)

// Fields are what ipmitool prints as a list of names and values, such as
// `ipmitool chassis status`, `ipmitool lan print` and `ipmitool sel info`.
type Fields struct{ fields map[string]string }

// ParseFields reads such a list, which has the one that is named; text without it is an
// error.
func ParseFields(out []byte, named string) (Fields, error) {
	f := Fields{map[string]string{}}
	for line := range bytes.Lines(out) {
		key, value, ok := bytes.Cut(line, []byte(":"))
		if name := string(bytes.TrimSpace(key)); ok && name != "" {
			if _, seen := f.fields[name]; !seen {
				f.fields[name] = printable.Escape(bytes.TrimSpace(value))
			}
		}
	}
	if _, ok := f.fields[named]; !ok {
		return Fields{}, fmt.Errorf("no %q in ipmitool's output, which begins with %s", named, quoteStart(out))
	}
	return f, nil
}

// Text returns a field, "" where it is absent, a placeholder, or ipmitool has no
// name for a number.
func (f Fields) Text(field string) string {
	if strings.HasPrefix(f.fields[field], "Unknown") {
		return ""
	}
	return placeholder.Drop(f.fields[field])
}

// Number returns the number that a field begins with, nil where it does not, or
// the number is 0, which nobody has.
func (f Fields) Number(field string) *uint64 {
	if n := f.Count(field); n != nil && *n != 0 {
		return n
	}
	return nil
}

// Count returns the number that a field begins with, nil where it does not.
func (f Fields) Count(field string) *uint64 {
	number, _, _ := strings.Cut(f.fields[field], " ")
	n, err := strconv.ParseUint(strings.TrimSuffix(number, "%"), 10, 32)
	if err != nil {
		return nil
	}
	return &n
}

var flags = map[string]bool{"true": true, "active": true, "on": true, "false": false, "inactive": false, "off": false}

// Flag returns whether a field says that something is so, nil where it says neither.
func (f Fields) Flag(field string) *bool {
	so, says := flags[f.fields[field]]
	if !says {
		return nil
	}
	return &so
}

// NoLAN reports whether `ipmitool lan print` found no channel of the BMC's that leads to a
// network.
func NoLAN(stdout, stderr []byte) bool {
	if len(bytes.TrimSpace(stdout)) > 0 && !bytes.Contains(stdout, []byte("Invalid channel")) {
		return false
	}
	for _, words := range []string{"Invalid channel", "Get Channel Info command failed"} {
		if bytes.Contains(stdout, []byte(words)) || bytes.Contains(stderr, []byte(words)) {
			return true
		}
	}
	return false
}

// Reading is a sensor with its limits, a line of `ipmitool sensor`:
//
//	CPU1 Temp        | 38.000     | degrees C  | ok    | na        | na        | na        | 93.000    | 98.000    | 98.000
//	PS1 Status       | 0x1        | discrete   | 0x0100| na        | na        | na        | na        | na        | na
type Reading struct {
	Name string
	// Value is nil where there is none, and for sensors that have only states.
	Value *float64
	// Unit in ipmitool's words: degrees C, RPM, Volts, Watts, percent, …; discrete for
	// sensors that have only states.
	Unit string
	// Status is ok; na where there is no reading; nc, cr or nr, in later versions with l or u
	// (lower, upper) before it, where the value is beyond a limit. Of a sensor that has only
	// states it is a number.
	Status string
	// Limits, nil where the sensor has none: lower not recoverable, critical and not
	// critical, upper not critical, critical and not recoverable.
	LowerNR, LowerCR, LowerNC, UpperNC, UpperCR, UpperNR *float64
}

// ParseSensors reads the output of `ipmitool sensor`. Text that holds no sensor is an error,
// unless it is empty.
func ParseSensors(out []byte) ([]Reading, error) {
	var all []Reading
	for line := range bytes.Lines(out) {
		columns := bytes.Split(line, []byte("|"))
		if len(columns) != 10 {
			continue
		}
		text := func(i int) string { return printable.Escape(bytes.TrimSpace(columns[i])) }
		number := func(i int) *float64 {
			n, err := strconv.ParseFloat(text(i), 64)
			if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
				return nil
			}
			return &n
		}
		r := Reading{Name: text(0), Unit: text(2), Status: text(3)}
		if r.Name == "" {
			continue
		}
		if r.Unit != "discrete" {
			r.Value = number(1)
			for i, limit := range []**float64{&r.LowerNR, &r.LowerCR, &r.LowerNC, &r.UpperNC, &r.UpperCR, &r.UpperNR} {
				*limit = number(4 + i)
			}
		}
		all = append(all, r)
	}
	if len(all) == 0 && len(bytes.TrimSpace(out)) > 0 {
		return nil, fmt.Errorf("no sensor in ipmitool's output, which begins with %s", quoteStart(out))
	}
	return all, nil
}

// Event is an entry of the BMC's event log, a line of `ipmitool sel elist`:
//
//	1a | 05/01/2026 | 13:02:11 | Temperature CPU1 Temp | Upper Critical going high | Asserted | Reading 96 > Threshold 90 degrees C
//	 4 | Pre-Init  |0000000029| Power Supply PS2 | Power Supply AC lost | Asserted
type Event struct {
	ID uint64
	// Time by the BMC's clock, the zero time where that was not set.
	Time time.Time
	// Sensor is the kind of sensor and its name, Text what it says, More what stands behind:
	// the value that it read.
	Sensor, Text, More string
	// Asserted: it is so from then on; Deasserted: it is so no more; "" where it is neither.
	Direction string
}

// ParseEvents reads the output of `ipmitool sel elist`. Text that holds no event is an error,
// unless it is empty or says that there is none.
func ParseEvents(out []byte) ([]Event, error) {
	var all []Event
	for line := range bytes.Lines(out) {
		columns := strings.Split(string(bytes.TrimSpace(line)), "|")
		if len(columns) < 5 {
			continue
		}
		for i, c := range columns {
			columns[i] = printable.Escape([]byte(strings.TrimSpace(c)))
		}
		id, err := strconv.ParseUint(columns[0], 16, 32)
		if err != nil {
			continue
		}
		e := Event{ID: id, Time: clock(columns[1], columns[2]), Sensor: columns[3], Text: columns[4]}
		if len(columns) > 5 {
			e.Direction, e.More = columns[5], strings.Join(columns[6:], " | ")
		}
		if e.Direction != "Asserted" && e.Direction != "Deasserted" {
			e.Direction, e.More = "", strings.Join(columns[5:], " | ")
		}
		all = append(all, e)
	}
	if len(all) == 0 && len(bytes.TrimSpace(out)) > 0 && !bytes.Contains(out, []byte("SEL has no entries")) {
		return nil, fmt.Errorf("no event in ipmitool's output, which begins with %s", quoteStart(out))
	}
	return all, nil
}

// clock reads a time as ipmitool's versions print it, the zone left aside.
func clock(day, hour string) time.Time {
	words := strings.Fields(hour)
	if len(words) == 0 {
		return time.Time{}
	}
	hour = words[0]
	layout := "15:04:05"
	if len(words) > 1 && (words[1] == "AM" || words[1] == "PM") {
		hour, layout = hour+" "+words[1], "03:04:05 PM"
	}
	for _, date := range []string{"01/02/2006", "01/02/06", "2006-01-02"} {
		if at, err := time.Parse(date+" "+layout, day+" "+hour); err == nil {
			return at
		}
	}
	return time.Time{}
}

// Severity is how bad it is what an event says: critical, warning or info. IPMI's words for
// it are in the names of limits and states (tables 42-2 and 42-3 of the specification 2.0);
// that something is no more is info.
func (e Event) Severity() string {
	if e.Direction == "Deasserted" {
		return "info"
	}
	text := strings.ToLower(e.Text)
	for _, s := range severities {
		for _, words := range s.words {
			if strings.Contains(text, words) {
				return s.severity
			}
		}
	}
	return "info"
}

var severities = []struct {
	severity string
	words    []string
}{
	{"info", []string{"transition to ok", "presence detected"}},
	{"critical", []string{"uncorrectable"}},
	{"warning", []string{"non-critical", "predictive", "correctable machine check"}},
	{"critical", []string{
		"non-recoverable", "critical", "thermal trip", "ierr", "machine check", "fatal", "serr", "perr",
		"drive fault", "failure detected", "run-time stop", "frb", "configuration error", "in failed array", "memory device disabled",
	}},
	{"warning", []string{
		"ac lost", "input lost", "out-of-range", "redundancy lost", "degraded", "non-redundant", "correctable ecc", "correctable error",
		"throttled", "intrusion", "hard reset", "timer expired", "power control failure", "interlock",
	}},
}

var units = map[string]string{
	"Watts": "watts", "Volts": "volts", "Amps": "amperes", "degrees C": "celsius", "RPM": "rpm", "percent": "percent",
}

// Unit is a report's word for ipmitool's, "" where the report has none for it.
func Unit(words string) string { return units[words] }

// Beyond is a status of a sensor that has a value, without the side that its limit is on,
// which the value says: cr of ucr.
func Beyond(status string) string {
	if len(status) == 3 && (status[0] == 'l' || status[0] == 'u') {
		return status[1:]
	}
	return status
}
