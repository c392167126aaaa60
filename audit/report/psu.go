package report

// PSU lists the power supplies.
type PSU struct {
	// Power supplies that SMBIOS or the BMC knows, also absent ones.
	Supplies []PowerSupply `json:"supplies"`
	// What the BMC says of all supplies together.
	Redundancy []Redundancy `json:"redundancy,omitempty"`
	// Sensors of all supplies together: what the machine draws.
	Sensors []Sensor `json:"sensors,omitempty"`
}

// Redundancy is a sensor of the BMC that says whether the machine could do with
// a power supply less.
type Redundancy struct {
	Name string `json:"name"`
	// Its states, in IPMI's words: Fully Redundant, Redundancy Lost, …
	States []string `json:"states,omitempty"`
}

// MostWatts is more than any supply gives: 32767, 32768 and 65535 W are other words
// for unknown.
const MostWatts = 32000

// PowerSupply is a power supply, or the place for one. What SMBIOS says (type
// 39) and what the BMC says of the same supply (FRU inventory, sensors) is one
// entry.
type PowerSupply struct {
	// What the firmware calls it: PSU1, PS2 Status, Power Supply 1, …
	Name string `json:"name,omitempty"`
	// SMBIOS handle. Absent where SMBIOS does not know the supply.
	Handle string `json:"handle,omitempty"`
	// ID of its FRU inventory in the BMC. Absent where there is none.
	FRUID *uint64 `json:"fru_id,omitempty"`
	// Whether a supply is in the place. Absent where nobody says.
	Present *bool `json:"present,omitempty"`
	// Whether the place has a working supply, as far as anybody says:
	// ok (present and working), failed (present, with a fault), no_input (present,
	// without power at its input), absent, unknown.
	State string `json:"state" jsonschema:"enum=ok,enum=failed,enum=no_input,enum=absent,enum=unknown"`
	// The words that State is taken from: SMBIOS's status, "Unplugged" where SMBIOS
	// says so, the states of the BMC's sensors, and why the BMC cannot read the FRU
	// inventory. A state that is a severity, or is not known here, stands behind the
	// name of its sensor: "PSU1 Failure: Transition to Non-critical from OK".
	Status       []string `json:"status,omitempty"`
	Manufacturer string   `json:"manufacturer,omitempty"`
	Model        string   `json:"model,omitempty"`
	PartNumber   string   `json:"part_number,omitempty"`
	SerialNumber string   `json:"serial_number,omitempty"`
	AssetTag     string   `json:"asset_tag,omitempty"`
	Revision     string   `json:"revision,omitempty"`
	// SMBIOS type: Switching, Regulator, …
	Type string `json:"type,omitempty"`
	// What it can give at most.
	MaxWatts     uint64 `json:"max_watts,omitempty"`
	HotPluggable *bool  `json:"hot_pluggable,omitempty"`
	// Sensors of this supply.
	Sensors []Sensor `json:"sensors,omitempty"`
}

// Sensor is a value that the BMC measures.
type Sensor struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	// watts, volts, amperes, celsius, rpm or percent.
	Unit string `json:"unit" jsonschema:"enum=watts,enum=volts,enum=amperes,enum=celsius,enum=rpm,enum=percent"`
	// Which of its thresholds the value is beyond, by the BMC's word: ok (none), nc
	// (not critical), cr (critical), nr (not recoverable).
	Status string `json:"status,omitempty"`
}
