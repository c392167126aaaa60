package report

// CPU lists the processors, as the firmware and as the kernel sees them.
type CPU struct {
	// Every socket, also the empty ones (SMBIOS type 4). Absent where SMBIOS could
	// not be read.
	Sockets []Socket `json:"sockets,omitzero"`
	// Processors that the kernel uses (/proc/cpuinfo and sysfs), by their number.
	// Which of the sockets each is in, nobody says.
	Packages []CPUPackage `json:"packages,omitzero"`
}

// Socket is a processor socket and the processor in it.
type Socket struct {
	// SMBIOS handle.
	Handle string `json:"handle"`
	// Name of the socket, as printed on the board.
	Designation string `json:"designation,omitempty"`
	// Whether a processor is in the socket.
	Populated bool `json:"populated"`
	// Status of the socket and its processor, in SMBIOS's words.
	Status string `json:"status,omitempty"`
	// Central processor, or another kind.
	Type         string `json:"type,omitempty"`
	Manufacturer string `json:"manufacturer,omitempty"`
	// Model name of the processor.
	Version string `json:"version,omitempty"`
	Family  string `json:"family,omitempty"`
	// Raw processor identification: on x86 CPUID leaf 1, EAX and EDX.
	ID           string `json:"id,omitempty"`
	Signature    string `json:"signature,omitempty"`
	SerialNumber string `json:"serial_number,omitempty"`
	AssetTag     string `json:"asset_tag,omitempty"`
	PartNumber   string `json:"part_number,omitempty"`
	// Kind of socket.
	Upgrade          string `json:"upgrade,omitempty"`
	Cores            uint64 `json:"cores,omitempty"`
	CoresEnabled     uint64 `json:"cores_enabled,omitempty"`
	Threads          uint64 `json:"threads,omitempty"`
	MaxSpeedMHz      uint64 `json:"max_speed_mhz,omitempty"`
	CurrentSpeedMHz  uint64 `json:"current_speed_mhz,omitempty"`
	ExternalClockMHz uint64 `json:"external_clock_mhz,omitempty"`
}

// CPUPackage is a processor that the kernel uses: one piece of hardware with all
// its cores.
type CPUPackage struct {
	// The kernel's number for it. Absent where the kernel does not tell packages
	// apart.
	ID *int64 `json:"id,omitempty"`
	// GenuineIntel, AuthenticAMD, …
	VendorID  string `json:"vendor_id,omitempty"`
	ModelName string `json:"model_name,omitempty"`
	// Family, model and stepping of an x86 processor.
	Family   *uint64 `json:"family,omitempty"`
	Model    *uint64 `json:"model,omitempty"`
	Stepping *uint64 `json:"stepping,omitempty"`
	// Revision of the microcode that runs, as the kernel writes it.
	Microcode string `json:"microcode,omitempty"`
	// Cores in use.
	Cores uint64 `json:"cores,omitempty"`
	// Logical processors in use.
	Threads uint64 `json:"threads"`
	// Highest speed that the kernel may choose.
	MaxSpeedMHz uint64 `json:"max_speed_mhz,omitempty"`
	// Who sets the speed, and by what policy: intel_pstate, powersave.
	ScalingDriver   string `json:"scaling_driver,omitempty"`
	ScalingGovernor string `json:"scaling_governor,omitempty"`
	// Caches that its first core uses. Others of the same kind serve other cores.
	Caches []CPUCache `json:"caches,omitempty"`
	// What all of its cores can do, out of the kernel's flags for it: only those
	// that decide what the processor is good for (see package cpuinfo).
	Flags []string `json:"flags,omitempty"`
}

// CPUCache is a processor's cache.
type CPUCache struct {
	Level uint64 `json:"level"`
	// Data, Instruction or Unified.
	Type      string `json:"type,omitempty"`
	SizeBytes uint64 `json:"size_bytes,omitempty"`
}
