// Package ethtool reads what ethtool prints about a network interface:
//
//	ethtool -i eth0    Driver
//	ethtool -P eth0    PermanentAddress
//	ethtool eth0       Settings
//	ethtool -m eth0    Module
//	ethtool -I --show-fec eth0    FEC
//
// Each output is a list of "Key: value" lines, where a value may go on in the
// lines below it. The names of keys and link modes are those of ethtool's
// sources; the two ways by which it asks the kernel (ioctl and netlink) print
// the same but for spaces.
package ethtool

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"

	"bee/audit/report/placeholder"
	"bee/core/printable"
)

// Driver is what an interface's driver says of itself. What it leaves open is
// empty.
type Driver struct {
	Name            string
	Version         string
	FirmwareVersion string
	// BusAddress is the device in the words of its bus, such as a PCI address.
	BusAddress string
}

// ParseDriver reads the output of `ethtool -i`.
func ParseDriver(out []byte) (Driver, error) {
	values := parse(out)
	if _, ok := values["driver"]; !ok {
		return Driver{}, unknown("-i", out)
	}
	return Driver{
		Name:            placeholder.Drop(values["driver"]),
		Version:         placeholder.Drop(values["version"]),
		FirmwareVersion: placeholder.Drop(values["firmware-version"]),
		BusAddress:      placeholder.Drop(values["bus-info"]),
	}, nil
}

// ParsePermanentAddress reads the output of `ethtool -P`: the address that the
// hardware was made with, "" where it has none.
func ParsePermanentAddress(out []byte) (string, error) {
	address, ok := parse(out)["Permanent address"]
	if !ok {
		return "", unknown("-P", out)
	}
	if address == "not set" {
		return "", nil
	}
	return Address(address), nil
}

// Address returns a hardware address in lower case, "" where s is none: no
// bytes in hexadecimal joined by colons, or all of them zeros or ones.
func Address(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	zeros, ones := true, true
	for b := range strings.SplitSeq(s, ":") {
		v, err := strconv.ParseUint(b, 16, 8)
		if len(b) != 2 || err != nil {
			return ""
		}
		zeros, ones = zeros && v == 0, ones && v == 0xff
	}
	if zeros || ones {
		return ""
	}
	return s
}

// Settings is an interface's link. What ethtool does not know is zero.
type Settings struct {
	// MaxSpeedMbps is the speed of the fastest supported link mode.
	MaxSpeedMbps uint64
	SpeedMbps    uint64
	// Duplex is full or half.
	Duplex string
	// Port is the kind of port: Twisted Pair, FIBRE, Direct Attach Copper, …
	Port string
	Link *bool
	// NoLinkReason says why Link is false: No cable, …
	NoLinkReason string
}

// ParseSettings reads the output of ethtool without an option.
func ParseSettings(out []byte) (Settings, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(out), []byte("Settings for ")) {
		return Settings{}, unknown("", out)
	}
	values := parse(out)
	s := Settings{SpeedMbps: speed(values["Speed"], "Mb/s")}
	for mode := range strings.FieldsSeq(values["Supported link modes"]) {
		s.MaxSpeedMbps = max(s.MaxSpeedMbps, speed(mode, "base"))
	}
	switch duplex := strings.ToLower(values["Duplex"]); duplex {
	case "full", "half":
		s.Duplex = duplex
	}
	if port := values["Port"]; !strings.HasPrefix(port, "Unknown!") {
		s.Port = placeholder.Drop(port)
	}
	state, reason, _ := strings.Cut(values["Link detected"], " ")
	switch state {
	case "yes", "no":
		link := state == "yes"
		s.Link = &link
		if !link {
			s.NoLinkReason = strings.TrimSuffix(strings.TrimPrefix(reason, "("), ")")
		}
	}
	return s, nil
}

// speed reads the number before a unit: "100000Mb/s", "400000baseDR4/Full"; 0 is
// unknown.
func speed(s, unit string) uint64 {
	number, _, ok := strings.Cut(s, unit)
	n, err := strconv.ParseUint(number, 10, 32)
	if !ok || err != nil {
		return 0
	}
	return n
}

// Module is what is plugged into a port. What it does not say is zero.
type Module struct {
	// Type is its form: SFP, QSFP28, …
	Type, Vendor, PartNumber, Revision, SerialNumber, DateCode string
	Celsius                                                    *float64
	// Received and Sent is light in milliwatts, by lane.
	Received, Sent []float64
	// Alarms are the alarms and warnings that are on.
	Alarms []string
}

// ParseModule reads the output of `ethtool -m`. Kinds of modules have other words for the
// same, and so have versions of ethtool.
func ParseModule(out []byte) (Module, error) {
	var m Module
	known := false
	for line := range bytes.Lines(out) {
		k, v, ok := bytes.Cut(bytes.TrimSpace(line), []byte(":"))
		if !ok {
			continue
		}
		key, value := strings.Join(strings.Fields(printable.Escape(k)), " "), printable.Escape(bytes.TrimSpace(v))
		switch lower := strings.ToLower(key); {
		case key == "Identifier":
			known = true
			// 0x11 (QSFP28)
			_, form, _ := strings.Cut(value, "(")
			if form = strings.TrimSuffix(form, ")"); !strings.HasPrefix(form, "no module") {
				m.Type = form
			}
		case key == "Vendor name":
			m.Vendor = placeholder.Drop(value)
		case key == "Vendor PN":
			m.PartNumber = placeholder.Drop(value)
		case key == "Vendor rev":
			m.Revision = placeholder.Drop(value)
		case key == "Vendor SN":
			m.SerialNumber = placeholder.Drop(value)
		case strings.HasPrefix(key, "Date code"):
			m.DateCode = placeholder.Drop(value)
		case strings.HasSuffix(lower, "threshold"):
		case key == "Module temperature":
			if n, ok := leading(value); ok && n > -100 && n < 200 {
				m.Celsius = &n
			}
		case strings.HasPrefix(lower, "rcvr signal avg optical power"), strings.HasPrefix(lower, "receiver signal average optical power"), strings.HasPrefix(lower, "receiver signal oma"):
			if n, ok := leading(value); ok && n >= 0 {
				m.Received = append(m.Received, n)
			}
		case strings.HasPrefix(lower, "transmit avg optical power"), key == "Laser output power":
			if n, ok := leading(value); ok && n >= 0 {
				m.Sent = append(m.Sent, n)
			}
		case value == "On" && (strings.Contains(lower, " alarm") || strings.Contains(lower, " warning")):
			m.Alarms = append(m.Alarms, key)
		}
	}
	if !known {
		return Module{}, unknown("-m", out)
	}
	return m, nil
}

// leading reads the number that a value begins with.
func leading(value string) (float64, bool) {
	number, _, _ := strings.Cut(value, " ")
	n, err := strconv.ParseFloat(number, 64)
	return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}

// FEC is a link's forward error correction.
type FEC struct {
	// Active is what is in use.
	Active string
	// Corrected and Uncorrectable are blocks, nil where the driver does not count them.
	Corrected, Uncorrectable *uint64
}

// ParseFEC reads the output of `ethtool -I --show-fec`.
func ParseFEC(out []byte) (FEC, error) {
	var f FEC
	known := false
	for line := range bytes.Lines(out) {
		k, v, _ := bytes.Cut(bytes.TrimSpace(line), []byte(":"))
		number, _, _ := bytes.Cut(bytes.TrimSpace(v), []byte(" "))
		n, err := strconv.ParseUint(string(number), 10, 64)
		switch key := string(k); {
		case strings.HasPrefix(key, "Active FEC encoding"):
			known = true
			f.Active = printable.Escape(bytes.TrimSpace(v))
		case key == "corrected_blocks" && err == nil:
			f.Corrected = &n
		case key == "uncorrectable_blocks" && err == nil:
			f.Uncorrectable = &n
		}
	}
	if !known {
		return FEC{}, unknown("--show-fec", out)
	}
	return f, nil
}

// Nothing reports whether a run of ethtool failed because there is nothing in a port to ask,
// or because the driver, or ethtool itself, is too old to: which, drivers say in as many ways
// as there are drivers.
func Nothing(stdout, stderr []byte) bool {
	if len(bytes.TrimSpace(stdout)) > 0 && !bytes.Contains(stdout, []byte("No data available")) {
		return false
	}
	for _, words := range []string{"netlink error: ", "Cannot get ", "bad command line argument", "No data available", "Operation not supported"} {
		if bytes.Contains(stderr, []byte(words)) || bytes.Contains(stdout, []byte(words)) {
			return true
		}
	}
	return false
}

// Unsupported reports whether a run of ethtool failed only because the driver
// cannot tell what was asked.
func Unsupported(stdout, stderr []byte) bool {
	return bytes.Contains(stderr, []byte("Operation not supported")) || bytes.Contains(stdout, []byte("No data available"))
}

// parse returns the values by their keys, as printable text. Of a key that comes
// twice, the first counts.
func parse(out []byte) map[string]string {
	var raw []byte // value of the key in hand
	values := map[string]string{}
	key := ""
	store := func() {
		if _, seen := values[key]; !seen {
			values[key] = printable.Escape(raw)
		}
	}
	for line := range bytes.Lines(out) {
		line = bytes.TrimSpace(line)
		if k, value, ok := bytes.Cut(line, []byte(":")); ok {
			store()
			key, raw = printable.Escape(k), bytes.Clone(bytes.TrimSpace(value))
		} else if len(line) > 0 {
			raw = append(append(raw, ' '), line...)
		}
	}
	store()
	return values
}

func unknown(option string, out []byte) error {
	return fmt.Errorf("not what ethtool %s prints; it begins with %q", option, printable.Escape(out[:min(len(out), 80)]))
}
