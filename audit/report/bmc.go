package report

// BMC is what the baseboard management controller says of the machine, by ipmitool. Which
// controller it is, board.bmc says; power supplies have a section of their own.
type BMC struct {
	// Its own network interface (ipmitool lan print). Absent where it says nothing of one.
	LAN *BMCLAN `json:"lan,omitempty"`
	// State of the chassis (ipmitool chassis status).
	Chassis *ChassisStatus `json:"chassis,omitempty"`
	// Its event log (ipmitool sel).
	EventLog *BMCEventLog `json:"event_log,omitempty"`
	// Every sensor that measures something, with its limits (ipmitool sensor).
	Sensors []BMCSensor `json:"sensors,omitempty"`
}

// BMCLAN is the network interface that the BMC is reached by.
type BMCLAN struct {
	MACAddress string `json:"mac_address,omitempty"`
	IPAddress  string `json:"ip_address,omitempty"`
	SubnetMask string `json:"subnet_mask,omitempty"`
	Gateway    string `json:"gateway,omitempty"`
	// Where the address is from, in ipmitool's words: DHCP Address, Static Address, BIOS
	// Assigned Address, …
	AddressSource string `json:"address_source,omitempty"`
	// VLAN that it is in. Absent where it is in none.
	VLANID *uint64 `json:"vlan_id,omitempty"`
}

// ChassisStatus is what the BMC knows of the chassis. What it does not say is absent.
type ChassisStatus struct {
	PowerOverload     *bool `json:"power_overload,omitempty"`
	PowerFault        *bool `json:"power_fault,omitempty"`
	PowerControlFault *bool `json:"power_control_fault,omitempty"`
	// Whether the chassis is, or was, open.
	Intrusion  *bool `json:"intrusion,omitempty"`
	DriveFault *bool `json:"drive_fault,omitempty"`
	FanFault   *bool `json:"fan_fault,omitempty"`
	// What comes when the power is back: always-off, always-on, previous.
	PowerRestorePolicy string `json:"power_restore_policy,omitempty"`
	// Why the power was off last: ac-failed, overload, interlock, fault, command.
	LastPowerEvent string `json:"last_power_event,omitempty"`
}

// BMCEventLog is the BMC's event log.
type BMCEventLog struct {
	// How many events it holds.
	Entries uint64 `json:"entries"`
	// How full it is.
	UsedPercent *uint64 `json:"used_percent,omitempty"`
	// Whether events were lost because it is full.
	Overflow *bool `json:"overflow,omitempty"`
	// The newest events, at most 200, the newest first.
	Newest []BMCEvent `json:"newest,omitempty"`
}

// BMCEvent is an entry of the BMC's event log.
type BMCEvent struct {
	// Number of the entry.
	ID uint64 `json:"id"`
	// When, by the BMC's clock, in a time zone that nobody says: YYYY-MM-DD HH:MM:SS. Absent
	// where the clock was not set.
	Time string `json:"time,omitempty"`
	// Kind of sensor, and its name: Temperature CPU1 Temp.
	Sensor string `json:"sensor,omitempty"`
	// What it says: Upper Critical going high.
	Event string `json:"event"`
	// asserted: it is so from then on; deasserted: it is so no more. Absent where it is
	// neither.
	Direction string `json:"direction,omitempty" jsonschema:"enum=asserted,enum=deasserted"`
	// How bad it is, by IPMI's words for states and limits; that something is no more is info.
	Severity Severity `json:"severity" jsonschema:"enum=critical,enum=warning,enum=info"`
	// What it has measured, or other data.
	Detail string `json:"detail,omitempty"`
}

// BMCSensor is a sensor of the BMC and its limits.
type BMCSensor struct {
	Name string `json:"name"`
	// What it measures. Absent where it could not be read.
	Value *float64 `json:"value,omitempty"`
	// celsius, rpm, volts, watts, amperes or percent; other units in ipmitool's words.
	Unit string `json:"unit,omitempty"`
	// Which of its limits the value is beyond, by the BMC's word: ok (none), nc (not
	// critical), cr (critical), nr (not recoverable). Absent where it does not say.
	Status string `json:"status,omitempty" jsonschema:"enum=ok,enum=nc,enum=cr,enum=nr"`
	// Limits below and above which a value is not ok, in the sensor's unit.
	LowerNonRecoverable *float64 `json:"lower_non_recoverable,omitempty"`
	LowerCritical       *float64 `json:"lower_critical,omitempty"`
	LowerNonCritical    *float64 `json:"lower_non_critical,omitempty"`
	UpperNonCritical    *float64 `json:"upper_non_critical,omitempty"`
	UpperCritical       *float64 `json:"upper_critical,omitempty"`
	UpperNonRecoverable *float64 `json:"upper_non_recoverable,omitempty"`
}
