package summary

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bee/audit/report"
	"bee/audit/report/label"
	"bee/audit/show/terminal"
)

func (p *printer) board(s *report.Board) {
	p.title("Board")
	var rows [][]terminal.Cell
	row := func(cells ...string) { rows = append(rows, terminal.Cells(cells...)) }
	if y := s.System; y != nil {
		row("System", label.Join(y.Manufacturer, y.ProductName), label.Serial(y.SerialNumber))
	}
	for _, c := range s.Chassis {
		row("Chassis", label.Join(c.Manufacturer, c.Type), label.Serial(c.SerialNumber))
	}
	for _, b := range s.Baseboards {
		row("Base board", label.Join(b.Manufacturer, b.ProductName, b.Version), label.Serial(b.SerialNumber))
	}
	if f := s.BIOS; f != nil {
		row("BIOS", label.Join(f.Vendor, f.Version), f.ReleaseDate)
	}
	if c := s.BMC; c != nil {
		row("BMC", label.Join(c.Manufacturer, c.ProductName), label.Prefix("firmware ", c.FirmwareVersion))
	}
	p.rows(rows)
}

func (p *printer) platform(s *report.Platform) {
	words := []string{strings.ToUpper(s.BootMode)}
	if s.SecureBoot != nil {
		words = append(words, "Secure Boot "+onOff(*s.SecureBoot))
	}
	if s.KernelLockdown != "" && s.KernelLockdown != "none" {
		words = append(words, "kernel locked down ("+s.KernelLockdown+")")
	}
	for _, t := range s.TPMs {
		words = append(words, label.Join("TPM", t.Version, t.Manufacturer))
	}
	if s.TPMs != nil && len(s.TPMs) == 0 {
		words = append(words, "no TPM")
	}
	if s.IOMMU != nil {
		words = append(words, "IOMMU "+onOff(s.IOMMU.Enabled))
	}
	p.titleOf("Platform", words)
}

// kernel says whether there was anything; findings say what.
func (p *printer) kernel(s *report.Kernel) {
	devices := map[string]bool{}
	for _, e := range s.Events {
		devices[e.Kind+" "+e.Device] = true
	}
	for _, e := range s.MemoryErrors {
		if e.Corrected+e.Uncorrected > 0 {
			devices["memory "+e.Place] = true
		}
	}
	for _, e := range s.PCIeErrors {
		devices["pcie "+e.Address] = true
	}
	for _, t := range s.Throttling {
		devices[fmt.Sprint("throttling ", t.PackageID)] = true
	}
	what := "no errors"
	switch {
	case len(devices) > 0:
		what = "errors of " + label.Count(len(devices), "device")
	case s.Events == nil:
		what = "its log was not read"
	}
	p.title("Since the kernel's start%s: %s", ago(s.UptimeSeconds), what)
	if !p.Verbose {
		return
	}
	list(p, s.Events, func(e report.KernelEvent) item {
		return item{place: cmp.Or(e.Device, "-"), what: []string{strings.ReplaceAll(e.Kind, "_", " "), e.Severity, label.Count(e.Count, "line"), e.Message}}
	}, nothing)
}

// ago is how long the kernel runs.
func ago(seconds float64) string {
	minutes := uint64(seconds / 60)
	switch {
	case seconds == 0:
		return ""
	case minutes < 120:
		return fmt.Sprintf(", %d min ago", minutes)
	}
	return fmt.Sprintf(", %d h ago", minutes/60)
}

func (p *printer) cpu(s *report.CPU) {
	if len(s.Sockets) == 0 && len(s.Packages) > 0 {
		p.title("CPU: %s, says the kernel", label.Count(len(s.Packages), "processor"))
		list(p, s.Packages, func(c report.CPUPackage) item {
			return item{what: []string{label.Processor(c.ModelName), label.Some(c.Cores, "core"), label.Some(c.Threads, "thread"), label.Number(c.MaxSpeedMHz, " MHz max")}}
		}, nothing)
		return
	}
	populated := 0
	for _, c := range s.Sockets {
		if c.Populated {
			populated++
		}
	}
	p.title("CPU: %d of %s populated", populated, label.Count(len(s.Sockets), "socket"))
	list(p, s.Sockets, func(c report.Socket) item {
		i := item{place: cmp.Or(c.Designation, c.Handle), what: []string{"empty"}}
		if c.Populated {
			cores := label.Some(c.Cores, "core")
			if c.CoresEnabled != 0 && c.CoresEnabled != c.Cores {
				cores += fmt.Sprintf(" (%d enabled)", c.CoresEnabled)
			}
			i.what = []string{cmp.Or(label.Processor(c.Version), "unknown processor"), cores, label.Some(c.Threads, "thread"), label.Number(c.MaxSpeedMHz, " MHz max")}
			i.id = label.Serial(c.SerialNumber)
		}
		return i
	}, nothing)
}

func (p *printer) memory(s *report.Memory) {
	slots := s.SystemSlots()
	populated, total := 0, uint64(0)
	for _, m := range slots {
		if m.Populated {
			populated++
			total += m.SizeBytes
		}
	}
	p.title("Memory: %s in %d of %s", cmp.Or(label.Memory(total), "none"), populated, label.Count(len(slots), "slot"))
	if p.Verbose {
		slots = s.Slots
	}
	locators := map[string]bool{}
	for _, m := range slots {
		locators[m.Locator] = true
	}
	list(p, slots, func(m report.MemorySlot) item {
		i := item{place: cmp.Or(m.Locator, m.Handle), what: []string{"empty"}}
		if p.Verbose || len(locators) < len(slots) { // the locator alone does not tell which slot it is
			i.place = label.Join(i.place, m.BankLocator)
		}
		if m.Populated {
			speed := label.Number(m.SpeedMTs, " MT/s")
			if m.ConfiguredSpeedMTs != 0 && m.ConfiguredSpeedMTs != m.SpeedMTs {
				speed = strings.TrimSpace(speed + fmt.Sprintf(" (runs at %d)", m.ConfiguredSpeedMTs))
			}
			i.what = []string{cmp.Or(label.Memory(m.SizeBytes), "size unknown"), m.Type, speed, label.Some(m.Ranks, "rank"), label.Join(m.Manufacturer, m.PartNumber)}
			i.id = label.Serial(m.SerialNumber)
		}
		return i
	}, nothing)
}

func (p *printer) storage(s *report.Storage) {
	p.title("Storage: %s", label.Count(len(s.Drives), "drive"))
	list(p, s.Drives, func(d report.Drive) item {
		kind := label.Join(d.Transport, label.Number(d.RotationRPM, " rpm"))
		if d.RAIDVolume {
			kind = "RAID volume"
		}
		return item{
			place: d.Name(),
			what:  []string{label.Capacity(d.SizeBytes), kind, label.Join(d.Vendor, d.Model), label.Prefix("firmware ", d.FirmwareVersion), verdict(d)},
			now:   wear([]report.Drive{d}),
			id:    label.Serial(d.SerialNumber),
		}
	}, wear)
	list(p, s.Controllers, func(c report.RAIDController) item {
		return item{
			place: c.Name,
			what:  []string{c.Model, label.Prefix("firmware ", c.FirmwareVersion), label.Prefix("cache ", label.Memory(c.CacheBytes)), c.Status},
			id:    label.Serial(c.SerialNumber),
		}
	}, nothing)
	for _, c := range s.Controllers {
		list(p, c.Arrays, func(a report.RAIDArray) item {
			return item{place: cmp.Or(a.Path, c.Name+" array "+a.Name), what: []string{a.Level, label.Capacity(a.SizeBytes), label.Count(len(a.Members), "drive"), a.Status}}
		}, nothing)
	}
}

// verdict is what a drive says about its health, and its RAID controller where it is not just in use.
func verdict(d report.Drive) string {
	var words []string
	if s := d.SMART; s != nil {
		if s.Passed != nil && *s.Passed {
			words = append(words, "passed")
		} else if s.Passed != nil {
			words = append(words, "FAILED")
		}
		for _, w := range s.Warnings {
			words = append(words, strings.ReplaceAll(w, "_", " "))
		}
	}
	if d.NVMe != nil && d.NVMe.Health != nil && d.NVMe.Health.CriticalWarning != nil && *d.NVMe.Health.CriticalWarning != 0 {
		words = append(words, fmt.Sprintf("critical warning %#02x", *d.NVMe.Health.CriticalWarning))
	}
	if d.Member != nil && d.Member.State != "ok" {
		words = append(words, d.Member.Status)
	}
	return strings.Join(words, ", ")
}

// wear is how warm, old and worn drives are: a value, or the lowest and the
// highest.
func wear(drives []report.Drive) string {
	var celsius, hours, used []int64
	for _, d := range drives {
		if d.SMART == nil {
			continue
		}
		if t := d.SMART.TemperatureCelsius; t != nil {
			celsius = append(celsius, *t)
		}
		if h := d.SMART.PowerOnHours; h != nil {
			hours = append(hours, int64(*h))
		}
		if u := d.SMART.UsedPercent; u != nil {
			used = append(used, int64(*u))
		}
	}
	var words []string
	for _, v := range []struct {
		values []int64
		unit   string
	}{{celsius, " °C"}, {hours, " h"}, {used, " % used"}} {
		if len(v.values) == 0 {
			continue
		}
		low, high := slices.Min(v.values), slices.Max(v.values)
		text := strconv.FormatInt(low, 10)
		if low != high {
			text += " to " + strconv.FormatInt(high, 10)
		}
		words = append(words, text+v.unit)
	}
	return strings.Join(words, ", ")
}

func (p *printer) nvidia(s *report.NVIDIA) {
	title := "NVIDIA: " + label.Count(len(s.GPUs), "GPU")
	if n := len(s.MissingGPUs); n > 0 {
		title += fmt.Sprintf(", %d missing", n)
	}
	if n := len(s.UnknownGPUs); n > 0 {
		title += fmt.Sprintf(", %d unknown", n)
	}
	p.title("%s%s%s", title, label.Prefix(", driver ", s.DriverVersion), label.Prefix(", CUDA ", s.CUDAVersion))
	list(p, s.GPUs, func(g report.GPU) item {
		i := item{
			place: cmp.Or(g.PCIAddress, g.UUID),
			what:  []string{g.Name, label.Memory(g.MemoryTotalBytes), modes(g)},
			id:    label.Serial(g.SerialNumber),
		}
		var now []string
		if g.Temperature != nil && g.Temperature.GPUCelsius != nil {
			now = append(now, fmt.Sprintf("%d °C", *g.Temperature.GPUCelsius))
		}
		if w := g.Power; w != nil && w.DrawWatts != nil {
			now = append(now, fmt.Sprintf("%.0f W", *w.DrawWatts))
		}
		i.now = strings.Join(now, ", ")
		return i
	}, nothing)
	list(p, s.MissingGPUs, func(g report.MissingGPU) item {
		return item{place: g.PCIAddress, what: []string{"MISSING: the NVIDIA driver does not know it", label.Prefix("driver ", g.Driver), g.Reason}}
	}, nothing)
	list(p, s.UnknownGPUs, func(address string) item {
		return item{place: address, what: []string{"nothing is known about it"}}
	}, nothing)
}

// modes are what a GPU is set to, as far as that matters to who uses it.
func modes(g report.GPU) string {
	var words []string
	if g.ECC != nil && g.ECC.Enabled != nil {
		words = append(words, "ECC "+onOff(*g.ECC.Enabled))
	}
	if g.MIG != nil && g.MIG.Enabled != nil && *g.MIG.Enabled {
		words = append(words, "MIG on")
	}
	up := 0
	for _, l := range g.NVLinks {
		if l.Active {
			up++
		}
	}
	if len(g.NVLinks) > 0 {
		words = append(words, fmt.Sprintf("%d of %s up", up, label.Count(len(g.NVLinks), "NVLink")))
	} else if g.NVLinks != nil {
		words = append(words, "no NVLink up")
	}
	words = append(words, g.ReadErrors...)
	return strings.Join(words, ", ")
}

func (p *printer) network(s *report.Network) {
	var interfaces []report.Interface
	for _, i := range s.Interfaces {
		if !i.Virtual() || p.Verbose {
			interfaces = append(interfaces, i)
		}
	}
	title := "Network: " + label.Count(len(interfaces), "interface")
	if n := len(s.Interfaces) - len(interfaces); n > 0 {
		title += fmt.Sprintf("; %s not shown", label.Count(n, "virtual one"))
	}
	p.title("%s", title)
	list(p, interfaces, func(i report.Interface) item {
		return item{
			place: i.Name,
			what:  []string{carrier(i), i.Driver, label.Prefix("firmware ", i.FirmwareVersion), module(i.Module)},
			now:   label.Join(i.BusAddress, neighbours(i.Neighbours)),
			id:    cmp.Or(i.PermanentMACAddress, i.MACAddress),
		}
	}, nothing)
	if len(s.InfiniBandPorts) == 0 {
		return
	}
	p.title("InfiniBand: %s", label.Count(len(s.InfiniBandPorts), "port"))
	list(p, s.InfiniBandPorts, func(i report.InfiniBandPort) item {
		return item{
			place: fmt.Sprintf("%s/%d", i.Device, i.Port),
			what:  []string{strings.ToLower(i.State), i.Rate, label.Prefix("firmware ", i.FirmwareVersion)},
			now:   i.BusAddress,
			id:    i.NodeGUID,
		}
	}, nothing)
}

// neighbours says where a cable leads to.
func neighbours(all []report.Neighbour) string {
	var ends []string
	for _, n := range all {
		ends = append(ends, label.Neighbour(n))
	}
	return label.Prefix("to ", strings.Join(ends, ", "))
}

// module is what is in a port.
func module(m *report.Module) string {
	if m == nil {
		return ""
	}
	return label.Join(m.Type, m.Vendor, m.PartNumber)
}

// carrier is the state of an interface's link.
func carrier(i report.Interface) string {
	switch {
	case i.Link == nil || !i.Up:
		return cmp.Or(i.State, "down")
	case !*i.Link:
		return "no link"
	case i.SpeedMbps == 0:
		return "link"
	}
	speed := bits(i.SpeedMbps)
	if i.MaxSpeedMbps > i.SpeedMbps {
		speed += " of " + bits(i.MaxSpeedMbps)
	}
	return speed
}

func bits(mbps uint64) string {
	if mbps >= 1000 {
		return strconv.FormatFloat(float64(mbps)/1000, 'f', -1, 64) + " Gb/s"
	}
	return label.Number(mbps, " Mb/s")
}

func (p *printer) psu(s *report.PSU) {
	title := "Power: " + label.Count(len(s.Supplies), "supply")
	for _, r := range s.Redundancy {
		title += label.Prefix(", ", strings.Join(r.States, ", "))
	}
	p.title("%s", title)
	list(p, s.Supplies, func(u report.PowerSupply) item {
		return item{
			place: cmp.Or(u.Name, u.Handle),
			what:  []string{strings.ReplaceAll(u.State, "_", " "), label.Join(u.Manufacturer, cmp.Or(u.Model, u.PartNumber)), label.Number(u.MaxWatts, " W")},
			id:    label.Serial(u.SerialNumber),
		}
	}, nothing)
}

func (p *printer) bmc(s *report.BMC) {
	var words []string
	if s.LAN != nil {
		words = append(words, cmp.Or(s.LAN.IPAddress, "no address"), label.Prefix("MAC ", s.LAN.MACAddress))
	}
	if s.EventLog != nil {
		words = append(words, label.Count(s.EventLog.Entries, "event"))
	}
	if n := len(s.Sensors); n > 0 {
		beyond := 0
		for _, sensor := range s.Sensors {
			if sensor.Status != "" && sensor.Status != "ok" {
				beyond++
			}
		}
		words = append(words, fmt.Sprintf("%s, %d beyond a limit", label.Count(n, "sensor"), beyond))
	}
	p.titleOf("BMC", words)
	if !p.Verbose {
		return
	}
	list(p, s.Sensors, func(x report.BMCSensor) item {
		i := item{place: x.Name, what: []string{"-", x.Status}}
		if x.Value != nil {
			i.what[0] = strconv.FormatFloat(*x.Value, 'f', -1, 64) + " " + x.Unit
		}
		return i
	}, nothing)
	if s.EventLog != nil {
		list(p, s.EventLog.Newest, func(e report.BMCEvent) item {
			return item{place: cmp.Or(e.Time, "time unknown"), what: []string{e.Sensor, e.Event, e.Direction, e.Detail}}
		}, nothing)
	}
}

func (p *printer) pcie(s *report.PCIe) {
	var devices []report.PCIDevice
	for _, d := range s.Devices {
		if d.VirtualFunctionOf == "" && !label.Quiet(d) || p.Verbose {
			devices = append(devices, d)
		}
	}
	title := "PCIe: " + label.Count(len(s.Devices), "function")
	if len(devices) < len(s.Devices) {
		title += "; bridges, system devices and virtual functions are not shown"
	}
	p.title("%s", title)
	list(p, devices, func(d report.PCIDevice) item {
		return item{
			place: d.Address,
			what:  []string{cmp.Or(d.Class, d.ClassID), label.Join(cmp.Or(d.Vendor, d.VendorID), cmp.Or(d.Device, d.DeviceID)), label.Prefix("driver ", d.Driver), link(d.Link)},
		}
	}, nothing)
}

// link is a link now and, where that is more, what both of its ends can do.
func link(l *report.PCIeLink) string {
	if l == nil {
		return ""
	}
	show := func(lanes uint64, speed float64) string {
		return strings.TrimSpace(label.Number(lanes, " × ") + strconv.FormatFloat(speed, 'f', -1, 64) + " GT/s")
	}
	speed, width := l.MaxSpeedGTs, l.MaxWidthLanes
	if l.UpstreamMaxSpeedGTs > 0 {
		speed = min(speed, l.UpstreamMaxSpeedGTs)
	}
	if l.UpstreamMaxWidthLanes > 0 {
		width = min(width, l.UpstreamMaxWidthLanes)
	}
	now := show(l.WidthLanes, l.SpeedGTs)
	if l.WidthLanes < width || l.SpeedGTs < speed {
		return now + " of " + show(width, speed)
	}
	return now
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
