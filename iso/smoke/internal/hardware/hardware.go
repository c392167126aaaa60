// Package hardware is what QEMU makes of a [machine.Machine] for the audit to find,
// and what the audit's report has to say about it.
package hardware

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"bee/core/machine"
	"bee/iso/smoke/internal/qemu"
)

// part is something that a machine is made of.
type part struct {
	// QEMU's arguments.
	args []string
	// What the audit has to say about it.
	wants []want
}

// Network says who reaches a machine, and whom it reaches.
type Network struct {
	// SSH is the address, host:port, at which the machine's port 22 answers.
	SSH string
	// Internet: the machine reaches what this machine reaches, its own services included.
	// Else it reaches nothing.
	Internet bool
}

// FirstCard is the network of a machine's first card, by the id of its -netdev.
const FirstCard = "net1"

// FirstMAC is the address of that card, Guest the one that the network gives it, and Host
// that of the machine which QEMU runs on.
const (
	FirstMAC = "52:54:00:be:e0:01"
	Guest    = "10.0.2.15"
	Host     = "10.0.2.2"
)

// files are what the arguments of a machine name.
type files [][]byte

// add adds one, and returns its path in QEMU.
func (f *files) add(content []byte) (path string) {
	*f = append(*f, content)
	return qemu.File(len(*f) - 1)
}

// parts are what the machine is made of.
func parts(m machine.Machine, n Network, f *files) []part {
	if m.Profile == machine.Server {
		return []part{server(f), network(n, virtioCard, e1000eCard, vmxnet3Card), bmc(f)}
	}
	all := []part{drives[m.Disk], board()}
	if cards := networks[m.Network]; len(cards) > 0 {
		all = append(all, network(n, cards...))
	}
	if m.BMC {
		all = append(all, bmc(f))
	}
	return all
}

// Of is the hardware of a machine in a network.
func Of(m machine.Machine, n Network) qemu.Hardware {
	var f files
	var args []string
	for _, p := range parts(m, n, &f) {
		args = append(args, p.args...)
	}
	return qemu.Hardware{Args: args, Files: f}
}

// board is a board that has a name.
func board() part {
	return part{
		args: option("-smbios", "type=2", "manufacturer=bee", "product=smoke"),
		wants: []want{
			{"hardware-board", "board.baseboards", fields{"manufacturer": "bee", "product_name": "smoke"}},
		},
	}
}

// drives are the one drive of a machine, by what it is connected by.
var drives = map[string]part{
	machine.NVMe:      drive(fields{"transport": "nvme"}, option("-device", "nvme", "drive=disk", driveSerial)),
	machine.VirtioBlk: drive(fields{"transport": "virtio"}, option("-device", "virtio-blk-pci", "drive=disk", driveSerial)),
	machine.AHCI:      drive(fields{"transport": "sata"}, option("-device", "ide-hd", "drive=disk", "bus=ide.2", driveSerial)),
	machine.VirtioSCSI: drive(fields{"vendor": "QEMU"}, option("-device", "virtio-scsi-pci", "id=scsi"),
		option("-device", "scsi-hd", "drive=disk", "bus=scsi.0", driveSerial)),
}

const driveSerial = "serial=SMOKE-DRIVE-1"

// drive is a drive that the audit has to find by its serial number, with fields
// that tell how it is connected.
func drive(connected fields, devices ...[]string) part {
	connected["serial_number"], connected["size_bytes"] = strings.TrimPrefix(driveSerial, "serial="), 8<<30
	return part{
		args:  slices.Concat(append([][]string{disk("disk", 8<<30)}, devices...)...),
		wants: []want{{"hardware-drives", "storage.drives", connected}},
	}
}

// disk is a block device of QEMU that is all zeros and takes no room.
func disk(id string, bytes int64) []string {
	return []string{"-blockdev", fmt.Sprintf("driver=null-co,node-name=%s,size=%d,read-zeroes=on", id, bytes)}
}

// card is a kind of network card: what QEMU calls it, and what the audit says of
// it.
type card struct {
	device string
	wants  fields
}

var (
	virtioCard  = card{"virtio-net-pci", fields{"driver": "virtio_net", "link": true}}
	e1000eCard  = card{"e1000e", fields{"driver": "e1000e", "link": true, "speed_mbps": 1000}}
	vmxnet3Card = card{"vmxnet3", fields{"driver": "vmxnet3", "link": true}}
	e1000Card   = card{"e1000", fields{"driver": "e1000", "link": true, "speed_mbps": 1000}}
)

var networks = map[string][]card{
	machine.Virtio: {virtioCard},
	machine.E1000e: {e1000eCard},
	machine.Four:   {virtioCard, e1000eCard, vmxnet3Card, e1000Card},
	machine.None:   {},
}

// network is cards, each in a network of its own. SSH is forwarded to the first, and the
// internet is behind it.
func network(n Network, cards ...card) part {
	var p part
	for i, c := range cards {
		id, mac := fmt.Sprintf("net%d", i+1), fmt.Sprintf("52:54:00:be:e0:%02x", i+1)
		user := []string{"user", "id=" + id, fmt.Sprintf("net=10.0.%d.0/24", i+2)}
		if id == FirstCard {
			user = append(user, "hostfwd=tcp:"+n.SSH+"-:22")
		}
		if id != FirstCard || !n.Internet {
			user = append(user, "restrict=on")
		}
		p.args = slices.Concat(p.args, option("-netdev", user...),
			option("-device", c.device, "netdev="+id, "mac="+mac, "romfile=")) // no boot over the network
		wants := fields{"mac_address": mac, "permanent_mac_address": mac}
		maps.Copy(wants, c.wants)
		p.wants = append(p.wants, want{"hardware-network", "network.interfaces", wants})
	}
	return p
}

// bmc is a BMC that knows a power supply.
func bmc(f *files) part {
	inventory := f.add(fruFile(
		fru{manufacturer: "ACME", name: "Base board of the BMC", part: "BB-1", serial: "FRU-BOARD-1"},
		fru{manufacturer: "ACME", name: "Power supply 750 W", part: "P750-1", serial: "PSU-FRU-1", watts: 750},
	))
	records := f.add(sdrFile(fruLocator(1, entityPowerSupply, 1, "PSU1 FRU")))
	return part{
		args: slices.Concat(
			option("-device", "ipmi-bmc-sim", "id=bmc", "frudatafile="+inventory, "sdrfile="+records, "fwrev1=2", "fwrev2=68"),
			option("-device", "isa-ipmi-kcs", "bmc=bmc")),
		wants: []want{
			{"hardware-bmc", "board.bmc", fields{"firmware_version": "2.44"}}, // 68 is 44 in BCD
			{"hardware-power", "psu.supplies", fields{"serial_number": "PSU-FRU-1", "part_number": "P750-1"}},
		},
	}
}

// option is one of QEMU's options with parameters, name=value pairs.
func option(name string, parameters ...string) []string {
	escaped := make([]string, len(parameters))
	for i, p := range parameters {
		escaped[i] = qemu.Escape(p)
	}
	return []string{name, strings.Join(escaped, ",")}
}
