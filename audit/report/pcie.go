package report

// PCIe lists PCI functions.
type PCIe struct {
	// Every function that lspci lists.
	Devices []PCIDevice `json:"devices"`
}

// PCIDevice is one PCI function.
type PCIDevice struct {
	// domain:bus:device.function
	Address string `json:"address"`
	// Names are from the PCI ID database, IDs are four hexadecimal digits.
	Class             string `json:"class,omitempty"`
	ClassID           string `json:"class_id,omitempty"`
	Vendor            string `json:"vendor,omitempty"`
	VendorID          string `json:"vendor_id,omitempty"`
	Device            string `json:"device,omitempty"`
	DeviceID          string `json:"device_id,omitempty"`
	SubsystemVendor   string `json:"subsystem_vendor,omitempty"`
	SubsystemVendorID string `json:"subsystem_vendor_id,omitempty"`
	SubsystemDevice   string `json:"subsystem_device,omitempty"`
	SubsystemDeviceID string `json:"subsystem_device_id,omitempty"`
	// Two hexadecimal digits.
	Revision string `json:"revision,omitempty"`
	// Two hexadecimal digits.
	ProgrammingInterface string `json:"programming_interface,omitempty"`
	// Name of the physical slot.
	PhysicalSlot string `json:"physical_slot,omitempty"`
	// Kernel driver that is bound.
	Driver string `json:"driver,omitempty"`
	// Kernel modules that could drive it.
	Modules []string `json:"modules,omitempty"`
	// NUMA node that it is attached to. Absent where the firmware does not say.
	NUMANode *int64 `json:"numa_node,omitempty"`
	// PCI Express link. Absent for functions without one.
	Link *PCIeLink `json:"link,omitempty"`
}

// PCIeLink is a PCI Express link: its speed in billion transfers a second a lane
// and its width in lanes, now and at most. A link may slow down to save power
// when it is idle. A value that the kernel does not know, such as the width of a
// link that is down, is left out.
type PCIeLink struct {
	SpeedGTs      float64 `json:"speed_gts,omitempty"`
	MaxSpeedGTs   float64 `json:"max_speed_gts,omitempty"`
	WidthLanes    uint64  `json:"width_lanes,omitempty"`
	MaxWidthLanes uint64  `json:"max_width_lanes,omitempty"`
}
