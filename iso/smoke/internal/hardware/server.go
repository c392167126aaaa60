package hardware

import "slices"

// Strings of the firmware that have to come through, and what dmidecode makes of
// them: it prints a point for each byte that is not ASCII, or commands a terminal.
const (
	manufacturer        = `Größe & Söhne, "Server" <GmbH>`
	manufacturerPrinted = `Gr....e & S..hne, "Server" <GmbH>`
	biosVersion         = "1.0\t(odd)\x1b[2J$(id)"
	biosVersionPrinted  = "1.0.(odd).[2J$(id)"
	systemSerial        = `SYS\x41-"7"<b>'%s'`
	// The report writes a backslash that reads as an escape as \x5c.
	systemSerialReported = `SYS\x5cx41-"7"<b>'%s'`
)

// Switch is what stands at the other end of a server's second card: Frame is how it describes
// itself (LLDP, IEEE 802.1AB) to the network of that id.
const (
	SwitchNetwork = "net2"
	SwitchFrame   = "\x01\x80\xc2\x00\x00\x0e" + "\x52\x54\x00\xbe\xe0\xff" + "\x88\xcc" +
		"\x02\x07\x04\x52\x54\x00\xbe\xe0\xff" + // chassis: a MAC address
		"\x04\x0c\x05Ethernet1/7" + // port: an interface's name
		"\x06\x02\x00\x78" + // for 120 seconds
		"\x0a\x09smoke-sw1" + // name
		"\xfe\x06\x00\x80\xc2\x01\x00\x75" + // VLAN 117
		"\x00\x00"
)

// Erring is the id of a server's device whose link has errors, again and again: by QEMU's name
// for it, a request that nobody answered. Its slot is the only one, so its bus is the first
// behind that of the chipset.
const (
	Erring      = "erring"
	ErringError = "COMP_TIME"
	erringAt    = "0000:01:00.0"
)

// Late is a server's drive that is plugged in when its kernel has long started, as a controller
// may find one that takes its time: what has to be told QEMU then.
var Late = map[string]any{"driver": "usb-storage", "id": "late", "bus": "late-bus.0", "drive": "late0", "serial": "LATE-0", "removable": false}

// switchPort is what the audit says of it.
var switchPort = want{"hardware-network", "network.interfaces.neighbours",
	fields{"chassis_id": "52:54:00:be:e0:ff", "port_id": "Ethernet1/7", "system_name": "smoke-sw1", "vlan_id": 117}}

// server is a server of a maker who tries what can be written into an SMBIOS
// table, but for its network cards and its BMC.
func server(f *files) part {
	psu1 := f.add(powerSupply{handle: 0x2701, location: "PSU1", name: "PWR SPLY,750W", manufacturer: "ACME",
		serial: "PSU-SMBIOS-1", part: "P750-1", watts: 750, hotReplaceable: true, present: true}.smbios())
	psu2 := f.add(powerSupply{handle: 0x2702, location: "PSU2"}.smbios())
	return part{
		args: slices.Concat(
			option("-smbios", "type=0", "vendor=To Be Filled By O.E.M.", "version="+biosVersion, "date=02/30/2026"),
			option("-smbios", "type=1", "manufacturer="+manufacturer, "product=To Be Filled By O.E.M.",
				"version=Not Specified", "serial="+systemSerial, "sku=0123456789", "family=None"),
			option("-smbios", "type=2", "manufacturer="+manufacturer, "product=Board", "serial= BRD 1 ", "asset=Default string"),
			option("-smbios", "type=3", "manufacturer=ACME", "serial=CHASSIS-1", "asset=00000000"),
			option("-smbios", "type=4", "sock_pfx=CPU", "manufacturer=ACME", "version=ACME  Fast(TM)   9000", "serial=CPU-1", "part=PN,1"),
			option("-smbios", "type=17", "loc_pfx=DIMM_A", "bank=BANK 0", "manufacturer=0000000000000000", "serial=MEM-1", "part=M321R8GA0BB0-CQKZJ", "speed=4800"),
			option("-smbios", "file="+psu1),
			option("-smbios", "file="+psu2),

			option("-device", "pcie-root-port", "id=slot1", "chassis=1"),
			option("-device", "virtio-rng-pci", "id="+Erring, "bus=slot1", "aer=on"),
			disk("nvme0", 8<<30), option("-device", "nvme", "drive=nvme0", "serial=NVME,0-SERIAL"),
			disk("nvme1", 16<<30), option("-device", "nvme", "drive=nvme1", "serial=NVME_1"),
			disk("sata0", 4<<30), option("-device", "ide-hd", "drive=sata0", "serial=SATA-0", "model=ACME Disk", "ver=F0", "rotation_rate=7200", "bus=ide.2"),
			disk("sata1", 4<<30), option("-device", "ide-hd", "drive=sata1", "serial=SATA-1", "model=ACME SSD", "ver=F1", "rotation_rate=1", "bus=ide.3"),
			option("-device", "mptsas1068", "id=sas"),
			disk("scsi0", 2<<30), option("-device", "scsi-hd", "drive=scsi0", "serial=SCSI-0", "vendor=ACME", "product=SAS Disk", "ver=S0", "wwn=0x5000c500a1b2c3d4", "bus=sas.0"),
			option("-device", "qemu-xhci", "id=late-bus"),
			disk("late0", 1<<30),
		),
		wants: []want{
			{"hardware-board", "board.system", fields{"manufacturer": manufacturerPrinted, "serial_number": systemSerialReported,
				"product_name": absent, "version": absent, "sku_number": absent, "family": absent}},
			{"hardware-board", "board.bios", fields{"vendor": absent, "version": biosVersionPrinted, "release_date": "02/30/2026"}},
			{"hardware-board", "board.baseboards", fields{"serial_number": "BRD 1", "asset_tag": absent}},
			{"hardware-board", "board.chassis", fields{"serial_number": "CHASSIS-1", "asset_tag": absent}},
			{"hardware-cpu", "cpu.sockets", fields{"serial_number": "CPU-1", "part_number": "PN,1", "populated": true}},
			{"hardware-memory", "memory.slots", fields{"serial_number": "MEM-1", "part_number": "M321R8GA0BB0-CQKZJ", "speed_mts": 4800, "manufacturer": absent}},
			{"hardware-drives", "storage.drives", fields{"serial_number": "NVME,0-SERIAL", "size_bytes": 8 << 30, "transport": "nvme"}},
			{"hardware-drives", "storage.drives", fields{"serial_number": "NVME_1", "size_bytes": 16 << 30, "transport": "nvme"}},
			{"hardware-drives", "storage.drives", fields{"serial_number": "SATA-0", "size_bytes": 4 << 30, "model": "ACME Disk", "firmware_version": "F0", "rotation_rpm": 7200}},
			{"hardware-drives", "storage.drives", fields{"serial_number": "SATA-1", "size_bytes": 4 << 30, "model": "ACME SSD", "firmware_version": "F1"}},
			{"hardware-drives", "storage.drives", fields{"serial_number": "SCSI-0", "size_bytes": 2 << 30, "firmware_version": "S0", "wwn": "0x5000c500a1b2c3d4"}},
			{"hardware-drives", "storage.drives", fields{"serial_number": "LATE-0", "size_bytes": 1 << 30, "transport": "usb"}},
			{"hardware-power", "psu.supplies", fields{"serial_number": "PSU-SMBIOS-1", "part_number": "P750-1", "max_watts": 750, "present": true}},
			{"hardware-power", "psu.supplies", fields{"handle": "0x2702", "present": false}},
			{"hardware-kernel", "kernel.pcie_errors", fields{"address": erringAt, "corrected": 0, "fatal": 0}},
			{"hardware-kernel", "kernel.events", fields{"kind": "pcie_error", "device": erringAt, "severity": "uncorrected"}},
			{"hardware-kernel", "findings", fields{"rule": "pcie-errors", "component": erringAt, "severity": "warning"}},
			switchPort,
		},
	}
}
