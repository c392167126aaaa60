package finding

import (
	"fmt"
	"strings"
	"testing"

	"bee/audit/report"
)

// withGPUs is a report on GPUs, whose addresses are 0000:0a:00.0, 0000:0b:00.0, …
func withGPUs(all ...report.GPU) *report.Report {
	for i := range all {
		all[i].PCIAddress = fmt.Sprintf("0000:0%c:00.0", 'a'+i)
	}
	return &report.Report{NVIDIA: &report.NVIDIA{GPUs: all}}
}

// expectGPUs runs a rule for single GPUs on some, and compares what it finds with
// severities; "" stands for a GPU that it is content with.
func expectGPUs(t *testing.T, check func(report.GPU) *report.Finding, want map[string][]report.GPU) {
	t.Helper()
	for severity, gpus := range want {
		for i, g := range gpus {
			var found []string
			if severity != "" {
				found = []string{severity + " 0000:0a:00.0"}
			}
			expect(t, fmt.Sprintf("%q, number %d", severity, i), eachGPU(check), withGPUs(g), found...)
		}
	}
}

func TestGPUMissing(t *testing.T) {
	missing := func(gpus []report.GPU, all ...report.MissingGPU) *report.Report {
		r := withGPUs(gpus...)
		r.NVIDIA.MissingGPUs = all
		return r
	}
	lost := report.MissingGPU{PCIAddress: "0000:1a:00.0", Reason: "GPU is lost"}
	other := report.MissingGPU{PCIAddress: "0000:1b:00.0", Driver: "vfio-pci"}
	silent := report.MissingGPU{PCIAddress: "0000:1c:00.0"}
	one := []report.GPU{{}}
	expect(t, "none", gpuMissing, missing(one))
	expect(t, "some", gpuMissing, missing(one, lost, other, silent), "warning 0000:1b:00.0", "critical 0000:1a:00.0", "critical 0000:1c:00.0")
	expect(t, "all", gpuMissing, missing(nil, lost, other, silent), "warning 0000:1b:00.0", "critical 0000:1a:00.0, 0000:1c:00.0")
	expect(t, "the only one", gpuMissing, missing(nil, lost), "critical 0000:1a:00.0")
	if f := gpuMissing(missing(nil, lost)); !strings.HasPrefix(f[0].Message, "The GPU is") {
		t.Errorf("message %q", f[0].Message)
	}
}

// Whatever is in the way between nvidia-smi and the driver is told once, and blames no GPU.
func TestGPUDriver(t *testing.T) {
	for _, trouble := range []report.DriverTrouble{report.VersionMismatch, report.NotLoaded, report.NoLibrary, report.NoPermission, report.NoAnswer} {
		r := &report.Report{
			NVIDIA: &report.NVIDIA{Trouble: trouble, DriverVersion: "580.1", LibraryVersion: "550.1", UnknownGPUs: []string{"0000:1a:00.0", "0000:1b:00.0"}},
			Errors: []report.Error{{Collector: "nvidia", Tool: "nvidia-smi", Message: "m", Stderr: []string{"words"}}, {Tool: "dmidecode", Message: "m"}},
		}
		expect(t, string(trouble), gpuDriver, r, "warning 0000:1a:00.0, 0000:1b:00.0")
		expect(t, string(trouble), gpuMissing, r)
		if e := gpuDriver(r)[0].Evidence; e[len(e)-1] != "nvidia-smi: m, words" || len(e) != 4 {
			t.Errorf("%s: evidence %q", trouble, e)
		}
	}
	r := &report.Report{NVIDIA: &report.NVIDIA{Trouble: report.VersionMismatch, DriverVersion: "580.1", LibraryVersion: "550.1"}}
	if m := gpuDriver(r)[0].Message; !strings.Contains(m, "library 550.1 and its kernel module 580.1") {
		t.Error(m)
	}
	silent := withGPUs(report.GPU{})
	expect(t, "all answered", gpuDriver, silent)
	silent.NVIDIA.UnknownGPUs = []string{"0000:1a:00.0"}
	expect(t, "one is silent", gpuDriver, silent, "warning 0000:1a:00.0")
	expect(t, "silent, not missing", gpuMissing, silent)
}

// With Secure Boot on, the kernel takes no module of a key that it does not know: that is the
// first to look at, and nvidia-smi, which knows nothing of it, the last.
func TestGPUDriverIsLockedOut(t *testing.T) {
	locked := func() *report.Report {
		on := true
		return &report.Report{
			Platform: &report.Platform{BootMode: "uefi", SecureBoot: &on, KernelLockdown: "integrity"},
			NVIDIA:   &report.NVIDIA{Trouble: report.NotLoaded, LibraryVersion: "550.163.01", UnknownGPUs: []string{"0000:1a:00.0"}},
			Errors: []report.Error{{Collector: "nvidia", Tool: "nvidia-smi", Message: "nvidia-smi cannot reach the NVIDIA driver: its kernel module may not be loaded",
				Stderr: []string{"NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running."}}},
		}
	}
	expect(t, "locked out", gpuDriver, locked(), "warning 0000:1a:00.0")
	f := gpuDriver(locked())[0]
	if !strings.HasPrefix(f.Message, "The NVIDIA driver is not loaded, and the kernel is locked down, as it is with Secure Boot on") || !strings.Contains(f.Advice, "bee-secureboot enrol") ||
		!strings.Contains(strings.Join(f.Evidence, "|"), "|platform: the kernel is locked down (integrity), Secure Boot is on|nvidia-smi: ") {
		t.Errorf("%+v", f)
	}
	for name, change := range map[string]func(*report.Report){
		"not locked down": func(r *report.Report) { r.Platform.KernelLockdown = "none" },
		"no lockdown":     func(r *report.Report) { r.Platform.KernelLockdown = "" },
		"platform":        func(r *report.Report) { r.Platform = nil },
		"loaded":          func(r *report.Report) { r.NVIDIA.DriverVersion = "550.163.01" },
		"no library":      func(r *report.Report) { r.NVIDIA.Trouble = report.NoLibrary },
	} {
		r := locked()
		change(r)
		if f := gpuDriver(r)[0]; strings.Contains(f.Message+f.Advice, "Secure Boot") {
			t.Errorf("%s: %+v", name, f)
		}
	}
	off := locked()
	off.Platform.SecureBoot = nil
	if f := gpuDriver(off)[0]; !strings.Contains(strings.Join(f.Evidence, "|"), "Secure Boot is not on") {
		t.Errorf("%+v", f)
	}
}

func TestGPUNotExamined(t *testing.T) {
	r := devices(
		report.PCIDevice{Address: "0000:1a:00.0", ClassID: "0302", VendorID: vendorNVIDIA, Device: "GH100"},
		report.PCIDevice{Address: "0000:1a:00.1", ClassID: "0403", VendorID: vendorNVIDIA},
		report.PCIDevice{Address: "0000:1b:00.0", ClassID: "0300", VendorID: vendorNVIDIA},
		report.PCIDevice{Address: "0000:1b:00.4", ClassID: "0300", VendorID: vendorNVIDIA, VirtualFunctionOf: "0000:1b:00.0"},
		report.PCIDevice{Address: "0000:02:00.0", ClassID: "0300", VendorID: "1a03"})
	expect(t, "no section", gpuNotExamined, r, "info 0000:1a:00.0, 0000:1b:00.0")
	r.Collectors = []report.CollectorRun{{Name: "nvidia", Status: report.Skipped, MissingTools: []string{"nvidia-smi"}}}
	if f := gpuNotExamined(r); !strings.Contains(strings.Join(f[0].Evidence, "|"), "collector nvidia: skipped, no nvidia-smi") {
		t.Errorf("evidence %q", f[0].Evidence)
	}
	r.NVIDIA = &report.NVIDIA{}
	expect(t, "section", gpuNotExamined, r)
	expect(t, "no GPU", gpuNotExamined, devices(report.PCIDevice{ClassID: "0300", VendorID: "1a03"}))
}

func TestGPUEvidence(t *testing.T) {
	r := withGPUs(report.GPU{Name: "NVIDIA Test", SerialNumber: "123", RecoveryAction: "Reset", ModuleID: pointer(uint64(5))})
	evidence := func() string { return eachGPU(gpuRecovery)(r)[0].Evidence[0] }
	if got := evidence(); got != "GPU: NVIDIA Test, serial number 123, module 5" {
		t.Error(got)
	}
	r.PCIe = &report.PCIe{Devices: []report.PCIDevice{{Address: "0000:0a:00.0", SlotDesignation: "Slot 4", PhysicalSlot: "7"}}}
	if got := evidence(); got != "GPU: NVIDIA Test, serial number 123, slot Slot 4" {
		t.Error(got)
	}
}

func TestGPUUnreadable(t *testing.T) {
	gpu := func(errors ...string) report.GPU { return report.GPU{ReadErrors: errors} }
	expectGPUs(t, gpuUnreadable, map[string][]report.GPU{
		"":         {gpu()},
		"warning":  {gpu("Unknown Error"), gpu("ERR!", "Corrupted infoROM")},
		"critical": {gpu("Unknown Error", "GPU is lost"), gpu("GPU requires reset"), gpu("GPU requires restart"), gpu("Insufficient External Power")},
	})
}

func TestGPURecovery(t *testing.T) {
	gpu := func(action string) report.GPU { return report.GPU{RecoveryAction: action} }
	expectGPUs(t, gpuRecovery, map[string][]report.GPU{
		"":         {gpu(""), gpu("None")},
		"critical": {gpu("Reset"), gpu("Reboot"), gpu("Drain P2P"), gpu("Drain and Reset"), gpu("Recover IMEX Domain")},
	})
}

func TestGPUECC(t *testing.T) {
	gpu := func(enabled, pending *bool) report.GPU {
		return report.GPU{ECC: &report.GPUECC{Enabled: enabled, Pending: pending}}
	}
	yes, no := pointer(true), pointer(false)
	expectGPUs(t, gpuECCOff, map[string][]report.GPU{
		"":        {{}, gpu(nil, nil), gpu(yes, yes), gpu(yes, no), gpu(no, yes)},
		"warning": {gpu(no, no), gpu(no, nil)},
	})
	expectGPUs(t, gpuECCPending, map[string][]report.GPU{
		"":        {{}, gpu(yes, nil), gpu(yes, yes), gpu(no, no)},
		"warning": {gpu(yes, no), gpu(no, yes)},
	})
}

func TestGPUECCErrors(t *testing.T) {
	gpu := func(volatile, aggregate uint64) report.GPU {
		return report.GPU{ECC: &report.GPUECC{VolatileUncorrected: &volatile, AggregateUncorrected: &aggregate, VolatileCorrected: one(9), AggregateCorrected: one(9)}}
	}
	expectGPUs(t, gpuECCErrors, map[string][]report.GPU{
		"":         {{}, gpu(0, 0)},
		"warning":  {gpu(0, 3), {ECC: &report.GPUECC{AggregateUncorrected: one(1)}, RemappedRows: &report.RemappedRows{Uncorrected: one(1)}, RetiredPages: &report.RetiredPages{DoubleBit: one(1)}}},
		"critical": {gpu(1, 3), {ECC: &report.GPUECC{VolatileUncorrected: one(1), VolatileSRAMUncorrected: one(1)}}},
	})
}

func TestGPUMemory(t *testing.T) {
	yes, no := pointer(true), pointer(false)
	rows := func(m report.RemappedRows) report.GPU { return report.GPU{RemappedRows: &m} }
	errors := func(e report.GPUECC) report.GPU { return report.GPU{ECC: &e} }
	pages := func(p *bool) report.GPU { return report.GPU{RetiredPages: &report.RetiredPages{Pending: p}} }
	content := []report.GPU{{}, rows(report.RemappedRows{Pending: no, Failure: no, BanksNone: one(0)}), pages(no), pages(nil),
		errors(report.GPUECC{SRAMThresholdExceeded: no, ChannelRepairPending: no, TPCRepairPending: no, UnrepairableMemory: no})}
	expectGPUs(t, gpuMemoryWornOut, map[string][]report.GPU{
		"":         append(content, rows(report.RemappedRows{Pending: yes})),
		"critical": {rows(report.RemappedRows{Failure: yes}), errors(report.GPUECC{UnrepairableMemory: yes}), errors(report.GPUECC{SRAMThresholdExceeded: yes})},
	})
	expectGPUs(t, gpuRepairPending, map[string][]report.GPU{
		"": append(content, rows(report.RemappedRows{Failure: yes})),
		"warning": {rows(report.RemappedRows{Pending: yes}), pages(yes), errors(report.GPUECC{ChannelRepairPending: yes}),
			errors(report.GPUECC{TPCRepairPending: yes})},
	})
	expectGPUs(t, gpuSpareRowsLow, map[string][]report.GPU{
		"":        append(content, rows(report.RemappedRows{Failure: yes, BanksNone: one(2)})),
		"warning": {rows(report.RemappedRows{BanksNone: one(1), BanksFull: one(90)})},
	})
}

func TestGPUThrottled(t *testing.T) {
	gpu := func(reasons ...string) report.GPU {
		return report.GPU{ThrottleReasons: reasons, Temperature: &report.GPUTemperature{GPUCelsius: pointer(int64(90))}, Clocks: &report.GPUClocks{SMMHz: one(210)}}
	}
	expectGPUs(t, gpuThrottled, map[string][]report.GPU{
		"":        {{}, gpu(), gpu("gpu_idle"), gpu("sw_power_cap", "applications_clocks_setting", "sync_boost", "user_defined_clocks")},
		"warning": {gpu("hw_slowdown"), gpu("gpu_idle", "hw_thermal_slowdown"), gpu("hw_power_brake_slowdown"), gpu("sw_thermal_slowdown")},
	})
	for reason, want := range map[string]string{"hw_power_brake_slowdown": powerAdvice, "sw_thermal_slowdown": coolingAdvice} {
		if got := gpuThrottled(gpu("hw_slowdown", reason)).Advice; got != want {
			t.Errorf("%s: %s", reason, got)
		}
	}
	was := func(seconds float64, reasons ...string) report.GPU {
		return report.GPU{ThrottleReasons: reasons, ThrottleTimes: &report.ThrottleTimes{HWThermalSlowdownSeconds: &seconds, SWPowerCapSeconds: pointer(1e6)}}
	}
	expectGPUs(t, gpuWasThrottled, map[string][]report.GPU{
		"":     {{}, was(0), was(0.5), was(20, "hw_thermal_slowdown")},
		"info": {was(20), {ThrottleTimes: &report.ThrottleTimes{HWPowerBrakeSeconds: pointer(3.0)}}, {ThrottleTimes: &report.ThrottleTimes{SWThermalSlowdownSeconds: pointer(3.0)}}},
	})
}

func TestGPUHot(t *testing.T) {
	limits := func(celsius, slowdown int64) report.GPU {
		return report.GPU{Temperature: &report.GPUTemperature{GPUCelsius: &celsius, SlowdownCelsius: &slowdown}}
	}
	margins := func(margin, slowdown int64) report.GPU {
		return report.GPU{Temperature: &report.GPUTemperature{GPUCelsius: pointer(int64(80)), MarginCelsius: &margin, SlowdownMarginCelsius: &slowdown}}
	}
	expectGPUs(t, gpuHot, map[string][]report.GPU{
		"":        {{}, limits(88, 89), margins(-1, -2), {Temperature: &report.GPUTemperature{GPUCelsius: pointer(int64(120))}}},
		"warning": {limits(89, 89), limits(95, 89), margins(-2, -2), margins(-5, -2)},
	})
}

func TestGPULink(t *testing.T) {
	narrow := report.GPU{PCIe: &report.GPULink{WidthLanes: one(1), MaxWidthLanes: one(16)}}
	full := report.GPU{PCIe: &report.GPULink{WidthLanes: one(16), MaxWidthLanes: one(16)}}
	r := withGPUs(narrow, full, report.GPU{}, report.GPU{PCIe: &report.GPULink{MaxWidthLanes: one(16)}}, report.GPU{PCIe: &report.GPULink{WidthLanes: one(8)}})
	expect(t, "width", gpuLinkNarrow, r, "warning 0000:0a:00.0")
	r.PCIe = &report.PCIe{Devices: []report.PCIDevice{{Address: "0000:0a:00.0"}}}
	expect(t, "the PCI bus does not tell", gpuLinkNarrow, r, "warning 0000:0a:00.0")
	r.PCIe.Devices[0].Link = &report.PCIeLink{WidthLanes: 8, MaxWidthLanes: 16, UpstreamMaxWidthLanes: 8}
	expect(t, "the PCI bus knows better", gpuLinkNarrow, r)

	gpu := func(state string, now, most uint64, reasons ...string) report.GPU {
		return report.GPU{PerformanceState: state, ThrottleReasons: reasons, PCIe: &report.GPULink{Generation: &now, MaxGeneration: &most}}
	}
	expectGPUs(t, gpuLinkSlow, map[string][]report.GPU{
		"":        {{}, gpu("P0", 5, 5), gpu("P8", 1, 5), gpu("P3", 1, 5), gpu("", 1, 5), gpu("P0", 1, 5, "gpu_idle"), {PerformanceState: "P0", PCIe: &report.GPULink{Generation: one(1)}}},
		"warning": {gpu("P0", 1, 5), gpu("P2", 4, 5, "sw_power_cap")},
	})
}

func TestGPUInforom(t *testing.T) {
	expectGPUs(t, gpuInforom, map[string][]report.GPU{
		"":        {{}, {InforomCorrupted: pointer(false)}},
		"warning": {{InforomCorrupted: pointer(true), InforomVersion: "G5"}, {InforomCorrupted: pointer(true)}},
	})
}

func TestGPUPowerLimit(t *testing.T) {
	gpu := func(limit, normal float64) report.GPU {
		return report.GPU{Power: &report.GPUPower{LimitWatts: &limit, DefaultLimitWatts: &normal}}
	}
	expectGPUs(t, gpuPowerLimit, map[string][]report.GPU{
		"":        {{}, gpu(700, 700), gpu(699.5, 700), gpu(95, 55), {Power: &report.GPUPower{LimitWatts: pointer(5.0)}}},
		"warning": {gpu(500, 700), gpu(699, 700)},
	})
}

func TestGPUMixed(t *testing.T) {
	r := withGPUs(report.GPU{Name: "A", VBIOSVersion: "1", MemoryTotalBytes: 1 << 30}, report.GPU{Name: "B", VBIOSVersion: "2", MemoryTotalBytes: 2 << 30},
		report.GPU{VBIOSVersion: "3", MemoryTotalBytes: 1 << 20}, report.GPU{Name: "A"})
	expect(t, "different models", gpuMixedVBIOS, r)
	expect(t, "different models", gpuMixedMemory, r)
	r.NVIDIA.GPUs = append(r.NVIDIA.GPUs, report.GPU{Name: "A", VBIOSVersion: "2", MemoryTotalBytes: 1 << 29})
	expect(t, "VBIOS", gpuMixedVBIOS, r, "info A")
	expect(t, "memory", gpuMixedMemory, r, "warning A")
}

func TestGPUNVLinkDown(t *testing.T) {
	gpu := func(states string) report.GPU {
		g := report.GPU{Name: "NVIDIA Test", NVLinks: []report.NVLink{}}
		for i, s := range states {
			g.NVLinks = append(g.NVLinks, report.NVLink{Link: uint64(i), Active: s == '1'})
		}
		return g
	}
	other := gpu("1111")
	other.Name = "NVIDIA Other"
	expect(t, "all up", gpuNVLinkDown, withGPUs(gpu("11"), gpu("11"), report.GPU{Name: "NVIDIA Test"}))
	expect(t, "some down", gpuNVLinkDown, withGPUs(gpu("11"), gpu("10"), other), "warning 0000:0b:00.0")
	expect(t, "all down in one", gpuNVLinkDown, withGPUs(gpu(""), gpu("11"), gpu("00")), "warning 0000:0a:00.0", "warning 0000:0c:00.0")
	expect(t, "cards without bridges", gpuNVLinkDown, withGPUs(gpu(""), gpu("00"), other))
	expect(t, "fewer", gpuNVLinkDown, withGPUs(gpu("111"), gpu("11")), "warning 0000:0b:00.0")
}

func TestGPUFabric(t *testing.T) {
	gpu := func(state, status, health string) report.GPU {
		return report.GPU{FabricState: state, FabricStatus: status, FabricHealth: health}
	}
	expectGPUs(t, gpuFabric, map[string][]report.GPU{
		"":        {{}, gpu("Completed", "Success", ""), gpu("Completed", "Success", "Healthy"), gpu("Completed", "", ""), gpu("Not Supported", "x", "")},
		"info":    {gpu("In Progress", "Success", ""), gpu("Not Started", "", "")},
		"warning": {gpu("Completed", "Insufficient Resources", ""), gpu("Completed", "Success", "Unhealthy"), gpu("In Progress", "", "Limited Capacity")},
	})
}
