// Package arcconf reads what `arcconf GETCONFIG N AL` prints: of RAID controllers of Adaptec
// and Microchip, and what IBM and others made of them.
package arcconf

import (
	"cmp"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"bee/audit/report"
	"bee/audit/tool/internal/outline"
	"bee/audit/tool/raid"
)

var controllerStates = map[string]string{
	"optimal": "ok", "okay": "ok", "ok": "ok", "degraded": "degraded", "failed": "failed",
}

var backupStates = map[string]string{
	"optimal": "ok", "okay": "ok", "ok": "ok", "ready": "ok", "zmm optimal": "ok",
	"charging": "charging", "not fully charged": "charging", "not ready": "charging", "degraded": "degraded",
	"failed": "failed", "not installed": "absent", "zmm not installed": "absent", "not present": "absent",
}

var arrayStates = map[string]string{
	"optimal": "ok", "okay": "ok", "ok": "ok",
	"degraded": "degraded", "suboptimal": "degraded", "interim recovery": "degraded", "ready for recovery": "degraded",
	"rebuilding": "rebuilding", "recovering": "rebuilding", "impacted": "rebuilding", "degraded, rebuilding": "rebuilding",
	"suboptimal, rebuilding": "rebuilding", "failed": "failed", "offline": "failed",
}

var memberStates = map[string]string{
	"online": "ok", "optimal": "ok", "ready": "unused", "raw": "ok", "global hot-spare": "spare", "dedicated hot-spare": "spare", "hot spare": "spare",
	"rebuilding": "rebuilding", "predictive failure": "failing", "failed": "failed", "defunct": "failed", "offline": "failed",
}

var (
	found    = regexp.MustCompile(`(?m)^ *Controllers found: *([0-9]+)`)
	arrayKey = regexp.MustCompile(`(?i)^logical (?:device|drive) number ([0-9]+)$`)
	// A member of an array: a place in its layout, or a device.
	segment  = regexp.MustCompile(`^(?:(?:Group [0-9]+, )?Segment [0-9]+|Device [0-9]+)$`)
	location = regexp.MustCompile(`^[A-Z][a-z]+ *\(([^()]*)\) *(\S*)`)
)

// Found reads how many controllers there are, which every output begins with.
func Found(out []byte) (int, error) {
	if m := found.FindSubmatch(out); m != nil {
		return strconv.Atoi(string(m[1]))
	}
	return 0, errors.New("the output does not say how many controllers there are")
}

// Parse reads the output about the controller of a number.
func Parse(program string, number int, out []byte) (raid.Controller, error) {
	root := outline.Parse(out)
	about := root.Find("Controller information")
	if about == nil {
		return raid.Controller{}, errors.New("the output says nothing of the controller")
	}
	c := raid.Controller{RAIDController: report.RAIDController{
		Name:               program + " " + strconv.Itoa(number),
		Model:              raid.Text(about.Get("Controller Model")),
		SerialNumber:       raid.Text(about.Get("Controller Serial Number")),
		PCIAddress:         raid.PCIAddress(strings.Split(about.Get("PCI Address (Domain:Bus:Device:Function)", "PCI Address (Bus:Device:Function)"), ":")),
		State:              raid.State(controllerStates, about.Get("Controller Status")),
		Status:             raid.Text(about.Get("Controller Status")),
		TemperatureCelsius: raid.Celsius(about.Get("Temperature")),
		CacheBytes:         raid.Bytes(about.Get("Installed memory"), 1024),
	}}
	if version := about.Find("Controller Version Information"); version != nil {
		c.FirmwareVersion = raid.Text(version.Get("Firmware"))
	}
	if cache := about.Find("Cache Properties"); cache != nil {
		c.CacheBytes = cmp.Or(c.CacheBytes, raid.Bytes(cache.Get("Cache memory"), 1024))
		c.CacheStatus = raid.Text(cache.Get("Cache Status"))
		if why := raid.Text(cache.Get("Cache State")); why != "" {
			c.CacheStatus = strings.TrimPrefix(c.CacheStatus+": "+why, ": ")
		}
	}
	c.Backup = backup(about, c.CacheBytes)

	slots := map[string]string{} // by serial number, channel and device, and place
	if devices := root.Find("Physical Device information"); devices != nil {
		for _, n := range devicesOf(devices) {
			d := n.drive(c.Name)
			if d.SerialNumber == "" && d.SizeBytes == 0 {
				continue // the controller remembers one that is gone
			}
			c.Drives = append(c.Drives, d)
			channel, _, _ := strings.Cut(n.Get("Reported Channel,Device(T:L)", "Reported Channel,Device"), "(")
			for _, name := range []string{d.SerialNumber, channel, place(n.Get("Reported Location"))} {
				if name != "" {
					slots[name] = d.Member.Slot
				}
			}
		}
	}
	root.All(func(n *outline.Node) {
		if m := arrayKey.FindStringSubmatch(n.Name); m != nil && n.Value == "" {
			c.Arrays = append(c.Arrays, array(m[1], n, slots))
		}
	})
	return c, nil
}

// backup is what the last of the controller's headings says that is about one.
func backup(about *outline.Node, cache uint64) *report.CacheBackup {
	for _, place := range []struct{ heading, key, kind string }{
		{"Controller Battery Information", "Status", "battery"},
		{"Controller ZMM Information", "Status", "capacitor"},
		{"Controller Cache Backup Unit Information", "Overall Backup Unit Status", "capacitor"},
		{"Green Backup Information", "Backup Power Status", ""},
	} {
		n := about.Find(place.heading)
		if n == nil {
			continue
		}
		status := n.Get(place.key)
		if status == "" {
			continue
		}
		b := &report.CacheBackup{Kind: place.kind, State: raid.State(backupStates, status), Status: status, Model: raid.Text(n.Get("Backup Unit Type"))}
		if b.State == "absent" && cache == 0 {
			return nil
		}
		return b
	}
	return nil
}

// device is what is said of a drive, and the counters of its errors.
type device struct {
	*outline.Node
	counters *outline.Node
}

// devicesOf returns the drives among the devices. What is said of one under a heading stands
// beside it.
func devicesOf(n *outline.Node) []device {
	var all []device
	drive := false
	n.All(func(n *outline.Node) {
		switch {
		case strings.HasPrefix(n.Name, "Device #"):
			if drive = n.Find("Device is a Hard drive") != nil; drive {
				all = append(all, device{n, &outline.Node{}})
			}
		case drive && n.Name == "Device Error Counters":
			all[len(all)-1].counters = n
		}
	})
	return all
}

func (n device) drive(controller string) report.Drive {
	status := n.Get("State")
	m := &report.Member{
		Controller:         controller,
		Slot:               slot(n.Get("Reported Location")),
		State:              raid.State(memberStates, status),
		Status:             raid.Text(status),
		MediaErrors:        raid.Count(n.counters.Get("Media Failures")),
		PredictiveFailures: raid.Count(cmp.Or(n.counters.Get("Predictive Failures"), n.Get("S.M.A.R.T. warnings"))),
	}
	if m.Slot == "" {
		m.Slot = strings.TrimPrefix(n.Name, "Device ")
	}
	d := report.Drive{
		Transport:       raid.Transport(n.Get("Transfer Speed")),
		Vendor:          raid.Vendor(n.Get("Vendor")),
		Model:           raid.Text(n.Get("Model")),
		SerialNumber:    raid.Text(n.Get("Serial number")),
		FirmwareVersion: raid.Text(n.Get("Firmware")),
		WWN:             raid.WWN(n.Get("World-wide name")),
		SizeBytes:       raid.Bytes(n.Get("Total Size", "Size"), 1024),
		Member:          m,
	}
	switch n.Get("SSD") {
	case "Yes":
		d.Rotational = raid.Rotational("SSD")
	case "No":
		d.Rotational = raid.Rotational("HDD")
	}
	if rpm, _, ok := strings.Cut(n.Get("Rotational Speed"), " RPM"); ok {
		if speed := raid.Count(rpm); speed != nil {
			d.RotationRPM = *speed
		}
	}
	if t := raid.Celsius(n.Get("Current Temperature")); t != nil {
		d.SMART = &report.SMART{TemperatureCelsius: t}
	}
	return d
}

var spot = regexp.MustCompile(`(Enclosure|Connector)[: ](\w+), ?(Slot|Device)[: ](\w+)`)

// place is where a drive is, whichever way arcconf writes it.
func place(s string) string {
	if m := spot.FindStringSubmatch(s); m != nil {
		return strings.Join(m[1:], " ")
	}
	return ""
}

var enclosure = regexp.MustCompile(`^Enclosure ([0-9]+), Slot ([0-9]+)$`)

// slot is enclosure:slot, or where a drive is in arcconf's words.
func slot(s string) string {
	if m := enclosure.FindStringSubmatch(s); m != nil {
		return m[1] + ":" + m[2]
	}
	return s
}

func array(number string, n *outline.Node, slots map[string]string) report.RAIDArray {
	status := n.Get("Status of Logical Device", "Status of logical drive")
	a := report.RAIDArray{
		Name:              number,
		Label:             raid.Text(n.Get("Logical Device name", "Logical drive name")),
		WWN:               raid.WWN(n.Get("Volume Unique Identifier")),
		Level:             raid.Level(n.Get("RAID level")),
		State:             raid.State(arrayStates, status),
		Status:            raid.Text(status),
		SizeBytes:         raid.Bytes(n.Get("Size"), 1024),
		WriteCache:        writeCache(n.Get("Write-cache status", "Write-cache mode")),
		WriteCacheSetting: writeCache(n.Get("Write-cache setting")),
	}
	if path := n.Get("Disk Name"); strings.HasPrefix(path, "/dev/") {
		a.Path, _, _ = strings.Cut(path, " ")
	}
	n.All(func(s *outline.Node) {
		if !segment.MatchString(s.Name) {
			return
		}
		word, where, _ := strings.Cut(s.Value, " ")
		m := location.FindStringSubmatch(s.Value)
		if m == nil {
			m = make([]string, 3)
		}
		switch at := cmp.Or(slots[m[2]], slots[m[1]], slots[place(m[1])]); {
		case at == "" && word != "Present":
			a.MissingMembers = append(a.MissingMembers, strings.TrimSpace(s.Name+" "+where))
		default:
			a.Members = append(a.Members, cmp.Or(at, m[1]))
		}
	})
	if a.Members == nil && a.MissingMembers == nil {
		// Old versions have no list of segments.
		for _, address := range strings.Fields(n.Get("Stripe order (Channel,Device)")) {
			a.Members = append(a.Members, cmp.Or(slots[address], address))
		}
	}
	return a
}

func writeCache(s string) string {
	switch word, _, _ := strings.Cut(s, " "); strings.ToLower(word) {
	case "on", "enabled":
		return "write_back"
	case "off", "disabled":
		return "write_through"
	}
	return ""
}
