package report

// Board describes the machine as a whole, from SMBIOS types 0 to 3, and its BMC.
type Board struct {
	// System firmware (SMBIOS type 0).
	BIOS *BIOS `json:"bios,omitempty"`
	// The system as it was sold (SMBIOS type 1).
	System *System `json:"system,omitempty"`
	// Base boards and other modules (SMBIOS type 2). Absent where SMBIOS could not be
	// read.
	Baseboards []Baseboard `json:"baseboards,omitzero"`
	// Chassis: a blade lists its own and its enclosure (SMBIOS type 3). Absent where
	// SMBIOS could not be read.
	Chassis []Chassis `json:"chassis,omitzero"`
	// Management controller. Absent where there is none, or it does not answer.
	BMC *BMC `json:"bmc,omitempty"`
}

// BMC is the baseboard management controller, as it identifies itself (IPMI's
// Get Device ID, by ipmitool mc info).
type BMC struct {
	// Revision of its firmware, MAJOR.MINOR.
	FirmwareVersion string `json:"firmware_version,omitempty"`
	// Four bytes by which the maker tells builds of that firmware apart, in
	// hexadecimal digits.
	AuxiliaryFirmware string `json:"auxiliary_firmware_revision,omitempty"`
	// IANA enterprise number of the maker, and the name that ipmitool knows for it.
	ManufacturerID *uint64 `json:"manufacturer_id,omitempty"`
	Manufacturer   string  `json:"manufacturer,omitempty"`
	// Number of the product, and the name that ipmitool knows for it.
	ProductID   *uint64 `json:"product_id,omitempty"`
	ProductName string  `json:"product_name,omitempty"`
	// Version of IPMI that it speaks.
	IPMIVersion string `json:"ipmi_version,omitempty"`
}

// BIOS is the system firmware.
type BIOS struct {
	Vendor  string `json:"vendor,omitempty"`
	Version string `json:"version,omitempty"`
	// As the firmware writes it, mostly MM/DD/YYYY.
	ReleaseDate string `json:"release_date,omitempty"`
	// System BIOS revision, MAJOR.MINOR.
	Revision string `json:"revision,omitempty"`
	// Revision of the embedded controller's (BMC's) firmware, MAJOR.MINOR.
	FirmwareRevision string `json:"firmware_revision,omitempty"`
	// Size of the flash chip.
	ROMBytes uint64 `json:"rom_bytes,omitempty"`
}

// System is the machine as it was sold.
type System struct {
	Manufacturer string `json:"manufacturer,omitempty"`
	ProductName  string `json:"product_name,omitempty"`
	Version      string `json:"version,omitempty"`
	SerialNumber string `json:"serial_number,omitempty"`
	UUID         string `json:"uuid,omitempty"`
	SKUNumber    string `json:"sku_number,omitempty"`
	Family       string `json:"family,omitempty"`
}

// Baseboard is a board of the system: mother board, blade, riser, interconnect.
type Baseboard struct {
	// SMBIOS handle.
	Handle string `json:"handle"`
	// What kind of board it is.
	Type              string `json:"type,omitempty"`
	Manufacturer      string `json:"manufacturer,omitempty"`
	ProductName       string `json:"product_name,omitempty"`
	Version           string `json:"version,omitempty"`
	SerialNumber      string `json:"serial_number,omitempty"`
	AssetTag          string `json:"asset_tag,omitempty"`
	LocationInChassis string `json:"location_in_chassis,omitempty"`
}

// Chassis is an enclosure.
type Chassis struct {
	// SMBIOS handle.
	Handle       string `json:"handle"`
	Type         string `json:"type,omitempty"`
	Manufacturer string `json:"manufacturer,omitempty"`
	Version      string `json:"version,omitempty"`
	SerialNumber string `json:"serial_number,omitempty"`
	AssetTag     string `json:"asset_tag,omitempty"`
	SKUNumber    string `json:"sku_number,omitempty"`
	// Height in rack units.
	HeightUnits uint64 `json:"height_units,omitempty"`
	PowerCords  uint64 `json:"power_cords,omitempty"`
	// State when the system last booted: safe, warning, critical, …
	BootUpState      string `json:"boot_up_state,omitempty"`
	PowerSupplyState string `json:"power_supply_state,omitempty"`
	ThermalState     string `json:"thermal_state,omitempty"`
}

// CPU lists the processors, as the firmware and as the kernel sees them.
type CPU struct {
	// Every socket, also the empty ones (SMBIOS type 4). Absent where SMBIOS could
	// not be read.
	Sockets []Socket `json:"sockets,omitzero"`
	// Processors that the kernel uses (/proc/cpuinfo and sysfs), by their number.
	// Which of the sockets each is in, nobody says.
	Packages []CPUPackage `json:"packages,omitzero"`
}

// Socket is a processor socket and the processor in it.
type Socket struct {
	// SMBIOS handle.
	Handle string `json:"handle"`
	// Name of the socket, as printed on the board.
	Designation string `json:"designation,omitempty"`
	// Whether a processor is in the socket.
	Populated bool `json:"populated"`
	// Status of the socket and its processor, in SMBIOS's words.
	Status string `json:"status,omitempty"`
	// Central processor, or another kind.
	Type         string `json:"type,omitempty"`
	Manufacturer string `json:"manufacturer,omitempty"`
	// Model name of the processor.
	Version string `json:"version,omitempty"`
	Family  string `json:"family,omitempty"`
	// Raw processor identification: on x86 CPUID leaf 1, EAX and EDX.
	ID           string `json:"id,omitempty"`
	Signature    string `json:"signature,omitempty"`
	SerialNumber string `json:"serial_number,omitempty"`
	AssetTag     string `json:"asset_tag,omitempty"`
	PartNumber   string `json:"part_number,omitempty"`
	// Kind of socket.
	Upgrade          string `json:"upgrade,omitempty"`
	Cores            uint64 `json:"cores,omitempty"`
	CoresEnabled     uint64 `json:"cores_enabled,omitempty"`
	Threads          uint64 `json:"threads,omitempty"`
	MaxSpeedMHz      uint64 `json:"max_speed_mhz,omitempty"`
	CurrentSpeedMHz  uint64 `json:"current_speed_mhz,omitempty"`
	ExternalClockMHz uint64 `json:"external_clock_mhz,omitempty"`
}

// CPUPackage is a processor that the kernel uses: one piece of hardware with all
// its cores.
type CPUPackage struct {
	// The kernel's number for it. Absent where the kernel does not tell packages
	// apart.
	ID *int64 `json:"id,omitempty"`
	// GenuineIntel, AuthenticAMD, …
	VendorID  string `json:"vendor_id,omitempty"`
	ModelName string `json:"model_name,omitempty"`
	// Family, model and stepping of an x86 processor.
	Family   *uint64 `json:"family,omitempty"`
	Model    *uint64 `json:"model,omitempty"`
	Stepping *uint64 `json:"stepping,omitempty"`
	// Revision of the microcode that runs, as the kernel writes it.
	Microcode string `json:"microcode,omitempty"`
	// Cores in use.
	Cores uint64 `json:"cores,omitempty"`
	// Logical processors in use.
	Threads uint64 `json:"threads"`
	// Highest speed that the kernel may choose.
	MaxSpeedMHz uint64 `json:"max_speed_mhz,omitempty"`
	// Who sets the speed, and by what policy: intel_pstate, powersave.
	ScalingDriver   string `json:"scaling_driver,omitempty"`
	ScalingGovernor string `json:"scaling_governor,omitempty"`
	// Caches that its first core uses. Others of the same kind serve other cores.
	Caches []CPUCache `json:"caches,omitempty"`
	// What all of its cores can do, out of the kernel's flags for it: only those
	// that decide what the processor is good for (see package cpuinfo).
	Flags []string `json:"flags,omitempty"`
}

// CPUCache is a processor's cache.
type CPUCache struct {
	Level uint64 `json:"level"`
	// Data, Instruction or Unified.
	Type      string `json:"type,omitempty"`
	SizeBytes uint64 `json:"size_bytes,omitempty"`
}

// Memory lists memory arrays and their slots.
type Memory struct {
	// Memory controllers' arrays (SMBIOS type 16).
	Arrays []MemoryArray `json:"arrays"`
	// Every slot, also the empty ones (SMBIOS type 17).
	Slots []MemorySlot `json:"slots"`
	// What the kernel can use (MemTotal in /proc/meminfo): a little less than the
	// modules have.
	UsableBytes uint64 `json:"usable_bytes,omitempty"`
}

// SystemSlots returns the slots of the machine's main memory: all but those for
// flash chips, video memory and caches, which SMBIOS lists in the same way.
func (m *Memory) SystemSlots() []MemorySlot {
	other := map[string]bool{}
	for _, a := range m.Arrays {
		switch a.Use {
		case "Video Memory", "Flash Memory", "Non-volatile RAM", "Cache Memory":
			other[a.Handle] = true
		}
	}
	var slots []MemorySlot
	for _, s := range m.Slots {
		switch s.Type {
		case "ROM", "Flash", "EEPROM", "FEPROM", "EPROM":
			continue
		}
		if !other[s.ArrayHandle] {
			slots = append(slots, s)
		}
	}
	return slots
}

// MemoryArray is a set of memory slots.
type MemoryArray struct {
	// SMBIOS handle.
	Handle string `json:"handle"`
	// Where the array is, mostly on the mother board.
	Location string `json:"location,omitempty"`
	// What the array is for: system memory, video memory, flash, …
	Use                  string `json:"use,omitempty"`
	ErrorCorrection      string `json:"error_correction,omitempty"`
	MaximumCapacityBytes uint64 `json:"maximum_capacity_bytes,omitempty"`
	// Number of slots that the array has.
	Slots uint64 `json:"slots,omitempty"`
}

// MemorySlot is a memory slot and the module in it.
type MemorySlot struct {
	// SMBIOS handle.
	Handle string `json:"handle"`
	// Handle of the array that the slot belongs to.
	ArrayHandle string `json:"array_handle,omitempty"`
	// Name of the slot, as printed on the board.
	Locator     string `json:"locator,omitempty"`
	BankLocator string `json:"bank_locator,omitempty"`
	// Whether a module is in the slot.
	Populated bool `json:"populated"`
	// Size of the module.
	SizeBytes  uint64 `json:"size_bytes,omitempty"`
	FormFactor string `json:"form_factor,omitempty"`
	// DDR4, DDR5, …
	Type       string `json:"type,omitempty"`
	TypeDetail string `json:"type_detail,omitempty"`
	// DRAM, NVDIMM-N, Intel Optane, …
	Technology string `json:"technology,omitempty"`
	// What the module can do, in million transfers a second.
	SpeedMTs uint64 `json:"speed_mts,omitempty"`
	// What it runs at, in million transfers a second.
	ConfiguredSpeedMTs uint64  `json:"configured_speed_mts,omitempty"`
	ConfiguredVolts    float64 `json:"configured_volts,omitempty"`
	// Lowest and highest voltage that the module can run at.
	MinVolts float64 `json:"min_volts,omitempty"`
	MaxVolts float64 `json:"max_volts,omitempty"`
	// Name of the maker, also where the firmware only has its number.
	Manufacturer string `json:"manufacturer,omitempty"`
	// JEDEC number of the maker (JEP106), as the firmware writes it, where the name
	// was taken from it.
	ManufacturerID string `json:"manufacturer_id,omitempty"`
	PartNumber     string `json:"part_number,omitempty"`
	SerialNumber   string `json:"serial_number,omitempty"`
	AssetTag       string `json:"asset_tag,omitempty"`
	Ranks          uint64 `json:"ranks,omitempty"`
	// Width with error correction bits.
	TotalWidthBits  uint64 `json:"total_width_bits,omitempty"`
	DataWidthBits   uint64 `json:"data_width_bits,omitempty"`
	FirmwareVersion string `json:"firmware_version,omitempty"`
	// Part of the size that keeps its content without power.
	NonVolatileBytes uint64 `json:"non_volatile_bytes,omitempty"`
}
