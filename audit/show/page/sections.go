package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bee/audit/report"
	"bee/audit/report/label"
	"bee/audit/report/slotname"
)

func board(p *page, r *report.Report, _ marks) {
	b := r.Board
	if b == nil {
		return
	}
	s := section{ID: "board", Title: "Board"}
	if b.System != nil {
		s.table(properties("System", *b.System))
	}
	if b.BIOS != nil {
		s.table(properties("BIOS", *b.BIOS))
	}
	if b.BMC != nil {
		s.table(properties("BMC", *b.BMC))
	}
	s.table(tabulate("Base boards", "Board", b.Baseboards, label.Memory, func(x report.Baseboard) cell {
		return cell{Text: cmp.Or(x.ProductName, x.Type, x.Handle)}
	}))
	s.table(tabulate("Chassis", "Chassis", b.Chassis, label.Memory, func(x report.Chassis) cell {
		return cell{Text: cmp.Or(x.Type, x.Handle)}
	}, "type"))
	p.Sections = append(p.Sections, s)
}

func platform(p *page, r *report.Report, _ marks) {
	if r.Platform == nil {
		return
	}
	s := section{ID: "platform", Title: "Platform"}
	s.table(properties("Platform", *r.Platform))
	p.Sections = append(p.Sections, s)
}

func kernel(p *page, r *report.Report, m marks) {
	k := r.Kernel
	if k == nil {
		return
	}
	s := section{ID: "kernel", Title: "Since the kernel's start"}
	s.table(properties("Time", struct {
		UptimeSeconds float64 `json:"uptime_seconds,omitempty"`
	}{k.UptimeSeconds}))
	s.table(tabulate("What the kernel's log tells", "Device", k.Events, label.Memory, func(e report.KernelEvent) cell {
		return m.cell(e.Device, "kernel", e.Device)
	}, "device"))
	s.table(tabulate("Errors of memory", "Module", k.MemoryErrors, label.Memory, func(e report.MemoryErrors) cell {
		return m.cell(cmp.Or(e.Label, e.Place), "kernel", cmp.Or(e.Label, e.Place))
	}, "label"))
	s.table(tabulate("Errors of PCI Express", "Function", k.PCIeErrors, label.Memory, func(e report.PCIeErrors) cell {
		return m.cell(e.Address, "kernel", e.Address)
	}, "address"))
	s.table(tabulate("Processors that were too hot", "Package", k.Throttling, label.Memory, func(t report.Throttling) cell {
		name := fmt.Sprintf("package %d", t.PackageID)
		return m.cell(name, "kernel", name)
	}))
	p.Sections = append(p.Sections, s)
}

func cpu(p *page, r *report.Report, m marks) {
	if r.CPU == nil {
		return
	}
	var parts []part
	populated, cores := 0, uint64(0)
	for _, c := range r.CPU.Sockets {
		name := cmp.Or(c.Designation, c.Handle)
		q := part{Kind: "cpu", Name: name, State: "empty", Level: empty, About: present(c.Status, label.Serial(c.SerialNumber))}
		if c.Populated {
			populated++
			cores += c.Cores
			q.State, q.Level = "", good
			q.Lines = []string{
				cmp.Or(label.Processor(c.Version), "unknown processor"),
				label.Join(label.Some(c.Cores, "core"), label.Some(c.Threads, "thread")),
				label.Number(c.MaxSpeedMHz, " MHz at most"),
			}
		}
		m.mark(&q, "cpu", name)
		parts = append(parts, q)
	}
	s := section{ID: "cpu", Title: "Processors", Note: fmt.Sprintf("%d of %s populated", populated, label.Count(len(parts), "socket"))}
	s.draw("Sockets", parts)
	s.table(tabulate("Processor sockets", "Socket", r.CPU.Sockets, label.Memory, func(c report.Socket) cell {
		name := cmp.Or(c.Designation, c.Handle)
		return m.cell(name, "cpu", name)
	}, "designation"))
	s.table(tabulate("Processors, as the kernel sees them", "Processor", r.CPU.Packages, label.Memory, func(c report.CPUPackage) cell {
		name := "package"
		if c.ID != nil {
			name = fmt.Sprintf("package %d", *c.ID)
		}
		return m.cell(name, "cpu", name)
	}, "id"))
	p.Sections = append(p.Sections, s)
	p.Tiles = append(p.Tiles, m.tile(s.ID, "Processors", fmt.Sprint(populated),
		"of "+label.Count(len(parts), "socket")+label.Prefix(", ", label.Some(cores, "core"))))
}

func memory(p *page, r *report.Report, m marks) {
	if r.Memory == nil {
		return
	}
	populated, total := 0, uint64(0)
	slots := r.Memory.SystemSlots()
	for _, x := range slots {
		if x.Populated {
			populated++
			total += x.SizeBytes
		}
	}
	size, places := cmp.Or(label.Memory(total), "none"), fmt.Sprintf("%d of %s", populated, label.Count(len(slots), "slot"))
	s := section{ID: "memory", Title: "Memory", Note: size + " in " + places}
	s.Figures = slotFigures(r.Memory.Slots, m)
	s.table(tabulate("Memory slots", "Slot", r.Memory.Slots, label.Memory, func(x report.MemorySlot) cell {
		name := cmp.Or(x.Locator, x.Handle)
		return m.cell(name, "memory", name)
	}, "locator"))
	if n := r.Memory.UsableBytes; n > 0 {
		s.table(properties("Memory as the kernel sees it", struct {
			UsableBytes     uint64 `json:"usable_bytes"`
			ControllerBytes uint64 `json:"controller_bytes"`
		}{n, r.Memory.ControllerBytes}))
	}
	s.table(tabulate("Memory kept from the kernel", "For", r.Memory.Reserved, label.Memory, func(x report.MemoryReservation) cell {
		return cell{Text: x.For}
	}, "for"))
	s.table(tabulate("Memory arrays", "Array", r.Memory.Arrays, label.Memory, func(x report.MemoryArray) cell {
		return cell{Text: x.Handle}
	}, "handle"))
	p.Sections = append(p.Sections, s)
	p.Tiles = append(p.Tiles, m.tile(s.ID, "Memory", size, places))
}

// slotFigures draws the memory slots, a figure for each processor and a group
// for each channel, as far as the slots' names tell.
func slotFigures(slots []report.MemorySlot, m marks) []figure {
	arrays := map[string]bool{}
	for _, x := range slots {
		arrays[x.ArrayHandle] = true
	}
	var order []slotname.Place
	at := map[slotname.Place][]part{}
	for _, x := range slots {
		where := slotname.Read(x.Locator, x.BankLocator)
		if where.CPU == "" && len(arrays) > 1 {
			where.CPU = label.Prefix("Array ", x.ArrayHandle)
		}
		where.CPU = cmp.Or(where.CPU, "Slots")
		if at[where] == nil {
			order = append(order, where)
		}
		at[where] = append(at[where], slotPart(x, m))
	}
	var figures []figure
	for _, where := range order {
		i := slices.IndexFunc(figures, func(f figure) bool { return f.Caption == where.CPU })
		if i < 0 {
			i = len(figures)
			figures = append(figures, figure{Caption: where.CPU})
		}
		figures[i].Groups = append(figures[i].Groups, group{where.Channel, draw(at[where])})
	}
	return figures
}

func slotPart(x report.MemorySlot, m marks) part {
	name := cmp.Or(x.Locator, x.Handle)
	q := part{Kind: "dimm", Name: name, State: "empty", Level: empty, Lines: []string{"", ""}}
	if x.Populated {
		q.State, q.Level = "", good
		speed := label.Number(x.SpeedMTs, " MT/s")
		if x.ConfiguredSpeedMTs != 0 && x.ConfiguredSpeedMTs != x.SpeedMTs {
			speed = fmt.Sprintf("%d of %s", x.ConfiguredSpeedMTs, cmp.Or(speed, "? MT/s"))
		}
		q.Lines = []string{label.Join(cmp.Or(label.Memory(x.SizeBytes), "size unknown"), x.Type), speed}
	}
	q.About = present(x.BankLocator, label.Join(x.Manufacturer, x.PartNumber), label.Serial(x.SerialNumber))
	m.mark(&q, "memory", name)
	return q
}

func storage(p *page, r *report.Report, m marks) {
	if r.Storage == nil {
		return
	}
	var parts []part
	total := uint64(0)
	for _, d := range r.Storage.Drives {
		total += d.SizeBytes
		parts = append(parts, drivePart(d, m))
	}
	s := section{ID: "storage", Title: "Storage", Note: label.Count(len(parts), "drive") + label.Prefix(", ", label.Capacity(total))}
	s.draw("Drives", parts)
	s.table(tabulate("Drives", "Drive", r.Storage.Drives, label.Capacity, func(d report.Drive) cell {
		return m.cell(d.Name(), "storage", d.Name())
	}, "path", "smartctl_type", "volumes", "smart_ata_attributes"))
	s.table(tabulate("RAID controllers", "Controller", r.Storage.Controllers, label.Memory, func(c report.RAIDController) cell {
		return m.cell(c.Name, "storage", c.Name)
	}, "name", "arrays"))
	s.table(tabulate("Arrays of RAID controllers", "Array", arrays(r.Storage.Controllers), label.Capacity, func(a array) cell {
		return m.cell(a.Name, "storage", cmp.Or(a.Path, a.Controller+" array "+a.Name))
	}, "name"))
	s.table(tabulate("What is on the drives", "Volume", volumes(r.Storage.Drives), label.Capacity, func(v volume) cell {
		return cell{Text: v.Path}
	}, "path", "volumes"))
	for _, d := range r.Storage.Drives {
		if d.SMART != nil {
			t := tabulate("SMART attributes of "+d.Name(), "Attribute", d.SMART.ATAAttributes, label.Capacity, func(a report.ATAAttribute) cell {
				return cell{Text: cmp.Or(a.Name, fmt.Sprint(a.ID))}
			}, "name")
			t.Folded = true
			s.table(t)
		}
	}
	p.Sections = append(p.Sections, s)
	p.Tiles = append(p.Tiles, m.tile(s.ID, "Drives", fmt.Sprint(len(parts)), label.Capacity(total)))
}

// array is an array and the controller that it is of.
type array struct {
	Controller string `json:"controller"`
	report.RAIDArray
}

func arrays(controllers []report.RAIDController) []array {
	var all []array
	for _, c := range controllers {
		for _, a := range c.Arrays {
			all = append(all, array{c.Name, a})
		}
	}
	return all
}

// volume is a volume and what it is on.
type volume struct {
	On string `json:"on"`
	report.Volume
}

// volumes lists the volumes on drives, each before those that are on it.
func volumes(drives []report.Drive) []volume {
	var all []volume
	var list func(on string, c report.Content)
	list = func(on string, c report.Content) {
		for _, v := range c.Volumes {
			all = append(all, volume{on, v})
			list(v.Path, v.Content)
		}
	}
	for _, d := range drives {
		list(d.Name(), d.Content)
	}
	return all
}

func drivePart(d report.Drive, m marks) part {
	smart := of(d.SMART)
	q := part{Kind: "bay", Name: d.Name()}
	switch {
	case smart.Passed == nil && d.RAIDVolume:
		q.State = "RAID volume"
	case smart.Passed == nil && d.Member != nil:
		q.State = d.Member.State
	case smart.Passed == nil:
		q.State = "unknown"
	case *smart.Passed:
		q.State, q.Level = "healthy", good
	default:
		q.State, q.Level = "failed", critical
	}
	heat := ""
	if t := smart.TemperatureCelsius; t != nil {
		heat = fmt.Sprintf("%d °C", *t)
	}
	q.Lines = []string{
		cmp.Or(label.Join(d.Vendor, d.Model), "unknown model"),
		label.Serial(d.SerialNumber),
		dotted(label.Capacity(d.SizeBytes), d.Transport, heat),
	}
	if u := smart.UsedPercent; u != nil {
		q.Bars = append(q.Bars, bar{"Worn", fmt.Sprintf("%d %%", *u), float64(*u)})
	}
	q.About = present(label.Prefix("firmware ", d.FirmwareVersion), strings.ReplaceAll(strings.Join(smart.Warnings, ", "), "_", " "))
	m.mark(&q, "storage", d.Name())
	return q
}

func pcie(p *page, r *report.Report, m marks) {
	if r.PCIe == nil {
		return
	}
	var devices, rest []report.PCIDevice
	for _, d := range r.PCIe.Devices {
		if label.Quiet(d) {
			rest = append(rest, d)
		} else {
			devices = append(devices, d)
		}
	}
	name := func(d report.PCIDevice) cell { return m.cell(d.Address, "pcie", d.Address) }
	s := section{ID: "pcie", Title: "PCI", Note: label.Count(len(r.PCIe.Devices), "function")}
	s.table(tabulate("Devices", "Address", devices, label.Memory, name, "address"))
	t := tabulate(fmt.Sprintf("Bridges and system devices (%d)", len(rest)), "Address", rest, label.Memory, name, "address")
	t.Folded = true
	s.table(t)
	s.table(tabulate("Slots for cards", "Slot", r.PCIe.Slots, label.Memory, func(x report.ExpansionSlot) cell {
		return cell{Text: cmp.Or(x.Designation, x.Handle)}
	}, "designation"))
	p.Sections = append(p.Sections, s)
	p.Tiles = append(p.Tiles, m.tile(s.ID, "PCI devices", fmt.Sprint(len(devices)), fmt.Sprintf("and %s and the like", label.Count(len(rest), "bridge"))))
}

func network(p *page, r *report.Report, m marks) {
	if r.Network == nil {
		return
	}
	var parts []part
	linked := 0
	for _, i := range r.Network.Interfaces {
		if i.Virtual() {
			continue
		}
		q := part{Kind: "port", Name: i.Name, State: "link unknown"}
		switch {
		case i.Link != nil && *i.Link:
			linked++
			q.State, q.Level = "link", good
		case i.Link != nil:
			q.State, q.Level = "no link", empty
		case !i.Up:
			q.State, q.Level = "off", empty
		}
		q.Lines = []string{i.MACAddress, dotted(label.Number(i.SpeedMbps, " Mb/s"), i.Driver, i.Port)}
		q.About = present(i.BusAddress, label.Prefix("firmware ", i.FirmwareVersion))
		m.mark(&q, "network", i.Name)
		parts = append(parts, q)
	}
	s := section{ID: "network", Title: "Network", Note: fmt.Sprintf("%s, %d with a link", label.Count(len(parts), "interface"), linked)}
	s.draw("Interfaces", parts)
	s.table(tabulate("Network interfaces", "Interface", r.Network.Interfaces, label.Memory, func(i report.Interface) cell {
		return m.cell(i.Name, "network", i.Name)
	}, "name"))
	s.table(tabulate("IP addresses", "Interface", r.Network.IPAddresses, label.Memory, func(a report.IPAddress) cell {
		return cell{Text: a.Interface}
	}, "interface"))
	s.table(tabulate("InfiniBand ports", "Port", r.Network.InfiniBandPorts, label.Memory, func(i report.InfiniBandPort) cell {
		name := fmt.Sprintf("%s/%d", i.Device, i.Port)
		return m.cell(name, "network", name)
	}))
	p.Sections = append(p.Sections, s)
	p.Tiles = append(p.Tiles, m.tile(s.ID, "Network", fmt.Sprint(len(parts)), fmt.Sprintf("%d with a link", linked)))
}

func psu(p *page, r *report.Report, m marks) {
	if r.PSU == nil {
		return
	}
	var parts []part
	var sensors []table
	ok := 0
	for _, x := range r.PSU.Supplies {
		q := part{Kind: "psu", Name: supplyName(x), State: strings.ReplaceAll(x.State, "_", " ")}
		switch x.State {
		case "ok":
			ok++
			q.Level = good
		case "failed", "no_input":
			q.Level = critical
		case "absent":
			q.Level = empty
		}
		q.Lines = []string{label.Join(x.Manufacturer, x.Model), label.Serial(x.SerialNumber), label.Number(x.MaxWatts, " W at most")}
		q.About = present(label.Prefix("part ", x.PartNumber), strings.Join(x.Status, ", "))
		m.mark(&q, "psu", x.Name)
		parts = append(parts, q)
		sensors = append(sensors, sensorTable("Sensors of "+q.Name, x.Sensors))
	}
	s := section{ID: "psu", Title: "Power supplies", Note: fmt.Sprintf("%d of %d known to work", ok, len(parts))}
	s.draw("Supplies", parts)
	s.table(tabulate("Power supplies", "Supply", r.PSU.Supplies, label.Memory, func(x report.PowerSupply) cell {
		return m.cell(supplyName(x), "psu", x.Name)
	}, "name", "sensors"))
	s.table(tabulate("Redundancy", "Sensor", r.PSU.Redundancy, label.Memory, func(x report.Redundancy) cell {
		return cell{Text: x.Name}
	}, "name"))
	sensors = append(sensors, sensorTable("Sensors of all supplies together", r.PSU.Sensors))
	for _, t := range sensors {
		s.table(t)
	}
	p.Sections = append(p.Sections, s)
	p.Tiles = append(p.Tiles, m.tile(s.ID, "Power supplies", fmt.Sprint(len(parts)), fmt.Sprintf("%d known to work", ok)))
}

func bmc(p *page, r *report.Report, m marks) {
	b := r.BMC
	if b == nil {
		return
	}
	s := section{ID: "bmc", Title: "BMC"}
	if b.LAN != nil {
		s.table(properties("Its network", *b.LAN))
	}
	if b.Chassis != nil {
		s.table(properties("Chassis", *b.Chassis))
	}
	s.table(tabulate("Sensors and their limits", "Sensor", b.Sensors, label.Memory, func(x report.BMCSensor) cell {
		return m.cell(x.Name, "bmc", x.Name)
	}, "name"))
	if log := b.EventLog; log != nil {
		s.table(properties("Event log", struct {
			Entries     uint64  `json:"entries"`
			UsedPercent *uint64 `json:"used_percent,omitempty"`
			Overflow    *bool   `json:"overflow,omitempty"`
		}{log.Entries, log.UsedPercent, log.Overflow}))
		s.table(tabulate("Newest events", "Sensor", log.Newest, label.Memory, func(x report.BMCEvent) cell {
			return m.cell(x.Sensor, "bmc", x.Sensor)
		}, "sensor"))
	}
	p.Sections = append(p.Sections, s)
}

func sensorTable(caption string, sensors []report.Sensor) table {
	return tabulate(caption, "Sensor", sensors, label.Memory, func(x report.Sensor) cell { return cell{Text: x.Name} }, "name")
}

func supplyName(x report.PowerSupply) string { return cmp.Or(x.Name, x.Handle, "unnamed") }

// properties makes a table of the fields of one thing.
func properties[T any](caption string, of T) table {
	t := tabulate(caption, "", []T{of}, label.Memory, func(T) cell { return cell{} })
	if len(t.Head) <= manyColumns {
		t = t.turned()
	}
	t.Head = nil
	return t
}

// draw adds a figure with one group of parts, none where there are none.
func (s *section) draw(caption string, parts []part) {
	if len(parts) > 0 {
		s.Figures = append(s.Figures, figure{caption, []group{{Parts: draw(parts)}}})
	}
}

// table adds a table, unless it is empty.
func (s *section) table(t table) {
	if len(t.Rows) > 0 {
		s.Tables = append(s.Tables, t)
	}
}

// of returns what a pointer points to, and an empty value for nil.
func of[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// present returns what is not empty.
func present(all ...string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// dotted joins what is not empty.
func dotted(all ...string) string { return strings.Join(present(all...), " · ") }
