package finding

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bee/audit/report"
	"bee/audit/report/label"
)

// events are those of a kind.
func events(r *report.Report, kind string) []report.KernelEvent {
	var some []report.KernelEvent
	for _, e := range or0(r.Kernel).Events {
		if e.Kind == kind {
			some = append(some, e)
		}
	}
	return some
}

// early is when the kernel has told what it found at its start: that happened before.
const early = 30

// aboutEvent is a finding about what the log tells of a device.
func aboutEvent(e report.KernelEvent, severity report.Severity, message, advice string) report.Finding {
	when := fmt.Sprintf("%.0f s after the kernel's start", e.FirstSeconds)
	if e.Count > 1 {
		when = fmt.Sprintf("%s, from %.0f s to %.0f s after the kernel's start", label.Count(e.Count, "line"), e.FirstSeconds, e.LastSeconds)
	}
	return report.Finding{
		Severity: severity, Component: e.Device, Message: message, Advice: advice,
		Evidence: []string{"kernel's log: " + e.Message, when},
	}
}

// eachEvent makes a rule of one that looks at a single event of a kind; it returns nil where
// it is content.
func eachEvent(kind string, check func(*report.Report, report.KernelEvent) *report.Finding) func(*report.Report) []report.Finding {
	return func(r *report.Report) []report.Finding {
		var found []report.Finding
		for _, e := range events(r, kind) {
			if f := check(r, e); f != nil {
				found = append(found, *f)
			}
		}
		return found
	}
}

const (
	testMemory = "Keep the evidence and test the memory; if the errors follow the module into another slot, replace it."
	// few errors come of radiation in modules that are well.
	fewMemoryErrors = 10
)

// memoryErrors looks at what the memory controllers have counted, and where they count
// nothing, at what the log says.
func memoryErrors(r *report.Report) []report.Finding {
	var found []report.Finding
	k := or0(r.Kernel)
	counted := false
	for _, m := range k.MemoryErrors {
		f := report.Finding{Component: cmp.Or(m.Label, m.Place), Advice: testMemory}
		switch {
		case m.Uncorrected > 0:
			f.Severity = report.Critical
			f.Message = fmt.Sprintf("Memory had %s that could not be corrected.", label.Count(m.Uncorrected, "error"))
		case m.Corrected >= fewMemoryErrors:
			f.Severity = report.Warning
			f.Message = fmt.Sprintf("Memory had %s that had to be corrected.", label.Count(m.Corrected, "error"))
		case m.Corrected > 0:
			f.Severity = report.Info
			f.Message = fmt.Sprintf("Memory had %s that had to be corrected.", label.Count(m.Corrected, "error"))
			f.Advice = "Watch whether there are more: a few are no reason to do anything."
		default:
			continue
		}
		counted = true
		f.Evidence = []string{fmt.Sprintf("%s: %d corrected, %d not corrected", m.Place, m.Corrected, m.Uncorrected),
			fmt.Sprintf("the kernel runs for %.0f s", k.UptimeSeconds)}
		found = append(found, f)
	}
	if counted {
		return found
	}
	for _, e := range events(r, "memory_error") {
		if e.Severity == "corrected" {
			found = append(found, aboutEvent(e, report.Warning, "Memory had errors that had to be corrected.", testMemory))
		} else {
			found = append(found, aboutEvent(e, report.Critical, "Memory had errors that could not be corrected.", testMemory))
		}
	}
	return found
}

// memoryHadErrors reports whether anything but machine checks tells of errors of memory.
func memoryHadErrors(r *report.Report) bool {
	return len(events(r, "memory_error")) > 0 || slices.ContainsFunc(or0(r.Kernel).MemoryErrors, func(m report.MemoryErrors) bool { return m.Corrected+m.Uncorrected > 0 })
}

// machineCheck passes over corrected ones where the memory's errors are told, which come as
// machine checks.
func machineCheck(r *report.Report) []report.Finding {
	var found []report.Finding
	all := events(r, "machine_check")
	const advice = "Read the BMC's event log, which may name the part; update the firmware if the maker says that it mends this."
	for _, e := range all {
		message := "The processor reports a fault of itself, of memory or of a bus."
		severity := report.Warning
		switch {
		case e.LastSeconds < early:
			message = "The processor has kept the report of a fault from before this start."
		case e.Severity == "uncorrected", e.Severity == "fatal":
			severity = report.Critical
		case memoryHadErrors(r):
			continue
		}
		// The line that says only that there is something.
		if e.Device == "" && slices.ContainsFunc(all, func(other report.KernelEvent) bool { return other.Device != "" }) {
			continue
		}
		found = append(found, aboutEvent(e, severity, message, advice))
	}
	return found
}

func previousBoot(_ *report.Report, e report.KernelEvent) *report.Finding {
	f := aboutEvent(e, report.Warning, "The firmware has kept the report of a hardware fault that ended the boot before.",
		"Read the lines behind it in the kernel's log, and the BMC's event log: they name the part.")
	return &f
}

const (
	// fewPCIeErrors are corrected while links are set up.
	fewPCIeErrors  = 10
	manyPCIeErrors = 1000
	readSeat       = "Read which errors they are. If they go on while the device works, reseat the card or its cable, and try another slot."
)

// pcieErrors looks at the counts of each function, and at the log for those that have none
// any more.
func pcieErrors(r *report.Report) []report.Finding {
	var found []report.Finding
	k := or0(r.Kernel)
	counted := map[string]bool{}
	for _, e := range k.PCIeErrors {
		counted[e.Address] = true
		f := report.Finding{
			Severity: report.Warning, Component: e.Address, Advice: readSeat,
			Evidence: append([]string{aboutFunction(r, e.Address), fmt.Sprintf("%d corrected, %d non-fatal, %d fatal", e.Corrected, e.NonFatal, e.Fatal)}, e.Kinds...),
		}
		// Requests that a device does not know are left from the search for devices.
		unsupported := e.NonFatal > 0 && !slices.ContainsFunc(e.Kinds, func(kind string) bool { return uncorrectable(kind) && !strings.HasPrefix(kind, "UnsupReq ") })
		switch {
		case e.Fatal > 0 || e.NonFatal > 0 && !unsupported:
			f.Message = fmt.Sprintf("PCIe had %s that could not be corrected.", label.Count(e.Fatal+e.NonFatal, "error"))
		case e.Corrected >= manyPCIeErrors:
			f.Message = fmt.Sprintf("PCIe had %s that had to be corrected.", label.Count(e.Corrected, "error"))
		case e.Corrected >= fewPCIeErrors:
			f.Severity = report.Info
			f.Message = fmt.Sprintf("PCIe had %s that had to be corrected.", label.Count(e.Corrected, "error"))
			f.Advice = "Watch whether there are more under load."
		default:
			continue
		}
		found = append(found, f)
	}
	for _, e := range events(r, "pcie_error") {
		if !counted[e.Device] && e.Severity != "corrected" {
			f := aboutEvent(e, report.Warning, "PCIe had errors that could not be corrected.", readSeat)
			f.Evidence = append([]string{aboutFunction(r, e.Device)}, f.Evidence...)
			found = append(found, f)
		}
	}
	return found
}

// uncorrectable reports whether an error of AER's, with its count, is none that hardware
// corrects.
func uncorrectable(kind string) bool {
	name, _, _ := strings.Cut(kind, " ")
	return !slices.Contains([]string{"RxErr", "BadTLP", "BadDLLP", "Rollover", "Timeout", "NonFatalErr", "CorrIntErr", "HeaderOF"}, name)
}

// aboutFunction says what a PCI function is.
func aboutFunction(r *report.Report, address string) string {
	for _, d := range pciDevices(r) {
		if d.Address == address {
			return about(address, pciName(d), label.Prefix("slot ", cmp.Or(d.SlotDesignation, d.PhysicalSlot)))
		}
	}
	return about(address)
}

func pcieLinkLost(r *report.Report, e report.KernelEvent) *report.Finding {
	f := aboutEvent(e, report.Warning, "The link to a device was lost.", "Unless somebody took the device out, look which one is missing, and whether it and its cable sit well.")
	f.Evidence = append([]string{aboutFunction(r, e.Device)}, f.Evidence...)
	return &f
}

// Xids by what NVIDIA's "Xid Errors" says of them.
var (
	// Of programs, or of what ends them.
	xidsOfPrograms = []uint64{13, 31, 43, 45}
	// Of memory that failed, of a GPU that is lost or does not work any more.
	xidsOfHardware = []uint64{48, 64, 74, 79, 95, 140}
)

func gpuError(_ *report.Report, e report.KernelEvent) *report.Finding {
	what, severity := fmt.Sprintf("Xid %d", e.Xid), report.Warning
	switch {
	case e.Xid == 0:
		what = "an SXid of an NVSwitch"
		if e.Severity == "fatal" {
			severity = report.Critical
		}
	case slices.Contains(xidsOfPrograms, e.Xid):
		severity = report.Info
	case slices.Contains(xidsOfHardware, e.Xid):
		severity = report.Critical
	}
	f := aboutEvent(e, severity, fmt.Sprintf("NVIDIA's driver reports an error: %s.", what),
		"Look the number up in NVIDIA's list of errors, which says for each what to do.")
	return &f
}

// overheated looks at what the kernel has counted, and at the log for what is worse.
func overheated(r *report.Report) []report.Finding {
	var found []report.Finding
	const advice = "Look at the fans, at what stands in the way of the air, and at the BMC's temperatures; if one processor alone is hot, its heat sink may sit badly."
	throttled := or0(r.Kernel).Throttling
	for _, t := range throttled {
		f := report.Finding{
			Severity: report.Warning, Component: fmt.Sprintf("package %d", t.PackageID), Advice: advice,
			Message:  "The processor was slowed down because it was too hot.",
			Evidence: []string{fmt.Sprintf("%s of the package, %d of its hottest core", label.Count(t.PackageEvents, "time"), t.CoreEvents)},
		}
		found = append(found, f)
	}
	for _, e := range events(r, "overheated") {
		switch {
		case e.Severity == "fatal":
			found = append(found, aboutEvent(e, report.Critical, "It was so hot that the machine is switched off.", advice))
		case len(throttled) == 0:
			found = append(found, aboutEvent(e, report.Warning, "The processor was slowed down because it was too hot.", advice))
		}
	}
	return found
}

func driveReset(_ *report.Report, e report.KernelEvent) *report.Finding {
	f := aboutEvent(e, report.Warning, "A drive or its controller did not answer in time, and was reset.",
		"If it happens again, look at cable, backplane and slot; then at the drive's own word.")
	return &f
}

func driveError(_ *report.Report, e report.KernelEvent) *report.Finding {
	f := aboutEvent(e, report.Warning, "The kernel could not read or write a drive.",
		"Save what is on it. Run the drive's long self-test, and look at its cable and slot.")
	return &f
}

// It is no fault of the machine, but may be why something else was not found.
func mediumDamaged(_ *report.Report, e report.KernelEvent) *report.Finding {
	f := aboutEvent(e, report.Warning, "The medium that this system was started from is damaged: programs may have failed for that.",
		"Write the medium anew, and audit the machine once more.")
	return &f
}

// Nor is this: the machine went on with what was understood.
func configuration(_ *report.Report, e report.KernelEvent) *report.Finding {
	f := aboutEvent(e, report.Warning, "What bee.yaml says was not understood, or not all of it: something may have been left out.",
		"Mend bee.yaml where the evidence says, and start the machine once more.")
	return &f
}

func networkReset(_ *report.Report, e report.KernelEvent) *report.Finding {
	f := aboutEvent(e, report.Warning, "A network card did not send any more, and was reset.",
		"If it happens again, update the card's firmware, and try another slot.")
	return &f
}

func kernelHung(_ *report.Report, e report.KernelEvent) *report.Finding {
	f := aboutEvent(e, report.Warning, "The kernel came no further for a while.", "Read the lines behind it in the kernel's log: they say what it waited for.")
	return &f
}

func kernelNMI(_ *report.Report, e report.KernelEvent) *report.Finding {
	f := aboutEvent(e, report.Warning, "The hardware reported a fault (NMI) without saying which.", "Read the BMC's event log, which may name the part.")
	return &f
}
