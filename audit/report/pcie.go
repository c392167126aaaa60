package report

// PCIe lists PCI functions and slots.
type PCIe struct {
	// Every function that lspci lists.
	Devices []PCIDevice `json:"devices"`
	// Every slot for a card, also the empty ones (SMBIOS type 9). Absent where
	// SMBIOS could not be read.
	Slots []ExpansionSlot `json:"slots,omitzero"`
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
	// Name of the physical slot, as the PCI bus has it.
	PhysicalSlot string `json:"physical_slot,omitempty"`
	// Designation of the slot that it is in, as SMBIOS has it.
	SlotDesignation string `json:"slot_designation,omitempty"`
	// Kernel driver that is bound.
	Driver string `json:"driver,omitempty"`
	// Kernel modules that could drive it.
	Modules []string `json:"modules,omitempty"`
	// NUMA node that it is attached to. Absent where the firmware does not say.
	NUMANode *int64 `json:"numa_node,omitempty"`
	// Firmware of the device, where the kernel shows it: NVMe and SCSI
	// controllers, InfiniBand adapters, AMD GPUs. That of network adapters is in
	// the section network.
	FirmwareVersion string `json:"firmware_version,omitempty"`
	// Address of the bridge that it is behind. Absent on a root bus.
	UpstreamPort string `json:"upstream_port,omitempty"`
	// Address of the physical function that this SR-IOV virtual function belongs
	// to. Absent for everything else.
	VirtualFunctionOf string `json:"virtual_function_of,omitempty"`
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
	// What the port at the other end of the link can do. Absent for ports whose
	// link leads away from the processor: there, see the device behind it.
	UpstreamMaxSpeedGTs   float64 `json:"upstream_max_speed_gts,omitempty"`
	UpstreamMaxWidthLanes uint64  `json:"upstream_max_width_lanes,omitempty"`
}

// ExpansionSlot is a slot for a card, or a bay that counts as one.
type ExpansionSlot struct {
	// SMBIOS handle.
	Handle string `json:"handle"`
	// Name of the slot, as printed on the board.
	Designation string `json:"designation,omitempty"`
	// Kind of slot, in dmidecode's words, with its electrical width before it: x8
	// PCI Express 3 x16.
	Type string `json:"type,omitempty"`
	// Lanes that are wired to the slot.
	Lanes uint64 `json:"lanes,omitempty"`
	// Available, In Use, Unavailable, …
	Usage string `json:"usage,omitempty"`
	// Short, Long, 2.5" drive form factor, …
	Length string `json:"length,omitempty"`
	// PCI address of the card in the slot, or of the port that leads to it. Some
	// firmware names one for an empty slot, too.
	BusAddress string `json:"bus_address,omitempty"`
}
