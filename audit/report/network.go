package report

// Network lists the network interfaces.
type Network struct {
	// Every interface that hardware stands behind; no loopback, bridges, VLANs
	// and other interfaces that the kernel makes.
	Interfaces []Interface `json:"interfaces"`
}

// Interface is a network interface.
type Interface struct {
	// The kernel's name for it.
	Name string `json:"name"`
	// MAC address in use.
	MACAddress string `json:"mac_address,omitempty"`
	// MAC address that the hardware was made with.
	PermanentMACAddress string `json:"permanent_mac_address,omitempty"`
	// Whether the interface is switched on; a link is only known where it is.
	Up bool `json:"up"`
	// Whether there is a link. Absent where the kernel does not say.
	Link *bool `json:"link,omitempty"`
	// The kernel's operational state: up, down, dormant, unknown, …
	State string `json:"state,omitempty"`
	// Speed of the link.
	SpeedMbps uint64 `json:"speed_mbps,omitempty"`
	// Highest speed that the interface supports.
	MaxSpeedMbps uint64 `json:"max_speed_mbps,omitempty"`
	// full or half.
	Duplex string `json:"duplex,omitempty"`
	// Kind of port, in ethtool's words: Twisted Pair, FIBRE, Direct Attach Copper, …
	Port     string `json:"port,omitempty"`
	MTUBytes uint64 `json:"mtu_bytes,omitempty"`
	Driver   string `json:"driver,omitempty"`
	// Version of the driver, mostly that of the kernel.
	DriverVersion   string `json:"driver_version,omitempty"`
	FirmwareVersion string `json:"firmware_version,omitempty"`
	// Device that the interface belongs to, as the bus names it: for PCI
	// domain:bus:device.function.
	BusAddress string `json:"bus_address,omitempty"`
}
