// Package nvme reads what `nvme id-ctrl -o json` and `nvme smart-log -o json`
// print. Versions of nvme-cli differ in how they write numbers; all are read.
package nvme

import (
	"encoding/json"
	"fmt"

	"bee/audit/printable"
	"bee/audit/tolerant"
)

// Controller is a controller's answer to the Identify command, under the names
// of the NVMe specification.
type Controller struct {
	VendorID          tolerant.Number `json:"vid"`
	SubsystemVendorID tolerant.Number `json:"ssvid"`
	SerialNumber      tolerant.String `json:"sn"`
	ModelNumber       tolerant.String `json:"mn"`
	FirmwareRevision  tolerant.String `json:"fr"`
	ControllerID      tolerant.Number `json:"cntlid"`
	TotalBytes        tolerant.Number `json:"tnvmcap"`
	UnallocatedBytes  tolerant.Number `json:"unvmcap"`
	Namespaces        tolerant.Number `json:"nn"`
	WarningKelvin     tolerant.Number `json:"wctemp"`
	CriticalKelvin    tolerant.Number `json:"cctemp"`
	SubsystemNQN      tolerant.String `json:"subnqn"`
}

// Health is the SMART/health information log. Temperatures are in kelvins, data
// units are 1000 blocks of 512 bytes.
type Health struct {
	CriticalWarning  tolerant.Number `json:"critical_warning"`
	Kelvin           tolerant.Number `json:"temperature"`
	Sensor1          tolerant.Number `json:"temperature_sensor_1"`
	Sensor2          tolerant.Number `json:"temperature_sensor_2"`
	Sensor3          tolerant.Number `json:"temperature_sensor_3"`
	Sensor4          tolerant.Number `json:"temperature_sensor_4"`
	Sensor5          tolerant.Number `json:"temperature_sensor_5"`
	Sensor6          tolerant.Number `json:"temperature_sensor_6"`
	Sensor7          tolerant.Number `json:"temperature_sensor_7"`
	Sensor8          tolerant.Number `json:"temperature_sensor_8"`
	AvailableSpare   tolerant.Number `json:"avail_spare"`
	SpareThreshold   tolerant.Number `json:"spare_thresh"`
	PercentageUsed   tolerant.Number `json:"percent_used"`
	DataUnitsRead    tolerant.Number `json:"data_units_read"`
	DataUnitsWritten tolerant.Number `json:"data_units_written"`
	PowerCycles      tolerant.Number `json:"power_cycles"`
	PowerOnHours     tolerant.Number `json:"power_on_hours"`
	UnsafeShutdowns  tolerant.Number `json:"unsafe_shutdowns"`
	MediaErrors      tolerant.Number `json:"media_errors"`
	ErrorLogEntries  tolerant.Number `json:"num_err_log_entries"`
	WarningTempTime  tolerant.Number `json:"warning_temp_time"`
	CriticalTempTime tolerant.Number `json:"critical_comp_time"`
}

// ParseController reads the output of `nvme id-ctrl -o json`.
func ParseController(out []byte) (Controller, error) {
	var c Controller
	err := decode("id-ctrl", out, &c)
	return c, err
}

// ParseHealth reads the output of `nvme smart-log -o json`.
func ParseHealth(out []byte) (Health, error) {
	var h Health
	err := decode("smart-log", out, &h)
	return h, err
}

func decode(command string, out []byte, v any) error {
	if err := json.Unmarshal(printable.JSON(out), v); err != nil {
		return fmt.Errorf("output of nvme %s is not the JSON it should be: %w", command, err)
	}
	return nil
}

// Celsius returns a temperature that is given in kelvins, nil where it is absent
// or 0, which says that the controller does not report it.
func Celsius(kelvin tolerant.Number) *int64 {
	k := kelvin.Int()
	if k == nil || *k <= 0 {
		return nil
	}
	c := *k - 273
	return &c
}

// Bytes returns the size of a number of data units, nil where it is absent or
// beyond 64 bits.
func Bytes(units tolerant.Number) *uint64 {
	n := units.Uint()
	if n == nil || *n > (1<<64-1)/512000 {
		return nil
	}
	b := *n * 512000
	return &b
}
