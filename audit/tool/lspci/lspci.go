// Package lspci reads what `lspci -vmm -nn` prints: a block of lines a
// function, each "Key:<tab>Value", blocks parted by empty lines.
//
//	Slot:	0000:01:00.0
//	Class:	VGA compatible controller [0300]
//	Vendor:	NVIDIA Corporation [10de]
//	Device:	GA102 [GeForce RTX 3090] [2204]
package lspci

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"bee/core/printable"
)

// Function is one PCI function. Absent lines leave fields empty.
type Function struct {
	Slot            string // domain:bus:device.function
	Class           ID
	Vendor          ID
	Device          ID
	SubsystemVendor ID
	SubsystemDevice ID
	PhysicalSlot    string
	Revision        string
	ProgIf          string
	Driver          string
	Modules         []string
}

// ID is a name from the PCI ID database and the number that it stands for, in
// hexadecimal digits. The name is empty where the database has none, the number
// where lspci was run without -nn.
type ID struct{ Name, Number string }

// Parse reads lspci's output. Functions are given in its order. Text that holds
// none is an error, unless it is empty: a machine may have no PCI bus.
func Parse(out []byte) ([]Function, error) {
	var all []Function
	for line := range bytes.Lines(out) {
		key, rest, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			continue
		}
		value := printable.Escape(bytes.TrimSpace(rest))
		if string(key) == "Slot" {
			all = append(all, Function{Slot: value})
			continue
		}
		if len(all) == 0 {
			continue
		}
		f := &all[len(all)-1]
		switch string(key) {
		case "Class":
			f.Class = parseID(value)
		case "Vendor":
			f.Vendor = parseID(value)
		case "Device":
			f.Device = parseID(value)
		case "SVendor":
			f.SubsystemVendor = parseID(value)
		case "SDevice":
			f.SubsystemDevice = parseID(value)
		case "PhySlot":
			f.PhysicalSlot = value
		case "Rev":
			f.Revision = value
		case "ProgIf":
			f.ProgIf = value
		case "Driver":
			f.Driver = value
		case "Module":
			f.Modules = append(f.Modules, value)
		}
	}
	if len(all) == 0 && len(bytes.TrimSpace(out)) > 0 {
		return nil, fmt.Errorf("no PCI function in lspci's output, which begins with %q",
			printable.Escape(out[:min(len(out), 80)]))
	}
	return all, nil
}

var (
	named  = regexp.MustCompile(`^(.*?)\s*\[([0-9a-f]{4})\]$`)
	number = regexp.MustCompile(`^[0-9a-f]{4}$`)
)

func parseID(s string) ID {
	if number.MatchString(s) {
		return ID{Number: s}
	}
	id := ID{Name: s}
	if m := named.FindStringSubmatch(s); m != nil {
		id = ID{Name: m[1], Number: m[2]}
	}
	// The words that lspci puts where the database has no name.
	switch id.Name {
	case "Class", "Vendor", "Device", "SVendor", "SDevice", "Unknown class", "Unknown vendor", "Unknown device":
		id.Name = ""
	}
	id.Name = strings.TrimSpace(id.Name)
	return id
}
