// Package ipmitool reads what ipmitool prints about a machine's management
// controller (BMC): `ipmitool sdr elist all`, `ipmitool fru print`, `ipmitool mc info`, and
// what the BMC itself is (bmc.go), as of versions 1.8.9 to 1.8.19.
//
// The names, IDs and texts in it come from the BMC, and may hold any byte.
package ipmitool

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"bee/audit/report"
	"bee/audit/report/placeholder"
	"bee/core/printable"
)

// Record is a record of the BMC's sensor data repository, a line of
// `ipmitool sdr elist all`:
//
//	PS2 Status       | 51h | ok  | 10.2 | Presence detected, Power Supply AC lost
//	PSU2 FRU         | 00h | ns  | 10.2 | Logical FRU @04h
//
// Most are sensors. CSV output (-c) is of no use: it leaves the entity out of the
// lines that have a value.
type Record struct {
	Name string
	// Status is ok; ns where there is no reading; or the threshold that a value is
	// beyond: nc, cr, nr, in later versions with l or u (lower, upper) before it.
	Status string
	// Entity is the part of the machine that the record belongs to.
	Entity Entity
	// Reading is the rest of the line.
	Reading string
}

// Entity is a part of a machine: what kind of part (table 43-13 of the IPMI
// specification 2.0) and which one.
type Entity struct{ ID, Instance uint64 }

// PowerSupply is the ID of entities that are power supplies.
const PowerSupply = 10

var patterns = sync.OnceValue(func() (p struct{ record, locator, value, description *regexp.Regexp }) {
	p.record = regexp.MustCompile(`^(.*?)\s*\| [0-9A-F]{2}h \| (\w+)\s*\|\s*(\d+)\.(\d+)\s*\|\s*(.*)$`)
	p.locator = regexp.MustCompile(`^(?:(Logical|Physical) FRU @([0-9A-F]{2})h|(?:Static|Dynamic) MC @|Generic Device @)`)
	p.value = regexp.MustCompile(`^(-?[0-9]+(?:\.[0-9]+)?) ([^,]+?)(?:, |$)`)
	p.description = regexp.MustCompile(`^FRU Device Description : (.*?)\s*(?:\(ID (\d+)\))?$`)
	return p
})

// ParseSDR reads the output of `ipmitool sdr elist all`. Records are given in its
// order. Text that holds none is an error, unless it is empty.
func ParseSDR(out []byte) ([]Record, error) {
	var all []Record
	for line := range bytes.Lines(out) {
		m := patterns().record.FindSubmatch(bytes.TrimSpace(line))
		if m == nil {
			continue
		}
		id, err1 := strconv.ParseUint(string(m[3]), 10, 8)
		instance, err2 := strconv.ParseUint(string(m[4]), 10, 8)
		if err1 != nil || err2 != nil {
			continue
		}
		all = append(all, Record{
			Name:    printable.Escape(m[1]),
			Status:  string(m[2]),
			Entity:  Entity{id, instance},
			Reading: printable.Escape(m[5]),
		})
	}
	if len(all) == 0 && len(bytes.TrimSpace(out)) > 0 {
		return nil, fmt.Errorf("no record in ipmitool's output, which begins with %s", quoteStart(out))
	}
	return all, nil
}

// FRU returns the ID of the inventory that the record leads to. It is not ok for
// other records, and for inventories that are not read through the BMC.
func (r Record) FRU() (id uint64, ok bool) {
	m := patterns().locator.FindStringSubmatch(r.Reading)
	if m == nil || m[1] != "Logical" {
		return 0, false
	}
	id, err := strconv.ParseUint(m[2], 16, 8)
	return id, err == nil
}

// Value returns what the sensor measures, and the unit in ipmitool's words: Watts,
// degrees C, … It is not ok for a sensor that has only states, or no reading.
func (r Record) Value() (value float64, unit string, ok bool) {
	m := patterns().value.FindStringSubmatch(r.Reading)
	if m == nil {
		return 0, "", false
	}
	value, err := strconv.ParseFloat(m[1], 64)
	return value, m[2], err == nil
}

// States returns the states that the sensor says are so, in IPMI's words (table
// 42-3): Presence detected, Fully Redundant, … A sensor may have a value and
// states.
func (r Record) States() []string {
	if !r.Read() {
		return nil
	}
	reading := patterns().value.ReplaceAllLiteralString(r.Reading, "")
	if reading == "" {
		return nil
	}
	var states []string
	for state := range strings.SplitSeq(reading, ", ") {
		// The one state that has a comma in it.
		if last := len(states) - 1; state == "but present" && last >= 0 {
			states[last] += ", " + state
		} else {
			states = append(states, state)
		}
	}
	return states
}

// Read reports whether the record is a sensor that could be read, also where none
// of its states is so.
func (r Record) Read() bool {
	switch r.Reading {
	case "No Reading", "Disabled", "Event-Only":
		return false
	}
	return r.Status != "ns" && !patterns().locator.MatchString(r.Reading)
}

// FRU is the inventory of a field replaceable unit, a block of
// `ipmitool fru print`:
//
//	FRU Device Description : PSU2 FRU (ID 4)
//	 Product Manufacturer  : ACME
//	 Product Serial        : 0815
//
// With -v there is more, such as what a power supply can give. The output of
// `ipmitool fru print ID` lacks the first line.
type FRU struct {
	Name string
	// ID of the inventory. Nil where there is none: it is ID 0 of another controller
	// than the BMC.
	ID *uint64
	// Problem is why the inventory could not be read, in ipmitool's words.
	Problem string
	fields  map[string]string
}

// ParseFRU reads the output of `ipmitool fru print`, with or without -v or an ID.
// Inventories are given in its order. Text that holds none is an error.
func ParseFRU(out []byte) ([]FRU, error) {
	var all []FRU
	for line := range bytes.Lines(out) {
		line = bytes.TrimRight(line, "\r\n")
		if m := patterns().description.FindSubmatch(line); m != nil {
			fru := FRU{Name: printable.Escape(m[1]), fields: map[string]string{}}
			if id, err := strconv.ParseUint(string(m[2]), 10, 8); err == nil {
				fru.ID = &id
			}
			all = append(all, fru)
			continue
		}
		if !bytes.HasPrefix(line, []byte(" ")) {
			continue
		}
		line = bytes.TrimSpace(line)
		key, value, isField := bytes.Cut(line, []byte(":"))
		problem := bytes.HasPrefix(line, []byte("Device not present")) || bytes.HasPrefix(line, []byte("Unsupported device"))
		if !isField && !problem {
			continue
		}
		if len(all) == 0 {
			all = append(all, FRU{fields: map[string]string{}})
		}
		current := &all[len(all)-1]
		if problem {
			current.Problem = printable.Escape(line)
			continue
		}
		name := string(bytes.TrimSpace(key))
		if _, seen := current.fields[name]; !seen {
			current.fields[name] = printable.Escape(bytes.TrimSpace(value))
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no inventory in ipmitool's output, which begins with %s", quoteStart(out))
	}
	return all, nil
}

// Empty reports whether the inventory holds nothing.
func (f FRU) Empty() bool { return len(f.fields) == 0 }

// Text returns the first of some fields ("Product Serial", "Board Serial") that
// holds more than a placeholder, "" where none does.
func (f FRU) Text(fields ...string) string {
	for _, name := range fields {
		if text := placeholder.Drop(f.fields[name]); text != "" {
			return text
		}
	}
	return ""
}

// Watts returns what a power supply can give, 0 where the inventory does not say
// so, or what none can, or ipmitool was run without -v.
func (f FRU) Watts() uint64 {
	number, ok := strings.CutSuffix(f.fields["Capacity"], " W")
	n, err := strconv.ParseUint(number, 10, 16)
	if !ok || err != nil || n > report.MostWatts {
		return 0
	}
	return n
}

const auxiliary = "Aux Firmware Rev Info"

// ParseMC reads how a controller identifies itself, the output of `ipmitool mc info`. Text
// that is none is an error.
func ParseMC(out []byte) (Fields, error) {
	mc := Fields{map[string]string{}}
	last := ""
	for line := range bytes.Lines(out) {
		key, value, ok := bytes.Cut(line, []byte(":"))
		if ok {
			last = string(bytes.TrimSpace(key))
			if _, seen := mc.fields[last]; !seen {
				mc.fields[last] = printable.Escape(bytes.TrimSpace(value))
			}
			continue
		}
		// One byte a line.
		if b, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("0x")); ok && last == auxiliary && len(mc.fields[last]) < 8 {
			mc.fields[last] += printable.Escape(b[:min(len(b), 2)])
		}
	}
	if mc.fields["Firmware Revision"] == "" {
		return Fields{}, fmt.Errorf("no controller in ipmitool's output, which begins with %s", quoteStart(out))
	}
	return mc, nil
}

func quoteStart(out []byte) string {
	out = bytes.TrimSpace(out)
	return strconv.Quote(printable.Escape(out[:min(len(out), 80)]))
}
