package report

// NVIDIA is what the NVIDIA driver says about its GPUs.
type NVIDIA struct {
	// Version of the driver, which is that of its kernel module.
	DriverVersion string `json:"driver_version,omitempty"`
	// Version of the driver's library, where it is another than the kernel module's.
	LibraryVersion string `json:"library_version,omitempty"`
	// Why nvidia-smi could tell of no GPU, which says nothing against the GPUs:
	// version_mismatch (the driver's library and its kernel module are of different
	// versions), not_loaded (the kernel module is not loaded, or cannot be reached),
	// no_library (the driver's library is not there), no_permission (the driver may not
	// be asked), no_answer (nvidia-smi was killed, or said nothing that could be
	// understood).
	Trouble DriverTrouble `json:"trouble,omitempty" jsonschema:"enum=version_mismatch,enum=not_loaded,enum=no_library,enum=no_permission,enum=no_answer"`
	// Highest version of CUDA that the driver supports.
	CUDAVersion string `json:"cuda_version,omitempty"`
	// How the GPUs were read: xml (nvidia-smi -q -x), or csv where some could only
	// be read by nvidia-smi --query-gpu, which says less. Absent without GPUs.
	Source string `json:"source,omitempty" jsonschema:"enum=xml,enum=csv"`
	// GPUs that the driver knows.
	GPUs []GPU `json:"gpus"`
	// NVIDIA display controllers that the PCI bus has and of which the driver says
	// that it does not know them: fallen off the bus, refused, without power, or left to another driver.
	MissingGPUs []MissingGPU `json:"missing_gpus,omitempty"`
	// PCI addresses of the NVIDIA display controllers of which nothing is known, because
	// nvidia-smi did not answer, or could not.
	UnknownGPUs []string `json:"unknown_gpus,omitempty"`
}

// DriverTrouble is why nvidia-smi could tell of no GPU; see [NVIDIA.Trouble].
type DriverTrouble string

// What nvidia-smi may have met; see [NVIDIA.Trouble].
const (
	VersionMismatch DriverTrouble = "version_mismatch"
	NotLoaded       DriverTrouble = "not_loaded"
	NoLibrary       DriverTrouble = "no_library"
	NoPermission    DriverTrouble = "no_permission"
	NoAnswer        DriverTrouble = "no_answer"
)

// MissingGPU is a GPU that the PCI bus has and the driver does not know.
type MissingGPU struct {
	// domain:bus:device.function, as in the section pcie.
	PCIAddress string `json:"pci_address"`
	// Kernel driver that is bound instead.
	Driver string `json:"driver,omitempty"`
	// What nvidia-smi said when it was asked for this GPU.
	Reason string `json:"reason,omitempty"`
}

// GPU is one NVIDIA GPU.
type GPU struct {
	// domain:bus:device.function, as in the section pcie.
	PCIAddress string `json:"pci_address,omitempty"`
	// Number of /dev/nvidia<minor>.
	Minor        *uint64 `json:"minor,omitempty"`
	Name         string  `json:"name,omitempty"`
	Brand        string  `json:"brand,omitempty"`
	Architecture string  `json:"architecture,omitempty"`
	UUID         string  `json:"uuid,omitempty"`
	SerialNumber string  `json:"serial_number,omitempty"`
	// Part number of the board.
	BoardPartNumber string `json:"board_part_number,omitempty"`
	// Part number of the chip.
	GPUPartNumber string `json:"gpu_part_number,omitempty"`
	// Part number to order a replacement by.
	FRUPartNumber string `json:"fru_part_number,omitempty"`
	// Place of the module on its base board, on systems with several.
	ModuleID     *uint64 `json:"module_id,omitempty"`
	VBIOSVersion string  `json:"vbios_version,omitempty"`
	// Version of the board's information ROM.
	InforomVersion string `json:"inforom_version,omitempty"`
	// Whether the driver found the information ROM damaged. Absent where it did
	// not say.
	InforomCorrupted   *bool  `json:"inforom_corrupted,omitempty"`
	GSPFirmwareVersion string `json:"gsp_firmware_version,omitempty"`
	// Whether the driver stays loaded without users.
	PersistenceMode *bool  `json:"persistence_mode,omitempty"`
	ComputeMode     string `json:"compute_mode,omitempty"`
	// P0 (fastest) to P15.
	PerformanceState string `json:"performance_state,omitempty"`

	MemoryTotalBytes    uint64  `json:"memory_total_bytes,omitempty"`
	MemoryReservedBytes *uint64 `json:"memory_reserved_bytes,omitempty"`
	MemoryUsedBytes     *uint64 `json:"memory_used_bytes,omitempty"`
	BAR1TotalBytes      uint64  `json:"bar1_total_bytes,omitempty"`

	GPUUtilisationPercent    *uint64 `json:"gpu_utilisation_percent,omitempty"`
	MemoryUtilisationPercent *uint64 `json:"memory_utilisation_percent,omitempty"`
	FanPercent               *uint64 `json:"fan_percent,omitempty"`

	Temperature *GPUTemperature `json:"temperature,omitempty"`
	Power       *GPUPower       `json:"power,omitempty"`
	Clocks      *GPUClocks      `json:"clocks,omitempty"`
	// Why the clocks are lower than they could be, in nvidia-smi's words without
	// a prefix: gpu_idle, sw_power_cap, hw_slowdown, hw_thermal_slowdown, …
	ThrottleReasons []string `json:"throttle_reasons,omitempty"`
	// How long the clocks were lowered since the driver was loaded.
	ThrottleTimes *ThrottleTimes `json:"throttle_times,omitempty"`
	PCIe          *GPULink       `json:"pcie,omitempty"`
	// Error correction. Absent where the GPU has none.
	ECC *GPUECC `json:"ecc,omitempty"`
	// Retired pages, on GPUs before Ampere.
	RetiredPages *RetiredPages `json:"retired_pages,omitempty"`
	// Remapped rows, on Ampere and newer.
	RemappedRows *RemappedRows `json:"remapped_rows,omitempty"`
	MIG          *MIG          `json:"mig,omitempty"`
	// NVLink links. Absent where the GPU has none; empty where it has some and
	// none of them is up.
	NVLinks []NVLink `json:"nvlinks,omitzero"`
	// Errors of its NVLink links that happened, as the GPU counts them since it was reset.
	NVLinkErrors []NVLinkErrors `json:"nvlink_errors,omitempty"`
	// What the driver wants done before the GPU is used again: None, Reset,
	// Reboot, Drain P2P, Drain and Reset, …
	RecoveryAction string `json:"recovery_action,omitempty"`
	// What nvidia-smi printed in place of values that it could not read: GPU is
	// lost, GPU requires reset, Unknown Error, …
	ReadErrors []string `json:"read_errors,omitempty"`
	// State of the GPU's registration in the NVLink fabric of an HGX system: Not
	// Started, In Progress, Completed; and what came of it: Success, or an error.
	FabricState  string `json:"fabric_state,omitempty"`
	FabricStatus string `json:"fabric_status,omitempty"`
	// Healthy, Unhealthy, Limited Capacity.
	FabricHealth string       `json:"fabric_health,omitempty"`
	Processes    []GPUProcess `json:"processes,omitempty"`
}

// GPUTemperature holds temperatures and the limits for them.
type GPUTemperature struct {
	GPUCelsius    *int64 `json:"gpu_celsius,omitempty"`
	MemoryCelsius *int64 `json:"memory_celsius,omitempty"`
	// The GPU slows down here.
	SlowdownCelsius *int64 `json:"slowdown_celsius,omitempty"`
	// The GPU turns itself off here.
	ShutdownCelsius *int64 `json:"shutdown_celsius,omitempty"`
	// How far the GPU is below its highest operating temperature. Newer GPUs
	// have limits only on this scale, which runs down as the GPU gets hotter.
	MarginCelsius *int64 `json:"margin_celsius,omitempty"`
	// The GPU slows down at this margin, and below.
	SlowdownMarginCelsius *int64 `json:"slowdown_margin_celsius,omitempty"`
	// The GPU turns itself off at this margin.
	ShutdownMarginCelsius *int64 `json:"shutdown_margin_celsius,omitempty"`
}

// GPUPower holds power draw and limits.
type GPUPower struct {
	// Mean over the last second on Ampere and newer, where the GPU has it.
	DrawWatts *float64 `json:"draw_watts,omitempty"`
	// The limit in force: the lowest of all that apply.
	LimitWatts        *float64 `json:"limit_watts,omitempty"`
	DefaultLimitWatts *float64 `json:"default_limit_watts,omitempty"`
	MinLimitWatts     *float64 `json:"min_limit_watts,omitempty"`
	MaxLimitWatts     *float64 `json:"max_limit_watts,omitempty"`
}

// GPUClocks are clocks now and at most.
type GPUClocks struct {
	GraphicsMHz    *uint64 `json:"graphics_mhz,omitempty"`
	SMMHz          *uint64 `json:"sm_mhz,omitempty"`
	MemoryMHz      *uint64 `json:"memory_mhz,omitempty"`
	VideoMHz       *uint64 `json:"video_mhz,omitempty"`
	MaxGraphicsMHz *uint64 `json:"max_graphics_mhz,omitempty"`
	MaxSMMHz       *uint64 `json:"max_sm_mhz,omitempty"`
	MaxMemoryMHz   *uint64 `json:"max_memory_mhz,omitempty"`
	MaxVideoMHz    *uint64 `json:"max_video_mhz,omitempty"`
}

// ThrottleTimes says for how long each reason lowered a GPU's clocks since the
// driver was loaded.
type ThrottleTimes struct {
	SWPowerCapSeconds        *float64 `json:"sw_power_cap_seconds,omitempty"`
	SWThermalSlowdownSeconds *float64 `json:"sw_thermal_slowdown_seconds,omitempty"`
	HWThermalSlowdownSeconds *float64 `json:"hw_thermal_slowdown_seconds,omitempty"`
	HWPowerBrakeSeconds      *float64 `json:"hw_power_brake_slowdown_seconds,omitempty"`
	SyncBoostSeconds         *float64 `json:"sync_boost_seconds,omitempty"`
}

// GPULink is a GPU's PCI Express link. An idle GPU lowers the generation.
type GPULink struct {
	Generation *uint64 `json:"generation,omitempty"`
	// What GPU and slot can do together.
	MaxGeneration *uint64 `json:"max_generation,omitempty"`
	// What the GPU can do.
	DeviceMaxGeneration *uint64 `json:"device_max_generation,omitempty"`
	// What the slot can do.
	HostMaxGeneration *uint64 `json:"host_max_generation,omitempty"`
	WidthLanes        *uint64 `json:"width_lanes,omitempty"`
	MaxWidthLanes     *uint64 `json:"max_width_lanes,omitempty"`
	// Packets that had to be sent again.
	Replays *uint64 `json:"replays,omitempty"`
}

// GPUECC is a GPU's error correction: its mode, and the errors since the driver
// was loaded (volatile) and ever (aggregate).
type GPUECC struct {
	Enabled *bool `json:"enabled,omitempty"`
	// Mode after the next reset.
	Pending              *bool   `json:"pending,omitempty"`
	VolatileCorrected    *uint64 `json:"volatile_corrected,omitempty"`
	VolatileUncorrected  *uint64 `json:"volatile_uncorrected,omitempty"`
	AggregateCorrected   *uint64 `json:"aggregate_corrected,omitempty"`
	AggregateUncorrected *uint64 `json:"aggregate_uncorrected,omitempty"`
	// The uncorrected errors by place: the board's memory (DRAM), and caches and
	// registers on the chip itself (SRAM).
	VolatileDRAMUncorrected  *uint64 `json:"volatile_dram_uncorrected,omitempty"`
	VolatileSRAMUncorrected  *uint64 `json:"volatile_sram_uncorrected,omitempty"`
	AggregateDRAMUncorrected *uint64 `json:"aggregate_dram_uncorrected,omitempty"`
	AggregateSRAMUncorrected *uint64 `json:"aggregate_sram_uncorrected,omitempty"`
	// Whether there were more uncorrected errors on the chip than NVIDIA accepts.
	SRAMThresholdExceeded *bool `json:"sram_threshold_exceeded,omitempty"`
	// Whether a memory channel waits for a reset to be repaired.
	ChannelRepairPending *bool `json:"channel_repair_pending,omitempty"`
	// Whether a processing cluster waits for a reset to be repaired.
	TPCRepairPending *bool `json:"tpc_repair_pending,omitempty"`
	// Whether there is memory that cannot be repaired.
	UnrepairableMemory *bool `json:"unrepairable_memory,omitempty"`
}

// RetiredPages are memory pages that the driver does not use any more.
type RetiredPages struct {
	// Retired because of several corrected errors.
	SingleBit *uint64 `json:"single_bit,omitempty"`
	// Retired because of an uncorrected error.
	DoubleBit *uint64 `json:"double_bit,omitempty"`
	// Whether pages wait for a reset to be retired.
	Pending *bool `json:"pending,omitempty"`
}

// RemappedRows are memory rows that were replaced by spare ones.
type RemappedRows struct {
	Corrected   *uint64 `json:"corrected,omitempty"`
	Uncorrected *uint64 `json:"uncorrected,omitempty"`
	// Whether rows wait for a reset to be replaced.
	Pending *bool `json:"pending,omitempty"`
	// Whether a row could not be replaced.
	Failure *bool `json:"failure,omitempty"`
	// Number of memory banks by how many of their spare rows are left.
	BanksFull    *uint64 `json:"banks_full,omitempty"`
	BanksHigh    *uint64 `json:"banks_high,omitempty"`
	BanksPartial *uint64 `json:"banks_partial,omitempty"`
	BanksLow     *uint64 `json:"banks_low,omitempty"`
	BanksNone    *uint64 `json:"banks_none,omitempty"`
}

// MIG is the partition of a GPU into instances.
type MIG struct {
	Enabled *bool `json:"enabled,omitempty"`
	// Mode after the next reset.
	Pending *bool         `json:"pending,omitempty"`
	Devices []MIGInstance `json:"devices,omitempty"`
}

// MIGInstance is an instance of a partitioned GPU.
type MIGInstance struct {
	Index               *uint64 `json:"index,omitempty"`
	GPUInstanceID       *uint64 `json:"gpu_instance_id,omitempty"`
	ComputeInstanceID   *uint64 `json:"compute_instance_id,omitempty"`
	MultiprocessorCount *uint64 `json:"multiprocessor_count,omitempty"`
	MemoryTotalBytes    uint64  `json:"memory_total_bytes,omitempty"`
}

// NVLink is one NVLink link of a GPU.
type NVLink struct {
	Link uint64 `json:"link"`
	// Whether the link is up.
	Active bool `json:"active"`
	// Speed in gigabytes a second, in one direction. Absent where it is down.
	SpeedGBs float64 `json:"speed_gbs,omitempty"`
}

// NVLinkErrors counts one kind of error on one of a GPU's NVLink links.
type NVLinkErrors struct {
	Link uint64 `json:"link"`
	// What went wrong, in nvidia-smi's words: Replay Errors, Recovery Errors, CRC Errors, …
	Name  string `json:"name"`
	Count uint64 `json:"count"`
}

// GPUProcess is a process that uses a GPU.
type GPUProcess struct {
	PID             uint64  `json:"pid"`
	Name            string  `json:"name,omitempty"`
	Type            string  `json:"type,omitempty"`
	UsedMemoryBytes *uint64 `json:"used_memory_bytes,omitempty"`
}
