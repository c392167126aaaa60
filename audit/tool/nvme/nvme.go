// Package nvme reads what `nvme id-ctrl -o json` and `nvme smart-log -o json`
// print, and the health log in what smartctl prints. Versions of nvme-cli differ
// in how they write numbers; all are read.
package nvme

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"bee/audit/tool/internal/tolerant"
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

// Health is the SMART/health information log. nvme-cli and smartctl write down
// the same log; where their names differ, it has both. Data units are 1000
// blocks of 512 bytes.
type Health struct {
	CriticalWarning tolerant.Number `json:"critical_warning"`
	// In kelvins from nvme-cli, in degrees Celsius from smartctl: see Celsius.
	Temperature      tolerant.Number `json:"temperature"`
	DataUnitsRead    tolerant.Number `json:"data_units_read"`
	DataUnitsWritten tolerant.Number `json:"data_units_written"`
	PowerCycles      tolerant.Number `json:"power_cycles"`
	PowerOnHours     tolerant.Number `json:"power_on_hours"`
	UnsafeShutdowns  tolerant.Number `json:"unsafe_shutdowns"`
	MediaErrors      tolerant.Number `json:"media_errors"`
	ErrorLogEntries  tolerant.Number `json:"num_err_log_entries"`
	WarningTempTime  tolerant.Number `json:"warning_temp_time"`
	CriticalTempTime tolerant.Number `json:"critical_comp_time"`
	byNVMe
	bySmartctl
}

// byNVMe are fields under nvme-cli's names.
type byNVMe struct {
	Spare          tolerant.Number `json:"avail_spare"`
	SpareThreshold tolerant.Number `json:"spare_thresh"`
	Used           tolerant.Number `json:"percent_used"`
	Sensor1        tolerant.Number `json:"temperature_sensor_1"`
	Sensor2        tolerant.Number `json:"temperature_sensor_2"`
	Sensor3        tolerant.Number `json:"temperature_sensor_3"`
	Sensor4        tolerant.Number `json:"temperature_sensor_4"`
	Sensor5        tolerant.Number `json:"temperature_sensor_5"`
	Sensor6        tolerant.Number `json:"temperature_sensor_6"`
	Sensor7        tolerant.Number `json:"temperature_sensor_7"`
	Sensor8        tolerant.Number `json:"temperature_sensor_8"`
}

// bySmartctl are the same fields under smartctl's names.
type bySmartctl struct {
	Spare          tolerant.Number   `json:"available_spare"`
	SpareThreshold tolerant.Number   `json:"available_spare_threshold"`
	Used           tolerant.Number   `json:"percentage_used"`
	Sensors        []tolerant.Number `json:"temperature_sensors"`
}

// Merge makes one log of what several tools say of it, field by field: the first that has it.
// A log of nothing but zeros, as some controllers and bridges hand out, loses against one with
// values. Nil where there is none.
func Merge(logs ...*Health) *Health {
	var all []Health
	for _, log := range logs {
		if log != nil {
			one := *log
			n, s := &one.byNVMe, one.bySmartctl
			n.Spare, n.SpareThreshold, n.Used = cmp.Or(n.Spare, s.Spare), cmp.Or(n.SpareThreshold, s.SpareThreshold), cmp.Or(n.Used, s.Used)
			all = append(all, one)
		}
	}
	if len(all) == 0 {
		return nil
	}
	if filled := slices.DeleteFunc(slices.Clone(all), Health.blank); len(filled) > 0 {
		all = filled
	}
	merged := all[0]
	for _, log := range all[1:] {
		for i, field := range merged.fields() {
			*field = cmp.Or(*field, *log.fields()[i])
		}
		if len(merged.SensorsCelsius()) == 0 {
			merged.Sensors = log.sensors()
		}
	}
	return &merged
}

// fields are the log's numbers under nvme-cli's names, but for the sensors.
func (h *Health) fields() []*tolerant.Number {
	n := &h.byNVMe
	return []*tolerant.Number{
		&h.CriticalWarning, &h.Temperature, &h.DataUnitsRead, &h.DataUnitsWritten, &h.PowerCycles, &h.PowerOnHours,
		&h.UnsafeShutdowns, &h.MediaErrors, &h.ErrorLogEntries, &h.WarningTempTime, &h.CriticalTempTime,
		&n.Spare, &n.SpareThreshold, &n.Used,
	}
}

// blank reports whether the log has no number but 0.
func (h Health) blank() bool {
	for _, field := range h.fields() {
		if n := field.Int(); n != nil && *n != 0 {
			return false
		}
	}
	return true
}

// AvailableSparePercent returns how much of the spare capacity is left.
func (h Health) AvailableSparePercent() *uint64 {
	return cmp.Or(h.byNVMe.Spare, h.bySmartctl.Spare).Uint()
}

// SpareThresholdPercent returns below how much spare capacity the controller
// warns.
func (h Health) SpareThresholdPercent() *uint64 {
	return cmp.Or(h.byNVMe.SpareThreshold, h.bySmartctl.SpareThreshold).Uint()
}

// UsedPercent returns how much of the rated life is used; it can go beyond 100.
func (h Health) UsedPercent() *uint64 { return cmp.Or(h.byNVMe.Used, h.bySmartctl.Used).Uint() }

// SensorsCelsius returns the temperatures of the sensors that there are.
func (h Health) SensorsCelsius() []int64 {
	var all []int64
	for _, sensor := range h.sensors() {
		if c := Celsius(sensor); c != nil {
			all = append(all, *c)
		}
	}
	return all
}

func (h Health) sensors() []tolerant.Number {
	n := h.byNVMe
	return append([]tolerant.Number{n.Sensor1, n.Sensor2, n.Sensor3, n.Sensor4, n.Sensor5, n.Sensor6, n.Sensor7, n.Sensor8}, h.Sensors...)
}

// ParseController reads the output of `nvme id-ctrl -o json`.
func ParseController(out []byte) (Controller, error) {
	var c Controller
	err := decode("id-ctrl", out, &c)
	if err == nil && c == (Controller{}) {
		err = errors.New("output of nvme id-ctrl says nothing of a controller")
	}
	return c, err
}

// ParseHealth reads the output of `nvme smart-log -o json`.
func ParseHealth(out []byte) (Health, error) {
	var h Health
	err := decode("smart-log", out, &h)
	if err == nil && h.CriticalWarning.Uint() == nil && h.Temperature.Uint() == nil {
		err = errors.New("output of nvme smart-log holds no health log")
	}
	return h, err
}

func decode(command string, out []byte, v any) error {
	if err := tolerant.Unmarshal(out, v); err != nil {
		return fmt.Errorf("output of nvme %s is not the JSON it should be: %w", command, err)
	}
	return nil
}

// Celsius returns a temperature that is in kelvins or in degrees Celsius: no
// drive lives where one could be taken for the other. It is nil where the
// temperature is absent or, in kelvins, 0, which says that there is no sensor.
func Celsius(t tolerant.Number) *int64 {
	v := t.Int()
	if v == nil || *v == 0 || *v <= -kelvin || *v > 1000 {
		return nil
	}
	c := *v
	if c > 200 {
		c -= kelvin
	}
	return &c
}

// kelvin is what tools take 0 °C for, in kelvins.
const kelvin = 273

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
