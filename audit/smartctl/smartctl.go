// Package smartctl reads what `smartctl -j` prints, and its exit status.
//
// Field names and meanings are those of smartmontools 6.7 (the first with JSON)
// and later; later versions renamed some SCSI fields, and both names are read.
package smartctl

import (
	"encoding/json"
	"fmt"
	"strings"

	"bee/audit/printable"
	"bee/audit/tolerant"
)

// Output is what smartctl printed about one device, or a list of devices.
type Output struct {
	Smartctl struct {
		Messages []struct {
			String   tolerant.String `json:"string"`
			Severity tolerant.String `json:"severity"`
		} `json:"messages"`
		ExitStatus tolerant.Number `json:"exit_status"`
	} `json:"smartctl"`

	// Devices that --scan found.
	Devices []Device `json:"devices"`

	Device           Device          `json:"device"`
	ModelName        tolerant.String `json:"model_name"`
	SCSIModelName    tolerant.String `json:"scsi_model_name"`
	Vendor           tolerant.String `json:"vendor"`
	SCSIVendor       tolerant.String `json:"scsi_vendor"`
	SerialNumber     tolerant.String `json:"serial_number"`
	FirmwareVersion  tolerant.String `json:"firmware_version"`
	Revision         tolerant.String `json:"revision"`
	SCSIRevision     tolerant.String `json:"scsi_revision"`
	LogicalUnitID    tolerant.String `json:"logical_unit_id"`
	WWN              *WWN            `json:"wwn"`
	UserCapacity     Capacity        `json:"user_capacity"`
	NVMeCapacity     tolerant.Number `json:"nvme_total_capacity"`
	NVMeUnallocated  tolerant.Number `json:"nvme_unallocated_capacity"`
	NVMeControllerID tolerant.Number `json:"nvme_controller_id"`
	NVMeNamespaces   tolerant.Number `json:"nvme_number_of_namespaces"`
	LogicalBlock     tolerant.Number `json:"logical_block_size"`
	PhysicalBlock    tolerant.Number `json:"physical_block_size"`
	RotationRate     tolerant.Number `json:"rotation_rate"`
	InterfaceSpeed   struct {
		Max     Text `json:"max"`
		Current Text `json:"current"`
	} `json:"interface_speed"`

	SmartStatus struct {
		Passed tolerant.Bool `json:"passed"`
	} `json:"smart_status"`
	Temperature struct {
		Current tolerant.Number `json:"current"`
	} `json:"temperature"`
	PowerOnTime struct {
		Hours tolerant.Number `json:"hours"`
	} `json:"power_on_time"`
	PowerCycles tolerant.Number `json:"power_cycle_count"`

	ATAAttributes struct {
		Table []Attribute `json:"table"`
	} `json:"ata_smart_attributes"`
	ATAErrorLog map[string]struct {
		Count tolerant.Number `json:"count"`
	} `json:"ata_smart_error_log"`
	SCSIGrownDefects tolerant.Number `json:"scsi_grown_defect_list"`
	SCSIErrors       map[string]struct {
		Uncorrected tolerant.Number `json:"total_uncorrected_errors"`
	} `json:"scsi_error_counter_log"`
	NVMeHealth *NVMeHealth `json:"nvme_smart_health_information_log"`
}

// Device is how smartctl reaches a device.
type Device struct {
	Name     tolerant.String `json:"name"`
	Type     tolerant.String `json:"type"`
	Protocol tolerant.String `json:"protocol"`
}

// WWN is a world wide name in parts.
type WWN struct {
	NAA tolerant.Number `json:"naa"`
	OUI tolerant.Number `json:"oui"`
	ID  tolerant.Number `json:"id"`
}

// String returns the name as the kernel writes it: 0x5000cca264eb01d7.
func (w *WWN) String() string {
	if w == nil || w.NAA.Or0() == 0 {
		return ""
	}
	return fmt.Sprintf("0x%x%06x%09x", w.NAA.Or0(), w.OUI.Or0(), w.ID.Or0())
}

// Capacity is the size of a drive.
type Capacity struct {
	Bytes tolerant.Number `json:"bytes"`
}

// Text is a value with words for it.
type Text struct {
	String tolerant.String `json:"string"`
}

// Attribute is a SMART attribute of an ATA drive.
type Attribute struct {
	ID         tolerant.Number `json:"id"`
	Name       tolerant.String `json:"name"`
	Value      tolerant.Number `json:"value"`
	Worst      tolerant.Number `json:"worst"`
	Threshold  tolerant.Number `json:"thresh"`
	WhenFailed tolerant.String `json:"when_failed"`
	Raw        struct {
		Value  tolerant.Number `json:"value"`
		String tolerant.String `json:"string"`
	} `json:"raw"`
}

// NVMeHealth is the SMART/health information log of an NVMe controller.
// Temperatures are in degrees Celsius, data units are 1000 blocks of 512 bytes.
type NVMeHealth struct {
	CriticalWarning  tolerant.Number   `json:"critical_warning"`
	Temperature      tolerant.Number   `json:"temperature"`
	Sensors          []tolerant.Number `json:"temperature_sensors"`
	AvailableSpare   tolerant.Number   `json:"available_spare"`
	SpareThreshold   tolerant.Number   `json:"available_spare_threshold"`
	PercentageUsed   tolerant.Number   `json:"percentage_used"`
	DataUnitsRead    tolerant.Number   `json:"data_units_read"`
	DataUnitsWritten tolerant.Number   `json:"data_units_written"`
	PowerCycles      tolerant.Number   `json:"power_cycles"`
	PowerOnHours     tolerant.Number   `json:"power_on_hours"`
	UnsafeShutdowns  tolerant.Number   `json:"unsafe_shutdowns"`
	MediaErrors      tolerant.Number   `json:"media_errors"`
	ErrorLogEntries  tolerant.Number   `json:"num_err_log_entries"`
	WarningTempTime  tolerant.Number   `json:"warning_temp_time"`
	CriticalTempTime tolerant.Number   `json:"critical_comp_time"`
}

// Parse reads smartctl's output. With an error come the fields that could be
// read all the same.
func Parse(out []byte) (Output, error) {
	var o Output
	if err := json.Unmarshal(printable.JSON(out), &o); err != nil {
		return o, fmt.Errorf("smartctl's output is not the JSON it should be: %w", err)
	}
	return o, nil
}

// Messages returns what smartctl had to say beside the data, one sentence each.
func (o Output) Messages() []string {
	var all []string
	for _, m := range o.Smartctl.Messages {
		if s := strings.TrimSpace(string(m.String)); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// ATAErrors returns the number of errors in the ATA error log, nil where there
// is none. It is under "summary" or "extended".
func (o Output) ATAErrors() *uint64 {
	var n *uint64
	for _, log := range o.ATAErrorLog {
		if c := log.Count.Uint(); c != nil && (n == nil || *c > *n) {
			n = c
		}
	}
	return n
}

// SCSIUncorrected returns the number of uncorrected reads, writes and verifies,
// nil where the drive does not count them.
func (o Output) SCSIUncorrected() *uint64 {
	var n *uint64
	for _, log := range o.SCSIErrors {
		if c := log.Uncorrected.Uint(); c != nil {
			if n == nil {
				n = new(uint64)
			}
			*n += *c
		}
	}
	return n
}

// Fatal reports whether an exit status says that there is no data: smartctl did
// not understand its command line (bit 0), or could not open or identify the
// device (bit 1). The other bits are about the drive, see [Warnings].
func Fatal(exitStatus int) bool { return exitStatus < 0 || exitStatus&3 != 0 }

// Warnings returns what an exit status says about the drive, by bit 2 to 7.
func Warnings(exitStatus int) []string {
	var all []string
	for bit, name := range []string{2: "command_failed", 3: "failing", 4: "prefail", 5: "past_prefail", 6: "error_log", 7: "self_test_log"} {
		if name != "" && exitStatus > 0 && exitStatus&(1<<bit) != 0 {
			all = append(all, name)
		}
	}
	return all
}
