package finding

import (
	"testing"

	"bee/audit/report"
)

func sockets(all ...report.Socket) *report.Report {
	for i := range all {
		all[i].Populated = all[i].Status != "Unpopulated"
	}
	return &report.Report{CPU: &report.CPU{Sockets: all}}
}

// withPackages adds processors that the kernel uses.
func withPackages(r *report.Report, all ...report.CPUPackage) *report.Report {
	for i := range all {
		if all[i].ID == nil {
			all[i].ID = pointer(int64(i))
		}
	}
	r.CPU.Packages = all
	return r
}

func TestCPUDisabled(t *testing.T) {
	mixed := func() *report.Report {
		return sockets(
			report.Socket{Designation: "CPU1", Status: "Populated, Enabled"},
			report.Socket{Designation: "CPU2", Status: "Populated, Disabled By BIOS"},
			report.Socket{Handle: "0x0006", Status: "Populated, Disabled By User"},
			report.Socket{Designation: "CPU4", Status: "Unpopulated"},
			report.Socket{Designation: "CPU5", Status: "Populated, Idle"})
	}
	expect(t, "without the kernel", cpuDisabled, mixed(), "critical CPU2", "warning 0x0006")
	expect(t, "the kernel agrees", cpuDisabled, withPackages(mixed(), make([]report.CPUPackage, 2)...), "critical CPU2", "warning 0x0006")
	expect(t, "the kernel uses all", cpuDisabled, withPackages(mixed(), make([]report.CPUPackage, 4)...))
	expect(t, "all disabled", cpuDisabled, sockets(report.Socket{Status: "Populated, Disabled By BIOS"}))
}

func TestCPUUnused(t *testing.T) {
	two := func() *report.Report {
		return sockets(report.Socket{Status: "Populated, Enabled"}, report.Socket{Status: "Populated, Idle"},
			report.Socket{Status: "Populated, Disabled By User"}, report.Socket{Status: "Unpopulated"}, report.Socket{Type: "DSP Processor"})
	}
	expect(t, "one", cpuUnused, withPackages(two(), report.CPUPackage{}), "warning ")
	expect(t, "both", cpuUnused, withPackages(two(), make([]report.CPUPackage, 2)...))
	expect(t, "virtual", cpuUnused, withPackages(two(), report.CPUPackage{Flags: []string{"hypervisor"}}))
	expect(t, "unknown", cpuUnused, two())
	r := withPackages(two(), report.CPUPackage{})
	r.CPU.Packages[0].ID = nil
	expect(t, "the kernel cannot tell", cpuUnused, r)
}

func TestCPUCoresDisabled(t *testing.T) {
	r := func() *report.Report {
		return sockets(report.Socket{Designation: "CPU1", Cores: 8, CoresEnabled: 1}, report.Socket{Designation: "CPU2", Cores: 8, CoresEnabled: 8},
			report.Socket{Designation: "CPU3", Cores: 8}, report.Socket{Designation: "CPU4", Cores: 40, CoresEnabled: 32, Version: "EPYC 32-Core Processor"})
	}
	expect(t, "firmware", cpuCoresDisabled, r(), "warning CPU1")
	expect(t, "the kernel agrees", cpuCoresDisabled, withPackages(r(), report.CPUPackage{Cores: 4}, report.CPUPackage{Cores: 56}), "warning CPU1")
	expect(t, "the kernel uses all", cpuCoresDisabled, withPackages(r(), report.CPUPackage{Cores: 64}))
}

func TestCPUMixed(t *testing.T) {
	expect(t, "same", cpuMixed, sockets(report.Socket{Version: "Fast  9000 "}, report.Socket{Version: "Fast 9000", Signature: "Stepping 2"}, report.Socket{}))
	expect(t, "models", cpuMixed, sockets(report.Socket{Version: "Fast 9000"}, report.Socket{}, report.Socket{Version: "Fast 8000"}), "warning ")
	expect(t, "signatures", cpuMixed, sockets(report.Socket{Signature: "Stepping 2"}, report.Socket{Signature: "Stepping 4"}), "warning ")
	expect(t, "empty socket", cpuMixed, sockets(report.Socket{Version: "Fast 9000"}, report.Socket{Version: "Fast 8000", Status: "Unpopulated"}))
	stepping := func(n uint64) report.CPUPackage {
		return report.CPUPackage{ModelName: "Fast", Family: pointer(uint64(6)), Model: pointer(uint64(85)), Stepping: &n}
	}
	expect(t, "steppings", cpuMixed, withPackages(sockets(), stepping(0), stepping(7)), "warning ")
	expect(t, "same packages", cpuMixed, withPackages(sockets(), stepping(7), stepping(7)))
}

func TestCPUMixedMicrocode(t *testing.T) {
	expect(t, "different", cpuMixedMicrocode, withPackages(sockets(), report.CPUPackage{Microcode: "0x1"}, report.CPUPackage{Microcode: "0x2"}), "warning ")
	expect(t, "same", cpuMixedMicrocode, withPackages(sockets(), report.CPUPackage{Microcode: "0x1"}, report.CPUPackage{}, report.CPUPackage{Microcode: "0x1"}))
	expect(t, "of different models", cpuMixedMicrocode, withPackages(sockets(), report.CPUPackage{ModelName: "a", Microcode: "0x1"}, report.CPUPackage{ModelName: "b", Microcode: "0x2"}))
}

func TestCPUVirtual(t *testing.T) {
	vm := withPackages(sockets(), report.CPUPackage{VendorID: "GenuineIntel", Flags: []string{"hypervisor", "aes"}})
	expect(t, "virtual machine", cpuVirtualMachine, vm, "info ")
	expect(t, "virtualisation in a virtual machine", cpuNoVirtualisation, vm)
	for vendor, flag := range map[string]string{"GenuineIntel": "vmx", "AuthenticAMD": "svm"} {
		expect(t, vendor, cpuNoVirtualisation, withPackages(sockets(), report.CPUPackage{VendorID: vendor, Flags: []string{"aes", flag}}))
		expect(t, vendor+" without", cpuNoVirtualisation, withPackages(sockets(), report.CPUPackage{VendorID: vendor, Flags: []string{"aes"}}), "info package 0")
	}
	arm := withPackages(sockets(), report.CPUPackage{Flags: []string{"asimd"}})
	expect(t, "ARM", cpuNoVirtualisation, arm)
	expect(t, "iron", cpuVirtualMachine, arm)
}
