package report

// Network lists the network interfaces.
type Network struct {
	// Every interface that hardware stands behind, physical or emulated; no
	// loopback, bridges, VLANs and other interfaces that the kernel makes. SR-IOV
	// virtual functions and representors are marked as such.
	Interfaces []Interface `json:"interfaces"`
	// IP addresses of all interfaces, also of those that the kernel makes, such as bonds and
	// VLANs; none of the loopback, and none that are good on one link alone.
	IPAddresses []IPAddress `json:"ip_addresses,omitempty"`
	// Ports of InfiniBand adapters.
	InfiniBandPorts []InfiniBandPort `json:"infiniband_ports,omitempty"`
}

// IPAddress is an IP address of an interface.
type IPAddress struct {
	// The kernel's name for the interface.
	Interface string `json:"interface"`
	// The address, and how long the prefix of its network is: 192.0.2.10/24.
	Address string `json:"address"`
}

// Interface is a network interface.
type Interface struct {
	// The kernel's name for it.
	Name string `json:"name"`
	// ethernet (also wireless) or infiniband. Absent for other kinds.
	Type string `json:"type,omitempty" jsonschema:"enum=ethernet,enum=infiniband"`
	// MAC address in use. InfiniBand has 20 bytes: flags, queue pair, port GID.
	MACAddress string `json:"mac_address,omitempty"`
	// MAC address that the hardware was made with.
	PermanentMACAddress string `json:"permanent_mac_address,omitempty"`
	// Where the address in use comes from: permanent (the hardware), random (the
	// driver made it up), copied (from another device), set (by somebody, such as a
	// bond).
	MACAddressSource string `json:"mac_address_source,omitempty" jsonschema:"enum=permanent,enum=random,enum=copied,enum=set"`
	// Interface that this one is a member of, such as a bond, a team or a bridge.
	Master string `json:"master,omitempty"`
	// Whether the interface is switched on; a link is only known where it is.
	Up bool `json:"up"`
	// Whether there is a link. Absent where the kernel does not say.
	Link *bool `json:"link,omitempty"`
	// Why there is no link, in ethtool's words: No cable, …
	NoLinkReason string `json:"no_link_reason,omitempty"`
	// The kernel's operational state: up, down, dormant, lowerlayerdown, …
	State string `json:"state,omitempty"`
	// Speed of the link.
	SpeedMbps uint64 `json:"speed_mbps,omitempty"`
	// Highest speed that the interface supports, with the module that is in it.
	MaxSpeedMbps uint64 `json:"max_speed_mbps,omitempty"`
	Duplex       string `json:"duplex,omitempty" jsonschema:"enum=full,enum=half"`
	// Kind of port, in ethtool's words: Twisted Pair, FIBRE, Direct Attach Copper, …
	Port     string `json:"port,omitempty"`
	MTUBytes uint64 `json:"mtu_bytes,omitempty"`
	Driver   string `json:"driver,omitempty"`
	// Version of the driver, mostly that of the kernel.
	DriverVersion   string `json:"driver_version,omitempty"`
	FirmwareVersion string `json:"firmware_version,omitempty"`
	// Device that the interface belongs to, as the bus names it: for PCI, also
	// with virtio in between, domain:bus:device.function.
	BusAddress string `json:"bus_address,omitempty"`
	// PCI address of the physical function that this SR-IOV virtual function, or
	// subfunction, belongs to. Absent for everything else.
	VirtualFunctionOf string `json:"virtual_function_of,omitempty"`
	// What the interface stands for on the switch within its adapter, in the kernel's
	// words: pf0vf1. Absent for ports.
	Represents string `json:"represents,omitempty"`
	// What the kernel counts since the driver was loaded. Absent where it does not.
	Counters *InterfaceCounters `json:"counters,omitempty"`
	// Forward error correction of the link. Absent where it has none, or does not say.
	FEC *FEC `json:"fec,omitempty"`
	// The module, or cable, in the port. Absent where there is none, or none that says
	// what it is.
	Module *Module `json:"module,omitempty"`
	// What is at the other end of the cable, by what it says of itself (LLDP): mostly one.
	// Absent where nothing was heard, as of a switch that does not say it, or of an adapter
	// whose firmware keeps it to itself.
	Neighbours []Neighbour `json:"neighbours,omitempty"`
}

// Neighbour is a switch, or another machine, at the other end of a cable, as it describes
// itself (IEEE 802.1AB).
type Neighbour struct {
	// Name of the neighbour.
	SystemName string `json:"system_name,omitempty"`
	// Its port, as it calls that: Ethernet1/7, a MAC address, …; and what is written about
	// the port.
	PortID          string `json:"port_id"`
	PortDescription string `json:"port_description,omitempty"`
	// What it is known by: mostly a MAC address.
	ChassisID string `json:"chassis_id"`
	// Its maker, model and software, in its own words.
	SystemDescription string `json:"system_description,omitempty"`
	// Address at which it is managed.
	ManagementAddress string `json:"management_address,omitempty"`
	// VLAN of frames without a tag.
	VLANID *uint64 `json:"vlan_id,omitempty"`
}

// InterfaceCounters is what the kernel counts of an interface (its
// Documentation/ABI/testing/sysfs-class-net-statistics).
type InterfaceCounters struct {
	RXPackets uint64 `json:"rx_packets"`
	TXPackets uint64 `json:"tx_packets"`
	// Packets that arrived damaged, of all kinds.
	RXErrors uint64 `json:"rx_errors"`
	// Those whose checksum was wrong, and those whose shape was.
	RXCRCErrors   uint64 `json:"rx_crc_errors"`
	RXFrameErrors uint64 `json:"rx_frame_errors"`
	// Packets that the adapter had no room for.
	RXMissedErrors uint64 `json:"rx_missed_errors"`
	// Packets that could not be sent, of all kinds, and those for which the carrier was lost.
	TXErrors        uint64 `json:"tx_errors"`
	TXCarrierErrors uint64 `json:"tx_carrier_errors"`
	// How often the link came or went.
	CarrierChanges uint64 `json:"carrier_changes"`
}

// FEC is a link's forward error correction.
type FEC struct {
	// What is in use, in ethtool's words: RS, BaseR, Off, …
	Active string `json:"active"`
	// Blocks that were corrected, and those that could not be. Absent where the driver does
	// not count them.
	CorrectedBlocks     *uint64 `json:"corrected_blocks,omitempty"`
	UncorrectableBlocks *uint64 `json:"uncorrectable_blocks,omitempty"`
}

// Module is a pluggable module, or a cable with its ends (SFF-8472, SFF-8636, CMIS).
type Module struct {
	// Its form, in ethtool's words: SFP, QSFP28, QSFP-DD …
	Type         string `json:"type,omitempty"`
	Vendor       string `json:"vendor,omitempty"`
	PartNumber   string `json:"part_number,omitempty"`
	Revision     string `json:"revision,omitempty"`
	SerialNumber string `json:"serial_number,omitempty"`
	// When it was made, as the module has it, mostly YYMMDD.
	DateCode           string   `json:"date_code,omitempty"`
	TemperatureCelsius *float64 `json:"temperature_celsius,omitempty"`
	// Light that it receives and sends, one number for each lane: 0 is none.
	ReceiveMilliwatts  []float64 `json:"receive_milliwatts,omitempty"`
	TransmitMilliwatts []float64 `json:"transmit_milliwatts,omitempty"`
	// Alarms and warnings that are set, in ethtool's words, with the lane: Laser rx power
	// low alarm (Chan 1).
	Alarms []string `json:"alarms,omitempty"`
}

// InfiniBandPort is a port of an InfiniBand adapter (the kernel's
// Documentation/ABI/stable/sysfs-class-infiniband).
type InfiniBandPort struct {
	// The kernel's name for the adapter: mlx5_0.
	Device string `json:"device"`
	Port   uint64 `json:"port"`
	// PCI address of the adapter.
	BusAddress string `json:"bus_address,omitempty"`
	// Firmware of the adapter, and the maker's name for the board.
	FirmwareVersion string `json:"firmware_version,omitempty"`
	BoardID         string `json:"board_id,omitempty"`
	NodeGUID        string `json:"node_guid,omitempty"`
	// DOWN, INIT (no subnet manager has set it up), ARMED, ACTIVE.
	State string `json:"state,omitempty"`
	// Polling, LinkUp, Disabled, …
	PhysicalState string `json:"physical_state,omitempty"`
	// Speed and width as the kernel says them: 400 Gb/sec (4X NDR).
	Rate string `json:"rate,omitempty"`
	// Counters: symbols that were wrong, links that recovered or were lost, packets that
	// arrived damaged. Absent where the kernel does not say.
	SymbolErrors       *uint64 `json:"symbol_errors,omitempty"`
	LinkErrorRecovered *uint64 `json:"link_error_recovered,omitempty"`
	LinkDowned         *uint64 `json:"link_downed,omitempty"`
	ReceiveErrors      *uint64 `json:"receive_errors,omitempty"`
}

// Virtual reports whether the interface is a setting of an adapter, no port of its own.
func (i Interface) Virtual() bool { return i.VirtualFunctionOf != "" || i.Represents != "" }
