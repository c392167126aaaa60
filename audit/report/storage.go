package report

import (
	"slices"
	"strings"
)

// Storage lists the drives.
type Storage struct {
	// Every drive that the kernel or smartctl's scan knows, by path, and then those that only
	// the program of a RAID controller's maker knows. Disks without hardware (RAM disks, loop
	// devices, …) are not listed. Each namespace of an NVMe controller is a drive of its own;
	// a controller without one is a drive, too, without a type.
	Drives []Drive `json:"drives"`
	// RAID controllers, as the programs of their makers tell of them, where one is installed:
	// storcli64, perccli64, ssacli, arcconf, sas3ircu and the like.
	Controllers []RAIDController `json:"controllers,omitempty"`
}

// UnexaminedArrays returns the arrays of RAID controllers, where no drive behind one was found.
func (s *Storage) UnexaminedArrays() []Drive {
	if s == nil {
		return nil
	}
	var arrays []Drive
	for _, d := range s.Drives {
		switch {
		case strings.Contains(d.SmartctlType, ","):
			return nil // a drive behind a controller
		case d.RAIDVolume && !s.toldOf(d):
			arrays = append(arrays, d)
		}
	}
	return arrays
}

// toldOf reports whether a controller told which drives an array has; where it did not tell
// which device the array is, whether it did so for all of its arrays.
func (s *Storage) toldOf(array Drive) bool {
	noMembers := func(a RAIDArray) bool { return len(a.Members) == 0 }
	return slices.ContainsFunc(s.Controllers, func(c RAIDController) bool {
		i := slices.IndexFunc(c.Arrays, func(a RAIDArray) bool { return a.Path != "" && a.Path == array.Path })
		if i >= 0 {
			return !noMembers(c.Arrays[i])
		}
		return c.PCIAddress != "" && c.PCIAddress == array.PCIAddress && len(c.Arrays) > 0 && !slices.ContainsFunc(c.Arrays, noMembers)
	})
}

// Drive is a disk, solid-state drive or optical drive.
type Drive struct {
	// Device file. Empty for a drive that only the program of its RAID controller's maker
	// knows: its place is under member.
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
	// are drives of their own where smartctl finds them, or the program of the controller's
	// maker.
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
	// What the RAID controller that the drive is behind says of it. Absent where its maker's
	// program is not installed.
	Member *Member `json:"member,omitempty"`
}

// Name is what people call the drive: its device file, with the device type where it takes
// one to reach it; else its slot on the controller.
func (d Drive) Name() string {
	if d.Path == "" && d.Member != nil {
		return d.Member.Controller + " " + d.Member.Slot
	}
	return strings.TrimSpace(d.Path + " " + d.SmartctlType)
}

// RAIDController is a RAID controller, by the program of its maker.
type RAIDController struct {
	// How the program is told to ask it: storcli64 /c0, ssacli ctrl slot=0, arcconf 1,
	// sas3ircu 0.
	Name         string `json:"name"`
	Model        string `json:"model,omitempty"`
	SerialNumber string `json:"serial_number,omitempty"`
	// Firmware by the number that the maker publishes it under, which is that of the whole
	// package where there is one.
	FirmwareVersion string `json:"firmware_version,omitempty"`
	// PCI function, domain:bus:device.function. Where the program does not tell, that of the
	// arrays of the only controller with the driver.
	PCIAddress string `json:"pci_address,omitempty"`
	// How it is by its own account: ok, degraded (it works, and something is wrong with it or
	// behind it), failed, unknown (it does not say, or its word for it is not known here).
	State string `json:"state" jsonschema:"enum=ok,enum=degraded,enum=failed,enum=unknown"`
	// The word that State is taken from: Optimal, OK, Needs Attention, …
	Status             string `json:"status,omitempty"`
	TemperatureCelsius *int64 `json:"temperature_celsius,omitempty"`
	// Memory for the cache. Absent where the controller has none.
	CacheBytes uint64 `json:"cache_bytes,omitempty"`
	// How the cache is, in the words of ssacli or arcconf, and why.
	CacheStatus string `json:"cache_status,omitempty"`
	// What keeps the cache's content where the power fails.
	Backup *CacheBackup `json:"backup,omitempty"`
	// Arrays that the controller shows to the kernel as disks.
	Arrays []RAIDArray `json:"arrays,omitempty"`
}

// CacheBackup is the battery or capacitor of a RAID controller's cache.
type CacheBackup struct {
	// battery or capacitor. Absent where the controller does not tell.
	Kind  string `json:"kind,omitempty" jsonschema:"enum=battery,enum=capacitor"`
	Model string `json:"model,omitempty"`
	// ok, charging (or learning what it can hold: the cache may be off for so long), degraded,
	// failed (or to be replaced, by the controller's word), absent, unknown (the controller's
	// word for it is not known here).
	State string `json:"state" jsonschema:"enum=ok,enum=charging,enum=degraded,enum=failed,enum=absent,enum=unknown"`
	// The words that State is taken from.
	Status             string `json:"status,omitempty"`
	TemperatureCelsius *int64 `json:"temperature_celsius,omitempty"`
}

// RAIDArray is an array of a RAID controller, which the kernel sees as a disk.
type RAIDArray struct {
	// What the program calls it: a number, or drive group/number.
	Name string `json:"name"`
	// Name that somebody gave it.
	Label string `json:"label,omitempty"`
	// Device file of the disk that it looks like, as the program tells, or found by its world
	// wide name.
	Path string `json:"path,omitempty"`
	// World wide name.
	WWN string `json:"wwn,omitempty"`
	// RAID level: RAID0, RAID1, RAID10, RAID6, …
	Level string `json:"level,omitempty"`
	// ok, rebuilding (or built for the first time: one more failure may cost data until that
	// is done), degraded (without a member), failed (data cannot be reached), unknown (the
	// controller's word for it is not known here).
	State string `json:"state" jsonschema:"enum=ok,enum=rebuilding,enum=degraded,enum=failed,enum=unknown"`
	// The word that State is taken from: Optl, Degraded, Interim Recovery Mode, …
	Status    string `json:"status,omitempty"`
	SizeBytes uint64 `json:"size_bytes,omitempty"`
	// What the controller does now with data that is written: write_back (it says that it is
	// written when it is in the cache) or write_through (when it is on the drives).
	WriteCache string `json:"write_cache,omitempty" jsonschema:"enum=write_back,enum=write_through"`
	// What it is set to do.
	WriteCacheSetting string `json:"write_cache_setting,omitempty" jsonschema:"enum=write_back,enum=write_through"`
	// Slots of its members. The drives there have them under member.
	Members []string `json:"members,omitempty"`
	// Members that are not there any more, as far as the controller remembers them.
	MissingMembers []string `json:"missing_members,omitempty"`
}

// Member is what a RAID controller says of a drive behind it, whether it is part of an array
// or not.
type Member struct {
	// Name of the controller.
	Controller string `json:"controller"`
	// Place, in the words of the controller's program: enclosure:slot, port:box:bay, or the
	// slot alone.
	Slot string `json:"slot"`
	// ok (in use, as far as the controller is concerned), spare, unused, rebuilding, foreign
	// (it belongs to an array of another controller, or of this one before), bad (in no array,
	// and the controller does not want it), failing (a failure is predicted), failed, unknown
	// (the controller's word for it is not known here).
	State string `json:"state" jsonschema:"enum=ok,enum=spare,enum=unused,enum=rebuilding,enum=foreign,enum=bad,enum=failing,enum=failed,enum=unknown"`
	// The word that State is taken from: Onln, UGood, Predictive Failure, Ready, …
	Status string `json:"status,omitempty"`
	// Errors of the medium, by the controller's count.
	MediaErrors *uint64 `json:"media_errors,omitempty"`
	// Other errors, by the controller's count: of the link, commands that were not answered
	// in time, …
	OtherErrors *uint64 `json:"other_errors,omitempty"`
	// How often the drive predicted that it fails, by the controller's count.
	PredictiveFailures *uint64 `json:"predictive_failures,omitempty"`
	// Whether the drive predicts now that it fails.
	SMARTAlert *bool `json:"smart_alert,omitempty"`
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
// it: smartctl, and for what that does not say, the health log that nvme read, and the
// program of a RAID controller's maker.
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
	MaxTemperatureCelsius *int64 `json:"max_temperature_celsius,omitempty"`
	// Highest temperature that the drive ever had, by its own account.
	HighestTemperatureCelsius *int64  `json:"highest_temperature_celsius,omitempty"`
	PowerOnHours              *uint64 `json:"power_on_hours,omitempty"`
	PowerCycles               *uint64 `json:"power_cycles,omitempty"`
	// Wear of a solid-state drive: how much of its rated life is used. Can go
	// beyond 100. From the first of these that the drive has: NVMe's percentage
	// used; SCSI's endurance indicator; ATA's, from the device statistics; ATA
	// attributes whose normalised value counts down from 100 (233
	// Media_Wearout_Indicator, 231 SSD_Life_Left, 202 Percent_Lifetime_Remain, 177
	// Wear_Leveling_Count and others of such names).
	UsedPercent *uint64 `json:"used_percent,omitempty"`
	// Errors that the drive could not correct: media errors of an NVMe drive; reads, writes
	// and verifies of a SCSI drive.
	MediaErrors *uint64 `json:"media_errors,omitempty"`
	// Failed tests in the self-test log, but for those before a complete test
	// that the drive has passed since.
	SelfTestErrors *uint64 `json:"self_test_errors,omitempty"`
	// Places that the drive could not read, and has on a list (ATA's log of pending defects,
	// SCSI's pending defects). Absent where it keeps none.
	PendingDefects *uint64 `json:"pending_defects,omitempty"`
	// Errors of the drive's links, those that happened: of a SATA drive since the link was
	// last reset, of a SAS drive since it has power, in which a few come with plugging it in.
	LinkErrors []LinkErrors `json:"link_errors,omitempty"`
	// ATA: entries in the error log.
	ATAErrors *uint64 `json:"ata_errors,omitempty"`
	// ATA: SMART attributes.
	ATAAttributes []ATAAttribute `json:"ata_attributes,omitempty"`
	// SCSI: grown defects.
	SCSIGrownDefects *uint64 `json:"scsi_grown_defects,omitempty"`
	// SCSI: reads, writes and verifies that could not be corrected.
	SCSIUncorrectedErrors *uint64 `json:"scsi_uncorrected_errors,omitempty"`
}

// LinkErrors counts one kind of error on one of a drive's links.
type LinkErrors struct {
	// Port and phy of a SAS drive, such as 0:1. Absent of a SATA drive, which has one link.
	Link string `json:"link,omitempty"`
	// What went wrong, in smartctl's words.
	Name  string `json:"name"`
	Count uint64 `json:"count"`
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
