// Package ssacli reads what `ssacli ctrl all show config detail` prints, and hpssacli, which
// it was called before: of HPE's Smart Array controllers, and Microchip's that are like them.
package ssacli

import (
	"bytes"
	"cmp"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"bee/audit/report"
	"bee/audit/tool/internal/outline"
	"bee/audit/tool/raid"
)

var controllerStates = map[string]string{"ok": "ok", "failed": "failed", "degraded": "degraded"}

var backupStates = map[string]string{
	"ok": "ok", "recharging": "charging", "charging": "charging", "degraded": "degraded",
	"failed": "failed", "not present": "absent",
}

var arrayStates = map[string]string{
	"ok": "ok", "recovering": "rebuilding", "rebuilding": "rebuilding", "failed": "failed",
	"interim recovery mode": "degraded", "ready for recovery": "degraded", "ready for rebuild": "degraded",
	"waiting for rebuild": "degraded", "queued for rebuild": "degraded",
}

var memberStates = map[string]string{
	"predictive failure": "failing", "failed": "failed", "rebuilding": "rebuilding", "recovering": "rebuilding",
	"waiting for rebuild": "rebuilding",
}

// uses are the states of drives that are OK, by what the controller has them for.
var uses = map[string]string{
	"data drive": "ok", "hba mode drive": "ok", "boot drive": "ok", "spare drive": "spare", "unassigned drive": "unused",
}

var (
	heading = regexp.MustCompile(`^(.+?) in Slot (\S+)`)
	drive   = regexp.MustCompile(`^physicaldrive (\S+)$`)
)

// Parse reads the output of a program. It returns no controllers, and no error, where the
// machine has none.
func Parse(program string, out []byte) ([]raid.Controller, error) {
	if bytes.Contains(out, []byte("No controllers detected")) {
		return nil, nil
	}
	var controllers []raid.Controller
	for _, n := range outline.Parse(whole(out)).Children {
		if m := heading.FindStringSubmatch(n.Name); m != nil {
			controllers = append(controllers, controller(program+" ctrl slot="+m[2], m[1], n))
		}
	}
	if len(controllers) == 0 {
		return nil, errors.New("the output says nothing of controllers, nor that there are none")
	}
	return controllers, nil
}

// whole puts the tails of sentences that are longer than a line, which begin where else only
// controllers do, back to where they belong.
func whole(out []byte) []byte {
	var text []byte
	ended := true
	for line := range bytes.Lines(out) {
		blank := len(bytes.TrimSpace(line)) == 0
		switch {
		case blank || line[0] == ' ' || line[0] == '\t' || heading.Match(line):
			text = append(text, line...)
			ended = blank
		case !ended:
			text = append(append(bytes.TrimRight(text, "\r\n"), ' '), line...)
		}
	}
	return text
}

func controller(name, model string, n *outline.Node) raid.Controller {
	c := raid.Controller{RAIDController: report.RAIDController{
		Name:               name,
		Model:              raid.Text(model),
		SerialNumber:       raid.Text(n.Get("Serial Number")),
		FirmwareVersion:    raid.Text(n.Get("Firmware Version")),
		PCIAddress:         pci(n.Get("PCI Address (Domain:Bus:Device.Function)")),
		State:              raid.State(controllerStates, n.Get("Controller Status")),
		Status:             raid.Text(n.Get("Controller Status")),
		TemperatureCelsius: raid.Celsius(n.Get("Controller Temperature (C)")),
		CacheBytes:         cache(n.Get("Total Cache Size")),
		CacheStatus:        raid.Text(n.Get("Cache Status")),
	}}
	if why := cmp.Or(n.Get("Cache Disable Reason"), n.Get("Cache Status Details")); why != "" && !strings.EqualFold(c.CacheStatus, "OK") {
		c.CacheStatus += ": " + why
	}
	c.Backup = backup(n, c.CacheBytes)
	for _, part := range n.Children {
		if part.Name == "Array" {
			c.Arrays = append(c.Arrays, arrays(part)...)
		}
	}
	n.All(func(d *outline.Node) {
		if m := drive.FindStringSubmatch(d.Name); m != nil && d.Value == "" && len(d.Children) > 0 {
			c.Drives = append(c.Drives, physical(name, m[1], d))
		}
	})
	return c
}

// arrays returns the logical drives of what ssacli calls an array, which are all on the same
// drives.
func arrays(n *outline.Node) []report.RAIDArray {
	var members []string
	for _, part := range n.Children {
		if m := drive.FindStringSubmatch(part.Name); m != nil && part.Get("Drive Type") != "Spare Drive" {
			members = append(members, m[1])
		}
	}
	var all []report.RAIDArray
	for _, part := range n.Children {
		if part.Name != "Logical Drive" {
			continue
		}
		a := report.RAIDArray{
			Name:      part.Value,
			Label:     raid.Text(part.Get("Logical Drive Label")),
			WWN:       raid.WWN(part.Get("Unique Identifier")),
			Level:     raid.Level(part.Get("Fault Tolerance")),
			State:     raid.State(arrayStates, part.Get("Status")),
			Status:    raid.Text(part.Get("Status")),
			SizeBytes: raid.Bytes(part.Get("Size"), 1024),
			Members:   members,
		}
		if path, _, _ := strings.Cut(part.Get("Disk Name"), " "); strings.HasPrefix(path, "/dev/") {
			a.Path = path
		}
		all = append(all, a)
	}
	return all
}

func physical(controller, slot string, n *outline.Node) report.Drive {
	kind, status := n.Get("Interface Type"), raid.Text(n.Get("Status"))
	m := &report.Member{Controller: controller, Slot: slot, Status: status, State: raid.State(memberStates, status)}
	if status == "OK" {
		m.State = raid.State(uses, n.Get("Drive Type"))
		if m.State == raid.Unknown {
			m.Status = raid.Text(n.Get("Drive Type"))
		}
	}
	vendor, model, two := strings.Cut(n.Get("Model"), " ")
	if !two {
		vendor, model = "", vendor
	}
	d := report.Drive{
		Transport:       raid.Transport(kind),
		Vendor:          raid.Vendor(vendor),
		Model:           raid.Text(model),
		SerialNumber:    raid.Text(n.Get("Serial Number")),
		FirmwareVersion: raid.Text(n.Get("Firmware Revision")),
		SizeBytes:       raid.Bytes(n.Get("Size"), 1000),
		Rotational:      raid.Rotational(kind),
		Member:          m,
	}
	// What it says of a SATA drive is the name of the port that the drive is at.
	if d.Transport == "sas" {
		d.WWN = raid.WWN(n.Get("WWID"))
	}
	if rpm := raid.Count(n.Get("Rotational Speed")); rpm != nil && *rpm > 0 {
		spins := true
		d.RotationRPM, d.Rotational = *rpm, &spins
	}
	s := report.SMART{
		TemperatureCelsius: raid.Celsius(n.Get("Current Temperature (C)")),
		PowerOnHours:       raid.Count(n.Get("Power On Hours")),
		UsedPercent:        used(n.Get("Usage remaining", "SSD Usage remaining")),
	}
	if s.TemperatureCelsius != nil || s.PowerOnHours != nil || s.UsedPercent != nil {
		d.SMART = &s
	}
	return d
}

// used is how much of a drive's rated life is used, by how much of it remains.
func used(remaining string) *uint64 {
	left, err := strconv.ParseFloat(strings.TrimSuffix(remaining, "%"), 64)
	if err != nil || !(left >= 0 && left <= 100) {
		return nil
	}
	n := uint64(100 - left)
	return &n
}

func pci(s string) string {
	return raid.PCIAddress(strings.FieldsFunc(s, func(r rune) bool { return r == ':' || r == '.' }))
}

// cache reads the size of the cache: later versions leave out that it is in GB.
func cache(s string) uint64 {
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		s += " GB"
	}
	return raid.Bytes(s, 1024)
}

func backup(n *outline.Node, cache uint64) *report.CacheBackup {
	count, status := n.Get("Battery/Capacitor Count"), n.Get("Battery/Capacitor Status")
	b := &report.CacheBackup{Status: status, State: raid.State(backupStates, status)}
	b.TemperatureCelsius = raid.Celsius(cmp.Or(n.Get("Capacitor Temperature (C)", "Capacitor Temperature  (C)"), n.Get("Battery Temperature (C)")))
	switch strings.ToLower(n.Get("Cache Backup Power Source")) {
	case "capacitors":
		b.Kind = "capacitor"
	case "batteries":
		b.Kind = "battery"
	}
	switch {
	case count == "0" && cache > 0:
		b.State, b.Status = "absent", "Battery/Capacitor Count: 0"
	case status == "":
		return nil
	}
	return b
}
