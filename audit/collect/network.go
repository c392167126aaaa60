package collect

import (
	"cmp"
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"

	"bee/audit/report"
	"bee/audit/tool/ethtool"
	"bee/core/printable"
)

var network = Collector{
	Name:  "network",
	About: "network interfaces, their addresses, links and firmware (sysfs; ethtool where it is installed)",
	Collect: func(ctx context.Context, t *Task) {
		names, ok := interfaces(t.Files())
		if !ok {
			return
		}
		n := &report.Network{Interfaces: make([]report.Interface, len(names))}
		for i, name := range names {
			n.Interfaces[i].Name = printable.Escape([]byte(name))
		}
		t.Update(func(r *report.Report) { r.Network = n })

		t.Each(len(names), func(i int) {
			if found, ok := ask(ctx, t, names[i], func() report.Interface { return readInterface(t.Files(), names[i]) }); ok {
				t.Update(func(*report.Report) { n.Interfaces[i] = found })
			}
		})
		if !t.Has("ethtool") {
			return
		}
		t.Each(len(names)*len(questions), func(i int) {
			name, question := names[i/len(questions)], questions[i%len(questions)]
			result := t.Run(ctx, "ethtool", append(slices.Clone(question.options), name)...)
			if result.Err != nil && ethtool.Unsupported(result.Stdout, result.Stderr) {
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
	}
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

// busAddress returns the address of the device that an interface belongs to, by
// the place of the interface in the tree of devices:
//
//	../../devices/pci0000:00/0000:00:03.0/virtio2/net/eth0
func busAddress(files fs.FS, dir string) string {
	place, _ := fs.ReadLink(files, dir)
	device, _, _ := strings.Cut(place, "/net/")
	if strings.HasPrefix(path.Base(device), "virtio") {
		device = path.Dir(device)
	}
	if device == "" {
		return leadsTo(files, dir+"/device")
	}
	return printable.Escape([]byte(path.Base(device)))
}

// question is a way to ask ethtool. read returns what its output adds to an
// interface of which sysfs was read.
type question struct {
	options []string
	read    func(out []byte) (add func(*report.Interface), err error)
}

var questions = []question{
	{[]string{"-i"}, func(out []byte) (func(*report.Interface), error) {
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
	{[]string{"-P"}, func(out []byte) (func(*report.Interface), error) {
		address, err := ethtool.ParsePermanentAddress(out)
		return func(i *report.Interface) { i.PermanentMACAddress = address }, err
	}},
	{nil, func(out []byte) (func(*report.Interface), error) {
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
}
