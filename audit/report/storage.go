package report

// Storage lists the drives.
type Storage struct {
	// Every drive that the kernel or smartctl's scan knows. Disks without
	// hardware (RAM disks, loop devices, …) are not listed.
	Drives []Drive `json:"drives"`
}

// Drive is a disk, solid-state drive or optical drive.
type Drive struct {
	// Device file.
	Path string `json:"path"`
	// Device type by which smartctl reaches a drive that has no device file of
	// its own, behind a RAID controller.
	SmartctlType string `json:"smartctl_type,omitempty"`
	// The kernel's device type: disk or rom.
	Type string `json:"type,omitempty"`
	// How the drive is attached: sata, sas, nvme, usb, virtio, …
	Transport       string `json:"transport,omitempty"`
	Vendor          string `json:"vendor,omitempty"`
	Model           string `json:"model,omitempty"`
	SerialNumber    string `json:"serial_number,omitempty"`
	FirmwareVersion string `json:"firmware_version,omitempty"`
	// World wide name.
	WWN                string `json:"wwn,omitempty"`
	SizeBytes          uint64 `json:"size_bytes,omitempty"`
	LogicalBlockBytes  uint64 `json:"logical_block_bytes,omitempty"`
	PhysicalBlockBytes uint64 `json:"physical_block_bytes,omitempty"`
	// Whether the drive has spinning platters, as far as the kernel knows.
	Rotational *bool `json:"rotational,omitempty"`
	// Spindle speed in revolutions a minute; absent for solid-state drives.
	RotationRPM uint64 `json:"rotation_rpm,omitempty"`
	Removable   bool   `json:"removable,omitempty"`
	// SCSI address host:channel:target:lun.
	HCTL string `json:"hctl,omitempty"`
	// Interface speed now, in smartctl's words.
	InterfaceSpeed string `json:"interface_speed,omitempty"`
	// Interface speed at most, in smartctl's words.
	InterfaceMaxSpeed string `json:"interface_max_speed,omitempty"`

	// What smartctl read. Absent where it could not be asked.
	SMART *SMART `json:"smart,omitempty"`
	// What an NVMe controller says of itself.
	NVMe *NVMe `json:"nvme,omitempty"`
}

// SMART is a drive's health, as smartctl reads it.
type SMART struct {
	// The drive's own verdict. Absent where it gives none.
	Passed *bool `json:"passed,omitempty"`
	// smartctl's warnings, from the bits of its exit status:
	// command_failed (a SMART or ATA command failed, or a checksum was wrong),
	// failing (the drive says that it fails),
	// prefail (a pre-failure attribute is at or below its threshold),
	// past_prefail (an attribute was at or below its threshold in the past),
	// error_log (the error log has entries),
	// self_test_log (the self-test log has errors).
	Warnings []string `json:"warnings,omitempty" jsonschema:"enum=command_failed,enum=failing,enum=prefail,enum=past_prefail,enum=error_log,enum=self_test_log"`
	// Messages that smartctl printed.
	Messages           []string `json:"messages,omitempty"`
	TemperatureCelsius *int64   `json:"temperature_celsius,omitempty"`
	PowerOnHours       *uint64  `json:"power_on_hours,omitempty"`
	PowerCycles        *uint64  `json:"power_cycles,omitempty"`
	// ATA: entries in the error log.
	ATAErrors *uint64 `json:"ata_errors,omitempty"`
	// ATA: SMART attributes.
	ATAAttributes []ATAAttribute `json:"ata_attributes,omitempty"`
	// SCSI: grown defects.
	SCSIGrownDefects *uint64 `json:"scsi_grown_defects,omitempty"`
	// SCSI: reads, writes and verifies that could not be corrected.
	SCSIUncorrectedErrors *uint64 `json:"scsi_uncorrected_errors,omitempty"`
}

// ATAAttribute is a SMART attribute of an ATA drive.
type ATAAttribute struct {
	ID   uint64 `json:"id"`
	Name string `json:"name,omitempty"`
	// Normalised value now.
	Value uint64 `json:"value"`
	// Normalised value at its worst.
	Worst uint64 `json:"worst"`
	// Threshold that the normalised value must not reach.
	Threshold uint64 `json:"threshold"`
	// Raw value.
	Raw uint64 `json:"raw"`
	// Raw value as smartctl reads it.
	RawText string `json:"raw_text,omitempty"`
	// now or past, where the value reached its threshold.
	WhenFailed string `json:"when_failed,omitempty"`
}

// NVMe is an NVMe controller.
type NVMe struct {
	// PCI vendor, four hexadecimal digits.
	VendorID string `json:"vendor_id,omitempty"`
	// PCI subsystem vendor, four hexadecimal digits.
	SubsystemVendorID string `json:"subsystem_vendor_id,omitempty"`
	// NVMe qualified name of the subsystem.
	SubsystemNQN     string  `json:"subsystem_nqn,omitempty"`
	ControllerID     *uint64 `json:"controller_id,omitempty"`
	TotalBytes       uint64  `json:"total_bytes,omitempty"`
	UnallocatedBytes uint64  `json:"unallocated_bytes,omitempty"`
	// Number of namespaces that the controller can have.
	MaxNamespaces uint64 `json:"max_namespaces,omitempty"`
	// Temperature at which the controller warns.
	WarningCelsius *int64 `json:"warning_temperature_celsius,omitempty"`
	// Temperature at which the controller may fail.
	CriticalCelsius *int64 `json:"critical_temperature_celsius,omitempty"`
	// The SMART/health information log.
	Health *NVMeHealth `json:"health,omitempty"`
}

// NVMeHealth is the SMART/health information log of an NVMe controller.
type NVMeHealth struct {
	// Bit mask; 0 is good. 1: spare below threshold, 2: temperature out of
	// range, 4: reliability degraded, 8: read-only, 16: backup of volatile
	// memory failed, 32: persistent memory read-only.
	CriticalWarning    *uint64 `json:"critical_warning,omitempty"`
	TemperatureCelsius *int64  `json:"temperature_celsius,omitempty"`
	// Temperatures of the sensors that the controller has.
	SensorsCelsius        []int64 `json:"sensors_celsius,omitempty"`
	AvailableSparePercent *uint64 `json:"available_spare_percent,omitempty"`
	SpareThresholdPercent *uint64 `json:"spare_threshold_percent,omitempty"`
	UsedPercent           *uint64 `json:"used_percent,omitempty"`
	ReadBytes             *uint64 `json:"read_bytes,omitempty"`
	WrittenBytes          *uint64 `json:"written_bytes,omitempty"`
	PowerCycles           *uint64 `json:"power_cycles,omitempty"`
	PowerOnHours          *uint64 `json:"power_on_hours,omitempty"`
	UnsafeShutdowns       *uint64 `json:"unsafe_shutdowns,omitempty"`
	MediaErrors           *uint64 `json:"media_errors,omitempty"`
	ErrorLogEntries       *uint64 `json:"error_log_entries,omitempty"`
	// Time that the controller was above its warning temperature.
	WarningTemperatureMins *uint64 `json:"warning_temperature_minutes,omitempty"`
	// Time that the controller was above its critical temperature.
	CriticalTemperatureMins *uint64 `json:"critical_temperature_minutes,omitempty"`
}
