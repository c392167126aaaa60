package report

// Network lists the network interfaces.
type Network struct {
	// Every interface that hardware stands behind, physical or emulated; no
	// loopback, bridges, VLANs and other interfaces that the kernel makes. SR-IOV
	// virtual functions are marked as such.
	Interfaces []Interface `json:"interfaces"`
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
	// PCI address of the physical function that this SR-IOV virtual function
	// belongs to. Absent for everything else.
	VirtualFunctionOf string `json:"virtual_function_of,omitempty"`
}
