package report

// Storage lists the drives.
type Storage struct {
	// Every drive that the kernel or smartctl's scan knows, by path. Disks without
	// hardware (RAM disks, loop devices, …) are not listed. Each namespace of an
	// NVMe controller is a drive of its own; a controller without one is a drive,
	// too, without a type.
	Drives []Drive `json:"drives"`
}

// Drive is a disk, solid-state drive or optical drive.
type Drive struct {
	// Device file.
	Path string `json:"path"`
	// Other device files of the same drive: it is attached by several paths.
	OtherPaths []string `json:"other_paths,omitempty"`
	// Device type that smartctl has to be told: of a drive that has no device file
	// of its own, behind a RAID controller (megaraid,4), or behind a USB bridge
	// that it does not know (sat).
	SmartctlType string `json:"smartctl_type,omitempty"`
	// The kernel's device type: disk or rom.
	Type string `json:"type,omitempty"`
	// How the drive is attached: sata, sas, nvme, usb, virtio, …
	Transport string `json:"transport,omitempty"`
	// What the drive itself speaks, as smartctl found out: ATA, SCSI or NVMe.
	Protocol string `json:"protocol,omitempty"`
	// PCI function that it is attached to: an NVMe drive's own, else a host
	// adapter's. domain:bus:device.function
	PCIAddress string `json:"pci_address,omitempty"`
	// No drive but an array of a RAID controller that looks like one. Its members
	// are drives of their own where smartctl's scan finds them.
	RAIDVolume      bool   `json:"raid_volume,omitempty"`
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
	// In smartctl's words: 2.5 inches, M.2, …
	FormFactor string `json:"form_factor,omitempty"`
	// Whether an ATA drive knows TRIM.
	TrimSupported *bool `json:"trim_supported,omitempty"`
	Removable     bool  `json:"removable,omitempty"`
	// SCSI address host:channel:target:lun.
	HCTL string `json:"hctl,omitempty"`
	// SATA or SAS link speed now: 6.0 Gb/s. For PCI Express see the link of the
	// PCI function.
	InterfaceSpeed string `json:"interface_speed,omitempty"`
	// SATA link speed that the drive knows at most.
	InterfaceMaxSpeed string `json:"interface_max_speed,omitempty"`
	Content

	// The drive's health. Absent where no tool could be asked.
	SMART *SMART `json:"smart,omitempty"`
	// What an NVMe controller says of itself.
	NVMe *NVMe `json:"nvme,omitempty"`
}

// Content is what a drive or a volume holds, as lsblk sees it.
type Content struct {
	// File system, or what it is a part of: ext4, swap, LVM2_member,
	// linux_raid_member, zfs_member, ddf_raid_member, crypto_LUKS, …
	FilesystemType  string `json:"filesystem_type,omitempty"`
	FilesystemLabel string `json:"filesystem_label,omitempty"`
	FilesystemUUID  string `json:"filesystem_uuid,omitempty"`
	// Where it is mounted, one of the places if there are several.
	MountPoint string `json:"mount_point,omitempty"`
	// Partitions, or the arrays and logical volumes that use it. An array is
	// listed under each of its members.
	Volumes []Volume `json:"volumes,omitempty"`
}

// Volume is a partition, an array, a logical or an encrypted volume.
type Volume struct {
	// Device file.
	Path string `json:"path"`
	// Name that the device mapper gave it.
	Name string `json:"name,omitempty"`
	// The kernel's device type: part, raid1, lvm, crypt, mpath, …
	Type           string `json:"type,omitempty"`
	SizeBytes      uint64 `json:"size_bytes,omitempty"`
	PartitionLabel string `json:"partition_label,omitempty"`
	Content
}

// SMART is a drive's health, whatever kind of drive it is and whichever tool read
// it: smartctl, and for what that does not say, the health log that nvme read.
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
	// Temperature above which the drive should not be run, by its own account.
	MaxTemperatureCelsius *int64  `json:"max_temperature_celsius,omitempty"`
	PowerOnHours          *uint64 `json:"power_on_hours,omitempty"`
	PowerCycles           *uint64 `json:"power_cycles,omitempty"`
	// Wear of a solid-state drive: how much of its rated life is used. Can go
	// beyond 100. From the first of these that the drive has: NVMe's percentage
	// used; SCSI's endurance indicator; ATA's, from the device statistics; ATA
	// attributes whose normalised value counts down from 100 (233
	// Media_Wearout_Indicator, 231 SSD_Life_Left, 202 Percent_Lifetime_Remain, 177
	// Wear_Leveling_Count and others of such names).
	UsedPercent *uint64 `json:"used_percent,omitempty"`
	// Failed tests in the self-test log, but for those before a complete test
	// that the drive has passed since.
	SelfTestErrors *uint64 `json:"self_test_errors,omitempty"`
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
	// Whether a value at its threshold means that the drive will fail soon; else
	// it is old.
	Prefail bool `json:"prefail,omitempty"`
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
	// The controller's state, as the kernel's driver sees it: live, resetting,
	// dead, …
	State string `json:"state,omitempty"`
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
