// Package hardware is what QEMU makes of a [machine.Machine] for the audit to find,
// and what the audit's report has to say about it.
package hardware

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"bee/core/machine"
	"bee/iso/smoke/internal/bmc"
	"bee/iso/smoke/internal/qemu"
	"bee/iso/smoke/internal/tpm"
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
	// Serve is who is at the other end of the first card's network, where the machine boots over
	// it: the address and SSH are of that then, and nothing else is reached. nil: QEMU itself.
	Serve func(*net.UnixConn) error
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

// files are what a machine's QEMU is handed.
type files []qemu.Handed

// add adds a file, and returns its path in QEMU.
func (f *files) add(content []byte) (path string) {
	*f = append(*f, qemu.Handed{Content: content})
	return qemu.File(len(*f) - 1)
}

// serve adds a socket, and returns its number in QEMU. It may need a program.
func (f *files) serve(program string, serve func(*net.UnixConn) error) (number int) {
	*f = append(*f, qemu.Handed{Serve: serve, Program: program})
	return qemu.Socket(len(*f) - 1)
}

// parts are what the machine is made of.
func parts(m machine.Machine, n Network, f *files) []part {
	if m.Profile == machine.Server {
		return []part{server(f), firmware(m), secondConsole(), network(m, n, f, virtioCard, e1000eCard, vmxnet3Card), withBMC(f), withTPM(f)}
	}
	all := []part{drives[m.Disk], board(), firmware(m)}
	if cards := networks[m.Network]; len(cards) > 0 {
		all = append(all, network(m, n, f, cards...))
	}
	if m.BMC {
		all = append(all, withBMC(f))
	}
	if m.Console == machine.TTYS1 {
		all = append(all, secondConsole())
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
	return qemu.Hardware{Args: args, Handed: f}
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

// firmware is what starts the machine: package qemu has its arguments. That of UEFI has no keys.
func firmware(m machine.Machine) part {
	started := fields{"boot_mode": machine.BIOS, "secure_boot": absent}
	if m.HasUEFI() {
		started = fields{"boot_mode": machine.UEFI, "secure_boot": m.Firmware == machine.UEFISecure}
	}
	if m.Firmware == machine.UEFISecure {
		started["kernel_lockdown"] = "integrity"
	}
	return part{wants: []want{{"hardware-platform", "platform", started}}}
}

// secondConsole has nobody at the first serial port: what QEMU is told of next is the second.
func secondConsole() part { return part{args: []string{"-serial", "null"}} }

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
// internet is behind it; or a server is, which the machine boots from.
func network(m machine.Machine, n Network, f *files, cards ...card) part {
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
		device := []string{c.device, "netdev=" + id, "mac=" + mac}
		boots := id == FirstCard && n.Serve != nil
		if boots {
			user = []string{"stream", "id=" + id, "server=on", "addr.type=fd", fmt.Sprintf("addr.str=%d", f.serve("", n.Serve))}
			device = append(device, "bootindex=0")
		}
		// UEFI has drivers of its own; BIOS has what is in the card's ROM
		if !boots || m.HasUEFI() {
			device = append(device, "romfile=")
		}
		p.args = slices.Concat(p.args, option("-netdev", user...), option("-device", device...))
		if boots {
			p.args = append(p.args, netboot(m)...)
		}
		wants := fields{"mac_address": mac, "permanent_mac_address": mac}
		maps.Copy(wants, c.wants)
		p.wants = append(p.wants, want{"hardware-network", "network.interfaces", wants})
	}
	return p
}

// netboot is what UEFI needs beside a card to boot over it: random numbers, without which that
// of 2024 and newer has no network where the processor makes none; and, where it is to load an
// ISO by HTTP, not to ask for a file by PXE first.
func netboot(m machine.Machine) []string {
	var args []string
	if m.HasUEFI() {
		args = option("-device", "virtio-rng-pci")
	}
	if m.Media == machine.HTTP {
		for _, version := range []string{"IPv4", "IPv6"} {
			args = append(args, option("-fw_cfg", "name=opt/org.tianocore/"+version+"PXESupport", "string=n")...)
		}
	}
	return args
}

// theBMC knows a power supply, that a fan turns too slowly, and that memory had an error an hour
// before; it has a network, and the chassis was open.
func theBMC(now time.Time) *bmc.BMC {
	const (
		temperature, fan = 0x01, 0x04 // kinds of sensors (table 42-3), as which event's is
		celsius, rpm     = 1, 18      // units (table 43-15)
		cpuTemp, fan2    = 1, 2       // numbers of sensors
	)
	return &bmc.BMC{
		Firmware: [2]byte{2, 0x44},
		Inventories: [][]byte{
			fru{manufacturer: "ACME", name: "Base board of the BMC", part: "BB-1", serial: "FRU-BOARD-1"}.bytes(),
			fru{manufacturer: "ACME", name: "Power supply 750 W", part: "P750-1", serial: "PSU-FRU-1", watts: 750}.bytes(),
		},
		Records: numbered(
			fruLocator(1, entityPowerSupply, 1, "PSU1 FRU"),
			sensorRecord(cpuTemp, temperature, celsius, 1, "CPU1 Temp"),
			sensorRecord(fan2, fan, rpm, 100, "FAN2"),
		),
		Sensors: map[byte]bmc.Sensor{
			cpuTemp: {Value: 41, Limits: [6]byte{5, 3, 1, 93, 95, 98}},
			fan2:    {Value: 4, Limits: [6]byte{7, 5, 3, 250, 251, 252}},
		},
		Events: numbered(memoryError(now.Add(-time.Hour))),
		LAN: map[byte][]byte{ // table 23-4
			0: {0}, 3: {192, 0, 2, 42}, 4: {1}, 5: {0x52, 0x54, 0, 0xbe, 0xe0, 0x42}, 6: {255, 255, 255, 0}, 12: {192, 0, 2, 1}, 20: {117, 0x80},
		},
		// on, and always on when the power is back; the power was gone; it was open
		Chassis: [3]byte{0x41, 0x01, 0x01},
	}
}

// withBMC is a machine's BMC.
func withBMC(f *files) part {
	socket := f.serve("", func(conn *net.UnixConn) error { return theBMC(time.Now()).Serve(conn) })
	return part{
		args: slices.Concat(
			option("-chardev", "socket", "id=bmc", fmt.Sprintf("fd=%d", socket), "server=on", "wait=off"),
			option("-device", "ipmi-bmc-extern", "id=bmc0", "chardev=bmc"),
			option("-device", "isa-ipmi-kcs", "bmc=bmc0")),
		wants: []want{
			{"hardware-bmc", "board.bmc", fields{"firmware_version": "2.44"}},
			{"hardware-bmc", "bmc.lan", fields{"mac_address": "52:54:00:be:e0:42", "ip_address": "192.0.2.42", "subnet_mask": "255.255.255.0", "gateway": "192.0.2.1", "vlan_id": 117}},
			{"hardware-bmc", "bmc.chassis", fields{"intrusion": true, "power_restore_policy": "always-on", "last_power_event": "ac-failed", "fan_fault": false}},
			{"hardware-bmc", "bmc.event_log", fields{"entries": 1}},
			{"hardware-bmc", "bmc.event_log.newest", fields{"event": "Uncorrectable ECC", "direction": "asserted", "severity": "critical"}},
			{"hardware-bmc", "bmc.sensors", fields{"name": "CPU1 Temp", "value": 41, "unit": "celsius", "status": "ok", "upper_critical": 95}},
			{"hardware-bmc", "bmc.sensors", fields{"name": "FAN2", "value": 400, "unit": "rpm", "status": "cr", "lower_critical": 500}},
			{"hardware-bmc", "findings", fields{"rule": "bmc-sensor", "component": "FAN2", "severity": "warning"}},
			{"hardware-bmc", "findings", fields{"rule": "bmc-events", "severity": "warning"}},
			{"hardware-power", "psu.supplies", fields{"serial_number": "PSU-FRU-1", "part_number": "P750-1"}},
		},
	}
}

// withTPM is a machine's TPM.
func withTPM(f *files) part {
	socket := f.serve(tpm.Program, tpm.Serve)
	return part{
		args: slices.Concat(
			// QEMU speaks with it before there are devices
			option("-chardev", "socket", "id=tpm", fmt.Sprintf("fd=%d", socket), "server=on", "wait=on"),
			option("-tpmdev", "emulator", "id=tpm", "chardev=tpm"),
			option("-device", "tpm-crb", "tpmdev=tpm")),
		wants: []want{{"hardware-platform", "platform.tpms", fields{"name": "tpm0", "version": "2.0"}}},
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
