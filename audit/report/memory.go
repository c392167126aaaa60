package report

// Memory lists memory arrays and their slots.
type Memory struct {
	// Memory controllers' arrays (SMBIOS type 16).
	Arrays []MemoryArray `json:"arrays"`
	// Every slot, also the empty ones (SMBIOS type 17).
	Slots []MemorySlot `json:"slots"`
	// What the kernel can use (MemTotal in /proc/meminfo): a little less than the
	// modules have.
	UsableBytes uint64 `json:"usable_bytes,omitempty"`
	// What the memory controllers have, by the kernel's drivers for them (EDAC): all
	// modules that are in use, also where they are mirrored or spare.
	ControllerBytes uint64 `json:"controller_bytes,omitempty"`
	// What is known to be kept out of usable_bytes.
	Reserved []MemoryReservation `json:"reserved,omitempty"`
}

// MemoryReservation is memory that the kernel cannot use, because it is kept for
// something else.
type MemoryReservation struct {
	// What has it: SGX, crash kernel, or the word on the kernel's command line that
	// takes it away (mem, memmap).
	For string `json:"for"`
	// How much it is. Absent where nobody says.
	Bytes uint64 `json:"bytes,omitempty"`
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
