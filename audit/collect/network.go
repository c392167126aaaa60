package collect

import (
	"bytes"
	"cmp"
	"context"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"bee/audit/collect/machine"
	"bee/audit/report"
	"bee/audit/tool/ethtool"
	"bee/audit/tool/ipaddress"
	"bee/audit/tool/lldp"
	"bee/core/printable"
)

var network = Collector{
	Name:  "network",
	About: "network interfaces, their addresses, links, modules, counters and firmware, and InfiniBand ports (sysfs; ethtool and ip where they are installed)",
	Collect: func(ctx context.Context, t *Task) {
		names, ok := interfaces(t.Files())
		if !ok {
			return
		}
		n := &report.Network{Interfaces: make([]report.Interface, len(names)), InfiniBandPorts: infiniBand(t.Files())}
		for i, name := range names {
			n.Interfaces[i].Name = printable.Escape([]byte(name))
		}
		t.Update(func(r *report.Report) { r.Network = n })

		t.Each(len(names), func(i int) {
			if found, ok := ask(ctx, t, names[i], func() report.Interface { return readInterface(t.Files(), names[i]) }); ok {
				t.Update(func(*report.Report) { n.Interfaces[i] = found })
			}
		})
		virtual := make([]bool, len(names))
		t.Update(func(*report.Report) {
			for i := range n.Interfaces {
				virtual[i] = n.Interfaces[i].Virtual()
			}
		})
		ethtools := 0
		if t.Has("ethtool") {
			ethtools = len(names) * len(questions)
		}
		t.Each(1+ethtools, func(i int) {
			if i == 0 {
				askNeighbours(ctx, t, n)
				askAddresses(ctx, t, n)
				return
			}
			i--
			name, question := names[i/len(questions)], questions[i%len(questions)]
			// A setting of an adapter has no port of its own.
			if question.optional && virtual[i/len(questions)] {
				return
			}
			result := t.Run(ctx, "ethtool", append(slices.Clone(question.options), name)...)
			exited := exitStatus(result)
			if exited != nil && *exited != 0 && (ethtool.Unsupported(result.Stdout, result.Stderr) || question.optional && ethtool.Nothing(result.Stdout, result.Stderr)) {
				return
			}
			add, err := question.read(result.Stdout)
			t.Check(result, err)
			if err == nil {
				t.Update(func(*report.Report) { add(&n.Interfaces[i/len(questions)]) })
			}
		})
	},
}

// Addresses returns the IP addresses that a machine has at this moment.
func Addresses(ctx context.Context, m machine.Machine) ([]report.IPAddress, error) {
	result := m.Run(ctx, machine.Command{Tool: "ip", Args: ipaddress.Args, Limit: usualLimit})
	return ipaddress.Parse(result.Stdout), result.Err
}

// askAddresses asks for IP addresses late, as leases come while switches are listened to; not
// when the audit's time is over, which an error of what took it tells.
func askAddresses(ctx context.Context, t *Task, n *report.Network) {
	if ctx.Err() != nil || !t.Machine.Has("ip") {
		return
	}
	result := t.Run(ctx, "ip", ipaddress.Args...)
	t.Check(result, nil)
	addresses := ipaddress.Parse(result.Stdout)
	t.Update(func(*report.Report) { n.IPAddresses = addresses })
}

// askNeighbours listens for what is at the other end of cables: a program of audit's does, so
// that there is an end to it whatever comes from the network.
func askNeighbours(ctx context.Context, t *Task, n *report.Network) {
	if !t.Machine.Has("audit") { // it is not in PATH
		return
	}
	wait := lldp.Interval
	// What switches say does not get into virtual machines, or at once.
	if flags, _ := fs.ReadFile(t.Files(), "proc/cpuinfo"); bytes.Contains(flags, []byte(" hypervisor")) {
		wait = 3 * time.Second
	}
	result := t.Run(ctx, "audit", "lldp", "--json", "--for", wait.String())
	heard, err := lldp.ParseHeard(result.Stdout)
	t.Check(result, err)
	t.Update(func(*report.Report) {
		for _, h := range heard {
			if i := slices.IndexFunc(n.Interfaces, func(i report.Interface) bool { return i.Name == h.Interface }); i >= 0 {
				n.Interfaces[i].Neighbours = append(n.Interfaces[i].Neighbours, h.Neighbour)
			}
		}
	})
}

// interfaces lists the network interfaces that hardware stands behind. It is not
// ok where the kernel has no network.
func interfaces(files fs.FS) (names []string, ok bool) {
	entries, err := fs.ReadDir(files, "sys/class/net")
	if err != nil {
		return nil, false
	}
	for _, e := range entries {
		if _, err := fs.ReadLink(files, path.Join("sys/class/net", e.Name(), "device")); err == nil {
			names = append(names, e.Name())
		}
	}
	return names, true
}

// kinds are hardware types (linux/if_arp.h).
var kinds = map[int64]string{1: "ethernet", 32: "infiniband"}

// readInterface reads what sysfs has of an interface (the kernel's
// Documentation/ABI/testing/sysfs-class-net).
func readInterface(files fs.FS, name string) report.Interface {
	dir := path.Join("sys/class/net", name)
	kind, _ := number(files, dir+"/type")
	mtu, _ := number(files, dir+"/mtu")
	flags, _ := number(files, dir+"/flags")
	i := report.Interface{
		Name:              printable.Escape([]byte(name)),
		Type:              kinds[kind],
		MACAddress:        ethtool.Address(line(files, dir+"/address")),
		Up:                flags&1 != 0, // IFF_UP
		State:             line(files, dir+"/operstate"),
		MTUBytes:          uint64(max(mtu, 0)),
		Driver:            leadsTo(files, dir+"/device/driver"),
		BusAddress:        busAddress(files, dir),
		VirtualFunctionOf: leadsTo(files, dir+"/device/physfn"),
		Master:            leadsTo(files, dir+"/master"),
	}
	if source, ok := number(files, dir+"/addr_assign_type"); ok {
		i.MACAddressSource = sources[source]
	}
	if parent, name := path.Split(device(files, dir)); subfunction.MatchString(name) {
		i.VirtualFunctionOf = printable.Escape([]byte(path.Base(parent)))
	}
	if name := line(files, dir+"/phys_port_name"); representor.MatchString(name) {
		i.Represents = name
	}
	i.PermanentMACAddress = ownAddress(files, dir, i)
	i.Counters = counters(files, dir)
	if !i.Up {
		return i
	}
	if carrier, ok := number(files, dir+"/carrier"); ok {
		link := carrier != 0
		i.Link = &link
	}
	// Without a link, some drivers tell what the last one had.
	if i.Link != nil && *i.Link {
		// An unknown speed is -1, on some kernels as 32 bits without a sign.
		if speed, ok := number(files, dir+"/speed"); ok && speed > 0 && speed < 1<<31-1 {
			i.SpeedMbps = uint64(speed)
		}
		switch duplex := line(files, dir+"/duplex"); duplex {
		case "full", "half":
			i.Duplex = duplex
		}
	}
	return i
}

// counters reads what the kernel counts of an interface, nil where it does not.
func counters(files fs.FS, dir string) *report.InterfaceCounters {
	var c report.InterfaceCounters
	known := false
	for name, count := range map[string]*uint64{
		"rx_packets": &c.RXPackets, "tx_packets": &c.TXPackets, "rx_errors": &c.RXErrors, "rx_crc_errors": &c.RXCRCErrors, "rx_frame_errors": &c.RXFrameErrors,
		"rx_missed_errors": &c.RXMissedErrors, "tx_errors": &c.TXErrors, "tx_carrier_errors": &c.TXCarrierErrors,
	} {
		if n, ok := number(files, dir+"/statistics/"+name); ok && n >= 0 {
			*count, known = uint64(n), true
		}
	}
	if n, ok := number(files, dir+"/carrier_changes"); ok && n >= 0 {
		c.CarrierChanges, known = uint64(n), true
	}
	if !known {
		return nil
	}
	return &c
}

// sources are where an address in use comes from, by addr_assign_type.
var sources = map[int64]string{0: "permanent", 1: "random", 2: "copied", 3: "set"}

var (
	// representor is the name of a port that leads to a function of the host, or of the
	// machine that the adapter sits in: pf0, pf0vf1, pf0sf88, c1pf0vf2, pf0hpf. A port
	// that leads out is p0.
	representor = regexp.MustCompile(`^(c\d+)?pf\d+(hpf|(vf|sf)\d+)?$`)
	// subfunction is the name of a device on the auxiliary bus that is a part of a PCI
	// function: mlx5_core.sf.4.
	subfunction = regexp.MustCompile(`\.sf\.\d+$`)
)

// ownAddress returns the address that an interface was made with, as far as the kernel
// tells without ethtool. A member of a bond has the bond's address; the bond keeps the
// one that it found, and does not know where that came from. Other masters keep none.
func ownAddress(files fs.FS, dir string, i report.Interface) string {
	if found := ethtool.Address(line(files, dir+"/bonding_slave/perm_hwaddr")); found != "" {
		return found
	}
	if i.MACAddressSource == "permanent" {
		return i.MACAddress
	}
	return ""
}

// device returns the place in the tree of devices of what an interface belongs to, "" where
// that is not known.
func device(files fs.FS, dir string) string {
	place, _ := fs.ReadLink(files, dir)
	device, _, _ := strings.Cut(place, "/net/")
	return device
}

// busAddress returns the address of the device that an interface belongs to, by
// the place of the interface in the tree of devices:
//
//	../../devices/pci0000:00/0000:00:03.0/virtio2/net/eth0
func busAddress(files fs.FS, dir string) string {
	place := device(files, dir)
	if base := path.Base(place); strings.HasPrefix(base, "virtio") || subfunction.MatchString(base) {
		place = path.Dir(place)
	}
	if place == "" {
		return leadsTo(files, dir+"/device")
	}
	return printable.Escape([]byte(path.Base(place)))
}

// question is a way to ask ethtool. read returns what its output adds to an
// interface of which sysfs was read.
type question struct {
	options []string
	// optional: many ports have nothing to say.
	optional bool
	read     func(out []byte) (add func(*report.Interface), err error)
}

var questions = []question{
	{[]string{"-i"}, false, func(out []byte) (func(*report.Interface), error) {
		d, err := ethtool.ParseDriver(out)
		return func(i *report.Interface) {
			i.Driver = cmp.Or(i.Driver, d.Name)
			i.DriverVersion = d.Version
			// The kernel's common part of drivers for USB writes what kind of device it
			// is in the firmware's place. r8152 does without that part.
			if !strings.HasPrefix(d.BusAddress, "usb-") || d.Name == "r8152" {
				i.FirmwareVersion = d.FirmwareVersion
			}
			i.BusAddress = cmp.Or(i.BusAddress, d.BusAddress)
		}, err
	}},
	{[]string{"-P"}, false, func(out []byte) (func(*report.Interface), error) {
		address, err := ethtool.ParsePermanentAddress(out)
		return func(i *report.Interface) { i.PermanentMACAddress = cmp.Or(address, i.PermanentMACAddress) }, err
	}},
	{nil, false, func(out []byte) (func(*report.Interface), error) {
		s, err := ethtool.ParseSettings(out)
		return func(i *report.Interface) {
			i.MaxSpeedMbps = s.MaxSpeedMbps
			i.Port = s.Port
			if !i.Up {
				return
			}
			i.Link = cmp.Or(i.Link, s.Link)
			if i.Link != nil && *i.Link {
				i.SpeedMbps = cmp.Or(i.SpeedMbps, s.SpeedMbps)
				i.Duplex = cmp.Or(i.Duplex, s.Duplex)
			} else {
				i.NoLinkReason = s.NoLinkReason
			}
		}, err
	}},
	{[]string{"-m"}, true, func(out []byte) (func(*report.Interface), error) {
		m, err := ethtool.ParseModule(out)
		return func(i *report.Interface) {
			if m.Type == "" && m.Vendor == "" {
				return
			}
			i.Module = &report.Module{
				Type: m.Type, Vendor: m.Vendor, PartNumber: m.PartNumber, Revision: m.Revision, SerialNumber: m.SerialNumber, DateCode: m.DateCode,
				TemperatureCelsius: m.Celsius, ReceiveMilliwatts: m.Received, TransmitMilliwatts: m.Sent, Alarms: m.Alarms,
			}
		}, err
	}},
	{[]string{"-I", "--show-fec"}, true, func(out []byte) (func(*report.Interface), error) {
		f, err := ethtool.ParseFEC(out)
		return func(i *report.Interface) {
			// Without a link it says what the next one may have.
			if i.Link != nil && *i.Link {
				i.FEC = &report.FEC{Active: f.Active, CorrectedBlocks: f.Corrected, UncorrectableBlocks: f.Uncorrectable}
			}
		}, err
	}},
}
