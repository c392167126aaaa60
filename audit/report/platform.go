package report

// Platform is how the firmware started the machine, and what it guards it with. Revisions
// of microcode are with the processors.
type Platform struct {
	// What started the machine: uefi or bios. Absent where the kernel does not say.
	BootMode string `json:"boot_mode,omitempty" jsonschema:"enum=uefi,enum=bios"`
	// Whether Secure Boot is on, by UEFI's variable; it is not where firmware that has
	// variables has none for it. Absent under BIOS, and where they cannot be read.
	SecureBoot *bool `json:"secure_boot,omitempty"`
	// Whether UEFI is in setup mode: it has no platform key, so that every program can
	// enrol keys for Secure Boot. Absent where there is no such variable.
	SetupMode *bool `json:"setup_mode,omitempty"`
	// What the kernel keeps even from root: none, integrity (nobody changes the kernel),
	// confidentiality (nobody reads it either). Absent where it has no lockdown.
	KernelLockdown string `json:"kernel_lockdown,omitempty" jsonschema:"enum=none,enum=integrity,enum=confidentiality"`
	// Trusted Platform Modules that the kernel or SMBIOS (type 43) knows. Empty where
	// neither has one, absent where neither could be asked.
	TPMs []TPM `json:"tpms,omitzero"`
	// What translates the addresses of devices. Absent where the kernel has no support
	// for it.
	IOMMU *IOMMU `json:"iommu,omitempty"`
}

// TPM is a Trusted Platform Module.
type TPM struct {
	// The kernel's name for it: tpm0. Absent where no driver has it.
	Name string `json:"name,omitempty"`
	// Version of the specification: 1.2 or 2.0.
	Version string `json:"version,omitempty"`
	// Who made it, in four letters or less, as in TCG's list of vendors: IFX, NTC, STM,
	// AMD, INTC, MSFT, … From SMBIOS; of a TPM 1.2, from itself.
	Manufacturer string `json:"manufacturer,omitempty"`
	// MAJOR.MINOR, from where the manufacturer is from.
	FirmwareVersion string `json:"firmware_version,omitempty"`
	// SMBIOS's words for it: INFINEON, …
	Description string `json:"description,omitempty"`
}

// IOMMU is what translates the addresses that devices use.
type IOMMU struct {
	// Whether it does so: devices are in groups.
	Enabled bool `json:"enabled"`
	// The kernel's names for its units: dmar0 (Intel VT-d), ivhd0 (AMD-Vi), smmu3.0x…
	// (Arm), virtio-iommu.
	Units []string `json:"units,omitempty"`
	// Groups of devices that can be kept apart.
	Groups uint64 `json:"groups,omitempty"`
}
