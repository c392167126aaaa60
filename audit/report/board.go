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
	BMC *BMCIdentity `json:"bmc,omitempty"`
}

// BMCIdentity is the baseboard management controller, as it identifies itself (IPMI's
// Get Device ID, by ipmitool mc info).
type BMCIdentity struct {
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
