package nvidiasmi

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"bee/core/printable"
)

// ParseProperties reads the output of `nvidia-smi --help-query-gpu`: the names of
// the properties that this nvidia-smi knows. Each stands in quotes at the start of
// a line, its other names behind it: "clocks.current.sm" or "clocks.sm".
func ParseProperties(out []byte) map[string]bool {
	known := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, `"`) {
			continue
		}
		for i, name := range strings.Split(line, `"`) {
			if i%2 == 1 {
				known[name] = true
			}
		}
	}
	return known
}

// Properties returns what --query-gpu should be asked for: each value under the
// newest of its names that is valid.
func Properties(valid func(name string) bool) []string {
	var all []string
	for line := range strings.Lines(properties) {
		names := strings.Fields(line)[1:]
		if i := slices.IndexFunc(names, valid); i >= 0 {
			all = append(all, names[i])
		}
	}
	return all
}

// Refused returns the property for which nvidia-smi has refused a whole query, ""
// where it has not.
func Refused(out []byte) string {
	before, _, found := bytes.Cut(out, []byte(`" is not a valid field to query`))
	if !found {
		return ""
	}
	return string(before[bytes.LastIndexByte(before, '"')+1:])
}

// ParseCSV reads the output of `nvidia-smi --query-gpu=… --format=csv`, with units
// or without, with a header. With an error come the GPUs that could be read all
// the same.
func ParseCSV(out []byte) (Log, error) {
	paths := map[string]string{}
	for line := range strings.Lines(properties) {
		names := strings.Fields(line)
		for _, name := range names[1:] {
			paths[name] = names[0]
		}
	}
	var log Log
	var header []column
	var damaged bool
	r := csv.NewReader(bytes.NewReader(out))
	// nvidia-smi quotes nothing, and what it says in between is no CSV.
	r.LazyQuotes, r.TrimLeadingSpace, r.FieldsPerRecord, r.ReuseRecord = true, true, -1, true
	for {
		cells, err := r.Read()
		if err == io.EOF {
			break
		}
		switch {
		case err != nil:
			damaged = true
		case header == nil && slices.ContainsFunc(cells, func(c string) bool { return paths[c] != "" }):
			header = columns(cells, paths)
		case header == nil || len(cells) == 1 && len(header) > 1:
			log.say(printable.Escape([]byte(strings.Join(cells, ", "))))
		case len(cells) != len(header):
			damaged = true
		default:
			g := &gpu{}
			for i, c := range header {
				if c.path == "driver_version" {
					log.DriverVersion = cmp.Or(log.DriverVersion, version(printable.Escape([]byte(cells[i]))))
				} else {
					g.set(c.path, c.withUnit(printable.Escape([]byte(cells[i]))))
				}
			}
			log.add(g)
		}
	}
	log, err := log.finish("CSV")
	if err == nil && damaged {
		err = errors.New("nvidia-smi's CSV is damaged or cut off")
	}
	return log, err
}

// column is a column of the CSV: "memory.total [MiB]".
type column struct{ path, unit string }

func columns(cells []string, paths map[string]string) []column {
	var all []column
	for _, cell := range cells {
		name, unit, _ := strings.Cut(strings.TrimSpace(cell), " [")
		all = append(all, column{paths[name], printable.Escape([]byte(strings.TrimSuffix(unit, "]")))})
	}
	return all
}

// withUnit returns a value with its column's unit, where it has none of its own.
func (c column) withUnit(v string) string {
	if v = strings.TrimSpace(v); c.unit != "" && v != "" && digits(v) == v {
		return v + " " + c.unit
	}
	return v
}

// properties are what --query-gpu is asked for: where the XML has it, then its
// names in --query-gpu, the newest first.
const properties = `driver_version kmd_version driver_version
pci/pci_bus_id pci.bus_id
product_name name
uuid uuid
serial serial
vbios_version vbios_version
inforom_version/img_version inforom.img
inforom_version/checksum_validation inforom.checksum_validation
platformInfo/module_id platform.module_id
persistence_mode persistence_mode
compute_mode compute_mode
performance_state pstate
gpu_recovery_action gpu_recovery_action
gpu_reset_status/reset_required reset_status.reset_required
gpu_reset_status/drain_and_reset_recommended reset_status.drain_and_reset_recommended
fb_memory_usage/total memory.total
fb_memory_usage/reserved memory.reserved
fb_memory_usage/used memory.used
utilization/gpu_util utilization.gpu
utilization/memory_util utilization.memory
fan_speed fan.speed
temperature/gpu_temp temperature.gpu
temperature/gpu_temp_tlimit temperature.gpu.tlimit
temperature/memory_temp temperature.memory
gpu_power_readings/power_draw power.draw
gpu_power_readings/instant_power_draw power.draw.instant
gpu_power_readings/requested_power_limit power.limit
gpu_power_readings/current_power_limit enforced.power.limit
gpu_power_readings/default_power_limit power.default_limit
gpu_power_readings/min_power_limit power.min_limit
gpu_power_readings/max_power_limit power.max_limit
clocks/graphics_clock clocks.current.graphics
clocks/sm_clock clocks.current.sm
clocks/mem_clock clocks.current.memory
clocks/video_clock clocks.current.video
max_clocks/graphics_clock clocks.max.graphics
max_clocks/sm_clock clocks.max.sm
max_clocks/mem_clock clocks.max.memory
pci/pci_gpu_link_info/pcie_gen/current_link_gen pcie.link.gen.current pcie.link.gen.gpucurrent
pci/pci_gpu_link_info/pcie_gen/max_link_gen pcie.link.gen.max
pci/pci_gpu_link_info/pcie_gen/max_device_link_gen pcie.link.gen.gpumax
pci/pci_gpu_link_info/pcie_gen/max_host_link_gen pcie.link.gen.hostmax
pci/pci_gpu_link_info/link_widths/current_link_width pcie.link.width.current
pci/pci_gpu_link_info/link_widths/max_link_width pcie.link.width.max
clocks_event_reasons/clocks_event_reason_gpu_idle clocks_event_reasons.gpu_idle clocks_throttle_reasons.gpu_idle
clocks_event_reasons/clocks_event_reason_applications_clocks_setting clocks_event_reasons.applications_clocks_setting clocks_throttle_reasons.applications_clocks_setting
clocks_event_reasons/clocks_event_reason_sw_power_cap clocks_event_reasons.sw_power_cap clocks_throttle_reasons.sw_power_cap
clocks_event_reasons/clocks_event_reason_hw_slowdown clocks_event_reasons.hw_slowdown clocks_throttle_reasons.hw_slowdown
clocks_event_reasons/clocks_event_reason_hw_thermal_slowdown clocks_event_reasons.hw_thermal_slowdown clocks_throttle_reasons.hw_thermal_slowdown
clocks_event_reasons/clocks_event_reason_hw_power_brake_slowdown clocks_event_reasons.hw_power_brake_slowdown clocks_throttle_reasons.hw_power_brake_slowdown
clocks_event_reasons/clocks_event_reason_sw_thermal_slowdown clocks_event_reasons.sw_thermal_slowdown clocks_throttle_reasons.sw_thermal_slowdown
clocks_event_reasons/clocks_event_reason_sync_boost clocks_event_reasons.sync_boost clocks_throttle_reasons.sync_boost
clocks_event_reasons_counters/clocks_event_reasons_counters_sw_power_cap clocks_event_reasons_counters.sw_power_cap
clocks_event_reasons_counters/clocks_event_reasons_counters_sw_therm_slowdown clocks_event_reasons_counters.sw_thermal_slowdown
clocks_event_reasons_counters/clocks_event_reasons_counters_hw_therm_slowdown clocks_event_reasons_counters.hw_thermal_slowdown
clocks_event_reasons_counters/clocks_event_reasons_counters_hw_power_brake clocks_event_reasons_counters.hw_power_brake_slowdown
clocks_event_reasons_counters/clocks_event_reasons_counters_sync_boost clocks_event_reasons_counters.sync_boost
ecc_mode/current_ecc ecc.mode.current
ecc_mode/pending_ecc ecc.mode.pending
ecc_errors/volatile/single_bit/total ecc.errors.corrected.volatile.total
ecc_errors/volatile/single_bit/device_memory ecc.errors.corrected.volatile.dram ecc.errors.corrected.volatile.device_memory
ecc_errors/volatile/sram_correctable ecc.errors.corrected.volatile.sram
ecc_errors/volatile/double_bit/total ecc.errors.uncorrected.volatile.total
ecc_errors/volatile/double_bit/device_memory ecc.errors.uncorrected.volatile.dram ecc.errors.uncorrected.volatile.device_memory
ecc_errors/volatile/sram_uncorrectable ecc.errors.uncorrected.volatile.sram
ecc_errors/aggregate/single_bit/total ecc.errors.corrected.aggregate.total
ecc_errors/aggregate/single_bit/device_memory ecc.errors.corrected.aggregate.dram ecc.errors.corrected.aggregate.device_memory
ecc_errors/aggregate/sram_correctable ecc.errors.corrected.aggregate.sram
ecc_errors/aggregate/double_bit/total ecc.errors.uncorrected.aggregate.total
ecc_errors/aggregate/double_bit/device_memory ecc.errors.uncorrected.aggregate.dram ecc.errors.uncorrected.aggregate.device_memory
ecc_errors/aggregate/sram_uncorrectable ecc.errors.uncorrected.aggregate.sram
ecc_errors/aggregate/sram_threshold_exceeded ecc.errors.uncorrected.aggregate.sram.thresholdExceeded
retired_pages/multiple_single_bit_retirement/retired_count retired_pages.single_bit_ecc.count
retired_pages/double_bit_retirement/retired_count retired_pages.double_bit.count
retired_pages/pending_retirement retired_pages.pending
remapped_rows/remapped_row_corr remapped_rows.correctable
remapped_rows/remapped_row_unc remapped_rows.uncorrectable
remapped_rows/remapped_row_pending remapped_rows.pending
remapped_rows/remapped_row_failure remapped_rows.failure
remapped_rows/row_remapper_histogram/row_remapper_histogram_max remapped_rows.histogram.max
remapped_rows/row_remapper_histogram/row_remapper_histogram_high remapped_rows.histogram.high
remapped_rows/row_remapper_histogram/row_remapper_histogram_partial remapped_rows.histogram.partial
remapped_rows/row_remapper_histogram/row_remapper_histogram_low remapped_rows.histogram.low
remapped_rows/row_remapper_histogram/row_remapper_histogram_none remapped_rows.histogram.none
mig_mode/current_mig mig.mode.current
mig_mode/pending_mig mig.mode.pending
fabric/state fabric.state
fabric/status fabric.status
fabric/health/summary fabric.health.summary
`
