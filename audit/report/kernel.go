package report

// Kernel is what the running kernel has met since it started.
type Kernel struct {
	// How long it runs.
	UptimeSeconds float64 `json:"uptime_seconds,omitempty"`
	// Memory modules and how many of their errors the kernel's drivers for memory
	// controllers (EDAC) have counted. Empty where it has no such driver.
	MemoryErrors []MemoryErrors `json:"memory_errors,omitempty"`
	// PCI Express functions that errors were reported of (AER), with the kernel's counts.
	PCIeErrors []PCIeErrors `json:"pcie_errors,omitempty"`
	// Processors that were slowed down because they were too hot.
	Throttling []Throttling `json:"throttling,omitempty"`
	// What its log tells of hardware that failed or did not answer, in the order of the
	// first of each kind and device. Absent where the log could not be read.
	Events []KernelEvent `json:"events,omitzero"`
}

// MemoryErrors is how many errors of a memory module were counted.
type MemoryErrors struct {
	// The driver's name of the module, which the firmware may have given: P1-DIMMA1,
	// CPU_SrcID#0_MC#0_Chan#0_DIMM#0.
	Label string `json:"label,omitempty"`
	// The kernel's place for it: mc0/dimm3.
	Place string `json:"place"`
	// Errors that were corrected.
	Corrected uint64 `json:"corrected"`
	// Errors that were not: data were lost.
	Uncorrected uint64 `json:"uncorrected"`
}

// PCIeErrors is how many errors of a PCI Express function were counted.
type PCIeErrors struct {
	// PCI address, domain:bus:device.function.
	Address string `json:"address"`
	// Errors that the hardware corrected.
	Corrected uint64 `json:"corrected"`
	// Errors that were not corrected, and cost a transaction.
	NonFatal uint64 `json:"non_fatal"`
	// Errors after which the link is not to be relied on.
	Fatal uint64 `json:"fatal"`
	// What they are, in the kernel's words, with the count of each: BadTLP 12.
	Kinds []string `json:"kinds,omitempty"`
}

// Throttling says how often a processor was too hot.
type Throttling struct {
	// The kernel's number for the processor, as in cpu.packages.
	PackageID int64 `json:"package_id"`
	// How often the whole processor was slowed down.
	PackageEvents uint64 `json:"package_events,omitempty"`
	// How often a core was, of the one that was most often.
	CoreEvents uint64 `json:"core_events,omitempty"`
}

// KernelEvent is something that the kernel's log tells, once or many times, of a device.
type KernelEvent struct {
	// What it is:
	// memory_error (a memory controller's driver, or the firmware, names an error of memory),
	// machine_check (the processor reports a fault of itself, memory or a bus),
	// previous_boot (the firmware has kept the error that ended the boot before),
	// pcie_error (AER, DPC, or the firmware's word),
	// pcie_link_lost (a device went away),
	// gpu_error (an Xid of NVIDIA's driver, an SXid of an NVSwitch),
	// overheated (a processor was slowed down because it was too hot, or worse),
	// drive_reset (a drive or its controller did not answer and was reset),
	// drive_error (a drive could not read or write),
	// medium_damaged (what the system that audits was read from is not what was written),
	// configuration (what bee.yaml has at that line, or where it was to be, is not understood),
	// network_reset (a network card did not send any more and was reset),
	// hung (a task, or a processor, came no further),
	// nmi (an interrupt that says that the hardware has a fault, of which nobody knows more).
	Kind string `json:"kind" jsonschema:"enum=memory_error,enum=machine_check,enum=previous_boot,enum=pcie_error,enum=pcie_link_lost,enum=gpu_error,enum=overheated,enum=drive_reset,enum=drive_error,enum=medium_damaged,enum=configuration,enum=network_reset,enum=hung,enum=nmi"`
	// What it is about, as the kernel calls it: mc0, cpu3, sda, nvme0, eth0, a PCI
	// address. Absent where the log does not say.
	Device string `json:"device,omitempty"`
	// How bad it is, as far as the log says: corrected, uncorrected, fatal.
	Severity string `json:"severity,omitempty" jsonschema:"enum=corrected,enum=uncorrected,enum=fatal"`
	// NVIDIA's number for a gpu_error.
	Xid uint64 `json:"xid,omitempty"`
	// How many lines of the log are about it.
	Count uint64 `json:"count"`
	// When the first and the last were written, in seconds after the kernel's start.
	FirstSeconds float64 `json:"first_seconds"`
	LastSeconds  float64 `json:"last_seconds"`
	// The last of them.
	Message string `json:"message"`
}
