package finding

import (
	"testing"

	"bee/audit/report"
)

func withKernel(k report.Kernel) *report.Report { return &report.Report{Kernel: &k} }

func withEvents(all ...report.KernelEvent) *report.Report {
	for i := range all {
		e := &all[i]
		e.Count, e.Message = 1, "what the log says"
		if e.LastSeconds == 0 {
			e.FirstSeconds, e.LastSeconds = 100, 200
		}
	}
	return withKernel(report.Kernel{Events: all})
}

func TestMemoryErrors(t *testing.T) {
	counts := func(all ...report.MemoryErrors) report.Kernel {
		for i := range all {
			all[i].Place = "mc0/dimm0"
		}
		return report.Kernel{UptimeSeconds: 300, MemoryErrors: all}
	}
	expect(t, "none", memoryErrors, withKernel(counts(report.MemoryErrors{Label: "A1"})))
	expect(t, "counted", memoryErrors, withKernel(counts(
		report.MemoryErrors{Label: "A1", Corrected: 1},
		report.MemoryErrors{Label: "B1", Corrected: 10},
		report.MemoryErrors{Corrected: 1, Uncorrected: 1},
	)), "info A1", "warning B1", "critical mc0/dimm0")
	ce := report.KernelEvent{Kind: "memory_error", Device: "mc0", Severity: "corrected"}
	ue := report.KernelEvent{Kind: "memory_error", Severity: "uncorrected"}
	expect(t, "in the log", memoryErrors, withEvents(ce, ue), "warning mc0", "critical ")
	both := counts(report.MemoryErrors{Label: "A1", Corrected: 3})
	both.Events = []report.KernelEvent{ce}
	expect(t, "counted and in the log", memoryErrors, withKernel(both), "info A1")
}

func TestMachineCheck(t *testing.T) {
	check := func(severity, device string, at float64) report.KernelEvent {
		return report.KernelEvent{Kind: "machine_check", Severity: severity, Device: device, FirstSeconds: at, LastSeconds: at}
	}
	expect(t, "corrected", machineCheck, withEvents(check("corrected", "cpu3", 100)), "warning cpu3")
	expect(t, "not corrected", machineCheck, withEvents(check("uncorrected", "cpu3", 100), check("fatal", "cpu4", 100)), "critical cpu3", "critical cpu4")
	expect(t, "left from before", machineCheck, withEvents(check("fatal", "cpu3", 0.5)), "warning cpu3")
	expect(t, "nothing but that there is one", machineCheck, withEvents(check("", "", 100)), "warning ")
	expect(t, "and which", machineCheck, withEvents(check("", "", 100), check("corrected", "cpu3", 100)), "warning cpu3")
	expect(t, "memory's", machineCheck, withEvents(check("corrected", "cpu3", 100), report.KernelEvent{Kind: "memory_error", Severity: "corrected"}))
	expect(t, "memory's, not corrected", machineCheck, withEvents(check("fatal", "cpu3", 100), report.KernelEvent{Kind: "memory_error", Severity: "uncorrected"}), "critical cpu3")
}

func TestPCIeErrors(t *testing.T) {
	counts := func(e report.PCIeErrors) *report.Report {
		e.Address = "0000:01:00.0"
		return withKernel(report.Kernel{PCIeErrors: []report.PCIeErrors{e}})
	}
	for name, c := range map[string]struct {
		errors report.PCIeErrors
		want   string
	}{
		"few":                      {report.PCIeErrors{Corrected: 9, Kinds: []string{"RxErr 9"}}, ""},
		"some":                     {report.PCIeErrors{Corrected: 10, Kinds: []string{"RxErr 10"}}, "info"},
		"many":                     {report.PCIeErrors{Corrected: 1000, Kinds: []string{"BadTLP 1000"}}, "warning"},
		"a question, not an error": {report.PCIeErrors{NonFatal: 2, Corrected: 1, Kinds: []string{"NonFatalErr 1", "UnsupReq 2"}}, ""},
		"not fatal":                {report.PCIeErrors{NonFatal: 2, Kinds: []string{"CmpltTO 1", "UnsupReq 1"}}, "warning"},
		"fatal":                    {report.PCIeErrors{Fatal: 1, Kinds: []string{"DLP 1"}}, "warning"},
		"what it is is not known":  {report.PCIeErrors{Fatal: 1}, "warning"},
		"many, and questions, too": {report.PCIeErrors{Corrected: 5000, NonFatal: 1, Kinds: []string{"RxErr 5000", "UnsupReq 1"}}, "warning"},
	} {
		if c.want == "" {
			expect(t, name, pcieErrors, counts(c.errors))
		} else {
			expect(t, name, pcieErrors, counts(c.errors), c.want+" 0000:01:00.0")
		}
	}
	gone := withEvents(report.KernelEvent{Kind: "pcie_error", Device: "0000:05:00.0", Severity: "fatal"}, report.KernelEvent{Kind: "pcie_error", Device: "0000:06:00.0", Severity: "corrected"})
	expect(t, "in the log alone", pcieErrors, gone, "warning 0000:05:00.0")
}

func TestGPUError(t *testing.T) {
	var all []report.KernelEvent
	for _, number := range []uint64{43, 63, 79} {
		all = append(all, report.KernelEvent{Kind: "gpu_error", Device: "0000:65:00.0", Xid: number})
	}
	all = append(all, report.KernelEvent{Kind: "gpu_error", Device: "0000:c1:00.0", Severity: "fatal"}, report.KernelEvent{Kind: "gpu_error", Device: "0000:c2:00.0", Severity: "uncorrected"})
	expect(t, "errors", eachEvent("gpu_error", gpuError), withEvents(all...),
		"info 0000:65:00.0", "warning 0000:65:00.0", "critical 0000:65:00.0", "critical 0000:c1:00.0", "warning 0000:c2:00.0")
}

func TestOverheated(t *testing.T) {
	counted := report.Kernel{Throttling: []report.Throttling{{PackageID: 1, PackageEvents: 1, CoreEvents: 7}}}
	slowed := report.KernelEvent{Kind: "overheated", Device: "cpu3", Count: 1, Message: "temperature above threshold"}
	expect(t, "in the log", overheated, withKernel(report.Kernel{Events: []report.KernelEvent{slowed}}), "warning cpu3")
	counted.Events = []report.KernelEvent{slowed, {Kind: "overheated", Device: "thermal_zone0", Severity: "fatal", Message: "critical temperature"}}
	expect(t, "counted", overheated, withKernel(counted), "warning package 1", "critical thermal_zone0")
}

// Whatever the log tells is a finding.
func TestEvents(t *testing.T) {
	rule := map[string]string{}
	for _, kind := range []string{"previous_boot", "pcie_link_lost", "drive_reset", "drive_error", "medium_damaged", "configuration", "network_reset", "hung", "nmi"} {
		r := withEvents(report.KernelEvent{Kind: kind, Device: "it"})
		Add(r)
		if len(r.Findings) != 1 || r.Findings[0].Severity != report.Warning || r.Findings[0].Component != "it" {
			t.Errorf("%s: %+v", kind, r.Findings)
			continue
		}
		expect(t, kind, func(*report.Report) []report.Finding { return r.Findings }, r, "warning it")
		if other := rule[r.Findings[0].Rule]; other != "" {
			t.Errorf("%s and %s are both %s", kind, other, r.Findings[0].Rule)
		}
		rule[r.Findings[0].Rule] = kind
	}
}

func TestPlatformSetupMode(t *testing.T) {
	yes, no := true, false
	for mode, want := range map[*bool][]string{&yes: {"info "}, &no: nil, nil: nil} {
		expect(t, "setup mode", platformSetupMode, &report.Report{Platform: &report.Platform{SetupMode: mode}}, want...)
	}
}
