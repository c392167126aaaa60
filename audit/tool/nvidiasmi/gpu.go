package nvidiasmi

import (
	"cmp"
	"slices"
	"strings"

	"bee/audit/report"
	"bee/audit/report/placeholder"
)

// gpu is a GPU that is being read.
type gpu struct {
	report.GPU
	volatile, aggregate eccErrors
}

// eccErrors are counts of memory errors.
type eccErrors struct{ corrected, uncorrected places }

// places are counts of errors in the GPU's memory (DRAM), on its chip (SRAM), and
// of all, as far as nvidia-smi says.
type places struct{ dram, sram, total *uint64 }

// set stores a value. path is where the XML has it below <gpu>. Where several
// are stored in the same field, they are in the order of the XML, and the first
// stays, but where later ones are better.
func (g *gpu) set(path, text string) {
	if rest, found := strings.CutPrefix(path, "processes/process_info/"); found {
		g.setProcess(rest, text)
		return
	}
	if rest, found := strings.CutPrefix(path, "compute_processes/process_info/"); found { // v6 and before
		g.setProcess(rest, text)
		return
	}
	v, trouble := value(text)
	if trouble != "" && !slices.Contains(g.ReadErrors, trouble) {
		g.ReadErrors = append(g.ReadErrors, trouble)
	}
	if v == "" {
		return
	}
	switch path {
	case "@id", "pci/pci_bus_id":
		g.PCIAddress = cmp.Or(g.PCIAddress, Address(v))
	case "product_name":
		g.Name = placeholder.Drop(v)
	case "product_brand":
		g.Brand = placeholder.Drop(v)
	case "product_architecture":
		g.Architecture = placeholder.Drop(v)
	case "uuid":
		g.UUID = placeholder.Drop(v)
	case "serial":
		g.SerialNumber = placeholder.Drop(v)
	case "board_part_number":
		g.BoardPartNumber = placeholder.Drop(v)
	case "gpu_part_number":
		g.GPUPartNumber = placeholder.Drop(v)
	case "gpu_fru_part_number":
		g.FRUPartNumber = placeholder.Drop(v)
	case "gpu_module_id", "platformInfo/module_id":
		g.ModuleID = count(v)
	case "minor_number":
		g.Minor = count(v)
	case "vbios_version":
		g.VBIOSVersion = placeholder.Drop(v)
	case "inforom_version/img_version":
		g.InforomVersion = placeholder.Drop(v)
	case "inforom_version/checksum_validation":
		if v == "valid" || v == "invalid" {
			g.InforomCorrupted = new(v == "invalid")
		}
	case "gsp_firmware_version":
		g.GSPFirmwareVersion = placeholder.Drop(v)
	case "persistence_mode":
		g.PersistenceMode = flag(v)
	case "compute_mode":
		g.ComputeMode = v
	case "performance_state":
		g.PerformanceState = v

	case "gpu_recovery_action":
		g.RecoveryAction = v
	case "gpu_reset_status/reset_required": // v12 before driver 565
		if v == "Yes" {
			g.RecoveryAction = cmp.Or(g.RecoveryAction, "Reset")
		}
	case "gpu_reset_status/drain_and_reset_recommended":
		if v == "Yes" {
			g.RecoveryAction = cmp.Or(g.RecoveryAction, "Drain and Reset")
		}

	case "fb_memory_usage/total", "memory_usage/total": // v4 has memory_usage
		g.MemoryTotalBytes = or0(size(v))
	case "fb_memory_usage/reserved":
		g.MemoryReservedBytes = size(v)
	case "fb_memory_usage/used", "memory_usage/used":
		g.MemoryUsedBytes = size(v)
	case "bar1_memory_usage/total":
		g.BAR1TotalBytes = or0(size(v))

	case "utilization/gpu_util":
		g.GPUUtilisationPercent = count(v)
	case "utilization/memory_util":
		g.MemoryUtilisationPercent = count(v)
	case "fan_speed":
		g.FanPercent = count(v)

	case "pci/pci_gpu_link_info/pcie_gen/current_link_gen", "pci/pci_gpu_link_info/pcie_gen/device_current_link_gen":
		link := at(&g.PCIe)
		link.Generation = or(link.Generation, count(v))
	case "pci/pci_gpu_link_info/pcie_gen/max_link_gen":
		at(&g.PCIe).MaxGeneration = count(v)
	case "pci/pci_gpu_link_info/pcie_gen/max_device_link_gen":
		at(&g.PCIe).DeviceMaxGeneration = count(v)
	case "pci/pci_gpu_link_info/pcie_gen/max_host_link_gen":
		at(&g.PCIe).HostMaxGeneration = count(v)
	case "pci/pci_gpu_link_info/link_widths/current_link_width":
		at(&g.PCIe).WidthLanes = count(v)
	case "pci/pci_gpu_link_info/link_widths/max_link_width":
		at(&g.PCIe).MaxWidthLanes = count(v)
	case "pci/replay_counter":
		at(&g.PCIe).Replays = count(v)

	case "temperature/gpu_temp":
		at(&g.Temperature).GPUCelsius = whole(v)
	case "temperature/memory_temp":
		at(&g.Temperature).MemoryCelsius = whole(v)
	case "temperature/gpu_temp_slow_threshold":
		at(&g.Temperature).SlowdownCelsius = whole(v)
	case "temperature/gpu_temp_max_threshold":
		at(&g.Temperature).ShutdownCelsius = whole(v)
	case "temperature/gpu_temp_tlimit":
		at(&g.Temperature).MarginCelsius = whole(v)
	case "temperature/gpu_temp_slow_tlimit_threshold":
		at(&g.Temperature).SlowdownMarginCelsius = whole(v)
	case "temperature/gpu_temp_max_tlimit_threshold":
		at(&g.Temperature).ShutdownMarginCelsius = whole(v)

	case "power_readings/power_draw", "gpu_power_readings/power_draw",
		"gpu_power_readings/average_power_draw", "gpu_power_readings/instant_power_draw":
		p := at(&g.Power)
		p.DrawWatts = or(p.DrawWatts, decimal(v))
	case "power_readings/power_limit", "gpu_power_readings/requested_power_limit",
		"gpu_power_readings/gpu_ceiling_power_limit/requested_power_limit":
		p := at(&g.Power)
		p.LimitWatts = or(p.LimitWatts, decimal(v))
	case "power_readings/enforced_power_limit", "gpu_power_readings/current_power_limit",
		"gpu_power_readings/gpu_ceiling_power_limit/current_power_limit": // since driver 610
		at(&g.Power).LimitWatts = decimal(v)
	case "power_readings/default_power_limit", "gpu_power_readings/default_power_limit",
		"gpu_power_readings/gpu_ceiling_power_limit/default_power_limit":
		at(&g.Power).DefaultLimitWatts = decimal(v)
	case "power_readings/min_power_limit", "gpu_power_readings/min_power_limit",
		"gpu_power_readings/gpu_ceiling_power_limit/min_power_limit":
		at(&g.Power).MinLimitWatts = decimal(v)
	case "power_readings/max_power_limit", "gpu_power_readings/max_power_limit",
		"gpu_power_readings/gpu_ceiling_power_limit/max_power_limit":
		at(&g.Power).MaxLimitWatts = decimal(v)

	case "clocks/graphics_clock":
		at(&g.Clocks).GraphicsMHz = count(v)
	case "clocks/sm_clock":
		at(&g.Clocks).SMMHz = count(v)
	case "clocks/mem_clock":
		at(&g.Clocks).MemoryMHz = count(v)
	case "clocks/video_clock":
		at(&g.Clocks).VideoMHz = count(v)
	case "max_clocks/graphics_clock":
		at(&g.Clocks).MaxGraphicsMHz = count(v)
	case "max_clocks/sm_clock":
		at(&g.Clocks).MaxSMMHz = count(v)
	case "max_clocks/mem_clock":
		at(&g.Clocks).MaxMemoryMHz = count(v)
	case "max_clocks/video_clock":
		at(&g.Clocks).MaxVideoMHz = count(v)

	case "clocks_event_reasons_counters/clocks_event_reasons_counters_sw_power_cap":
		at(&g.ThrottleTimes).SWPowerCapSeconds = seconds(v)
	case "clocks_event_reasons_counters/clocks_event_reasons_counters_sync_boost":
		at(&g.ThrottleTimes).SyncBoostSeconds = seconds(v)
	case "clocks_event_reasons_counters/clocks_event_reasons_counters_sw_therm_slowdown":
		at(&g.ThrottleTimes).SWThermalSlowdownSeconds = seconds(v)
	case "clocks_event_reasons_counters/clocks_event_reasons_counters_hw_therm_slowdown":
		at(&g.ThrottleTimes).HWThermalSlowdownSeconds = seconds(v)
	case "clocks_event_reasons_counters/clocks_event_reasons_counters_hw_power_brake":
		at(&g.ThrottleTimes).HWPowerBrakeSeconds = seconds(v)

	case "ecc_mode/current_ecc":
		at(&g.ECC).Enabled = flag(v)
	case "ecc_mode/pending_ecc":
		at(&g.ECC).Pending = flag(v)
	case "ecc_errors/aggregate/sram_threshold_exceeded":
		at(&g.ECC).SRAMThresholdExceeded = flag(v)
	case "ecc_errors/channel_repair_pending":
		at(&g.ECC).ChannelRepairPending = flag(v)
	case "ecc_errors/tpc_repair_pending":
		at(&g.ECC).TPCRepairPending = flag(v)
	case "ecc_errors/unrepairable_memory":
		at(&g.ECC).UnrepairableMemory = flag(v)

	case "retired_pages/multiple_single_bit_retirement/retired_count":
		at(&g.RetiredPages).SingleBit = count(v)
	case "retired_pages/double_bit_retirement/retired_count":
		at(&g.RetiredPages).DoubleBit = count(v)
	case "retired_pages/pending_blacklist", "retired_pages/pending_retirement":
		p := at(&g.RetiredPages)
		if p.Pending == nil || !*p.Pending {
			p.Pending = or(flag(v), p.Pending)
		}

	case "remapped_rows/remapped_row_corr":
		at(&g.RemappedRows).Corrected = count(v)
	case "remapped_rows/remapped_row_unc":
		at(&g.RemappedRows).Uncorrected = count(v)
	case "remapped_rows/remapped_row_pending":
		at(&g.RemappedRows).Pending = flag(v)
	case "remapped_rows/remapped_row_failure":
		at(&g.RemappedRows).Failure = flag(v)
	case "remapped_rows/row_remapper_histogram/row_remapper_histogram_max":
		at(&g.RemappedRows).BanksFull = count(v)
	case "remapped_rows/row_remapper_histogram/row_remapper_histogram_high":
		at(&g.RemappedRows).BanksHigh = count(v)
	case "remapped_rows/row_remapper_histogram/row_remapper_histogram_partial":
		at(&g.RemappedRows).BanksPartial = count(v)
	case "remapped_rows/row_remapper_histogram/row_remapper_histogram_low":
		at(&g.RemappedRows).BanksLow = count(v)
	case "remapped_rows/row_remapper_histogram/row_remapper_histogram_none":
		at(&g.RemappedRows).BanksNone = count(v)

	case "mig_mode/current_mig":
		at(&g.MIG).Enabled = flag(v)
	case "mig_mode/pending_mig":
		at(&g.MIG).Pending = flag(v)

	case "fabric/state":
		g.FabricState = v
	case "fabric/status":
		g.FabricStatus = v
	case "fabric/health/summary":
		g.FabricHealth = v

	default:
		if rest, found := strings.CutPrefix(path, "mig_devices/mig_device/"); found {
			g.setMIG(rest, v)
		} else if rest, found := strings.CutPrefix(path, "ecc_errors/volatile/"); found {
			g.volatile.set(rest, count(v))
		} else if rest, found := strings.CutPrefix(path, "ecc_errors/aggregate/"); found {
			g.aggregate.set(rest, count(v))
		} else if reason := throttleReason(path); reason != "" && v == "Active" && !slices.Contains(g.ThrottleReasons, reason) {
			g.ThrottleReasons = append(g.ThrottleReasons, reason)
		}
	}
}

// begin takes note of an element that begins, of which there can be many.
func (g *gpu) begin(path string) {
	switch path {
	case "mig_devices/mig_device":
		g.MIG = or(g.MIG, &report.MIG{})
		g.MIG.Devices = append(g.MIG.Devices, report.MIGInstance{})
	case "processes/process_info", "compute_processes/process_info":
		g.Processes = append(g.Processes, report.GPUProcess{})
	}
}

func (g *gpu) setMIG(path, v string) {
	if g.MIG == nil || len(g.MIG.Devices) == 0 {
		return
	}
	d := &g.MIG.Devices[len(g.MIG.Devices)-1]
	switch path {
	case "index":
		d.Index = count(v)
	case "gpu_instance_id":
		d.GPUInstanceID = count(v)
	case "compute_instance_id":
		d.ComputeInstanceID = count(v)
	case "device_attributes/shared/multiprocessor_count":
		d.MultiprocessorCount = count(v)
	case "fb_memory_usage/total":
		d.MemoryTotalBytes = or0(size(v))
	}
}

func (g *gpu) setProcess(path, text string) {
	v, _ := value(text)
	if v == "" || len(g.Processes) == 0 {
		return
	}
	p := &g.Processes[len(g.Processes)-1]
	switch path {
	case "pid":
		p.PID = or0(count(v))
	case "type":
		p.Type = v
	case "process_name":
		p.Name = v
	case "used_memory":
		p.UsedMemoryBytes = size(v)
	}
}

// set stores a count of errors. Before Ampere, device memory and total are what
// matters: the other places are parts of the chip.
func (e *eccErrors) set(path string, n *uint64) {
	if n == nil {
		return
	}
	switch path {
	case "dram_correctable", "single_bit/device_memory":
		e.corrected.dram = n
	case "sram_correctable":
		e.corrected.sram = n
	case "single_bit/total":
		e.corrected.total = n
	case "dram_uncorrectable", "double_bit/device_memory":
		e.uncorrected.dram = n
	case "sram_uncorrectable", "sram_uncorrectable_parity", "sram_uncorrectable_secded":
		e.uncorrected.sram = sum(e.uncorrected.sram, n)
	case "double_bit/total":
		e.uncorrected.total = n
	}
}

// finish works out the counts that nvidia-smi does not say.
func (p *places) finish() {
	if p.total == nil {
		p.total = sum(p.dram, p.sram)
	} else if p.sram == nil && p.dram != nil && *p.dram <= *p.total {
		p.sram = new(*p.total - *p.dram)
	}
}

// finish returns what was read, without what says nothing.
func (g *gpu) finish() report.GPU {
	for _, p := range []*places{&g.volatile.corrected, &g.volatile.uncorrected, &g.aggregate.corrected, &g.aggregate.uncorrected} {
		p.finish()
	}
	e := at(&g.ECC)
	e.VolatileCorrected, e.AggregateCorrected = g.volatile.corrected.total, g.aggregate.corrected.total
	e.VolatileUncorrected, e.AggregateUncorrected = g.volatile.uncorrected.total, g.aggregate.uncorrected.total
	e.VolatileDRAMUncorrected, e.AggregateDRAMUncorrected = g.volatile.uncorrected.dram, g.aggregate.uncorrected.dram
	e.VolatileSRAMUncorrected, e.AggregateSRAMUncorrected = g.volatile.uncorrected.sram, g.aggregate.uncorrected.sram
	// GPUs without error correction say "No" to what they could not have.
	no := func(b *bool) bool { return b == nil || !*b }
	if e.Enabled == nil && e.VolatileUncorrected == nil && e.AggregateUncorrected == nil &&
		no(e.SRAMThresholdExceeded) && no(e.ChannelRepairPending) && no(e.TPCRepairPending) && no(e.UnrepairableMemory) {
		g.ECC = nil
	}
	dropEmpty(&g.PCIe)
	dropEmpty(&g.Temperature)
	dropEmpty(&g.Power)
	dropEmpty(&g.Clocks)
	dropEmpty(&g.ThrottleTimes)
	dropEmpty(&g.RetiredPages)
	dropEmpty(&g.RemappedRows)
	if g.MIG != nil && g.MIG.Enabled == nil && g.MIG.Pending == nil && g.MIG.Devices == nil {
		g.MIG = nil
	}
	g.Processes = slices.DeleteFunc(g.Processes, func(p report.GPUProcess) bool { return p.PID == 0 })
	return g.GPU
}

// throttleReason returns the reason that a path stands for: hw_slowdown. It is
// under clocks_event_reasons since driver 535, clocks_throttle_reasons before.
func throttleReason(path string) string {
	for _, prefix := range []string{"clocks_event_reasons/clocks_event_reason_", "clocks_throttle_reasons/clocks_throttle_reason_"} {
		if reason, found := strings.CutPrefix(path, prefix); found {
			return reason
		}
	}
	return ""
}

// at returns what p points to, made where it is nil.
func at[T any](p **T) *T {
	*p = or(*p, new(T))
	return *p
}

// dropEmpty makes nil of a pointer to nothing but zeros.
func dropEmpty[T comparable](p **T) {
	if *p != nil && **p == *new(T) {
		*p = nil
	}
}

func or0(n *uint64) uint64 {
	if n == nil {
		return 0
	}
	return *n
}

// sum adds what is there. Counts have 63 bits.
func sum(a, b *uint64) *uint64 {
	if a == nil || b == nil {
		return or(a, b)
	}
	return new(*a + *b)
}
