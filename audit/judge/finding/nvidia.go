package finding

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"bee/audit/report"
	"bee/audit/report/label"
)

func gpus(r *report.Report) []report.GPU {
	if r.NVIDIA == nil {
		return nil
	}
	return r.NVIDIA.GPUs
}

func gpuName(g report.GPU) string { return cmp.Or(g.PCIAddress, g.UUID, g.SerialNumber) }

// eachGPU makes a rule of one that looks at a single GPU; it returns nil where it
// is content. Which GPU it is and where it sits comes first in the evidence.
func eachGPU(check func(report.GPU) *report.Finding) func(*report.Report) []report.Finding {
	return func(r *report.Report) []report.Finding {
		var found []report.Finding
		for _, g := range gpus(r) {
			f := check(g)
			if f == nil {
				continue
			}
			f.Component = gpuName(g)
			which := []string{about("GPU", g.Name, label.Prefix("serial number ", g.SerialNumber), gpuPlace(r, g))}
			f.Evidence = append(which, f.Evidence...)
			found = append(found, *f)
		}
		return found
	}
}

// gpuPlace says where a GPU sits, as far as the report knows.
func gpuPlace(r *report.Report, g report.GPU) string {
	if i := slices.IndexFunc(pciDevices(r), func(d report.PCIDevice) bool { return d.Address == g.PCIAddress }); i >= 0 {
		d := r.PCIe.Devices[i]
		if slot := cmp.Or(d.SlotDesignation, d.PhysicalSlot); slot != "" {
			return "slot " + slot
		}
	}
	if g.ModuleID != nil {
		return fmt.Sprintf("module %d", *g.ModuleID)
	}
	return ""
}

func is(b *bool) bool  { return b != nil && *b }
func not(b *bool) bool { return b != nil && !*b }

// driverAdvice says what to do about what is in the way between nvidia-smi and the driver.
var driverAdvice = map[report.DriverTrouble]string{
	report.VersionMismatch: "Nothing is known against the GPUs. Bring the library and the kernel module to the same version: after an update of the driver, " +
		"unload its modules (rmmod) and load the new ones, or restart the machine.",
	report.NotLoaded:    "Load the driver (modprobe nvidia), and see in the kernel's log (NVRM) why it was not loaded, or refused the GPUs.",
	report.NoLibrary:    "Install the driver's library, libnvidia-ml.so.1, in the version of the kernel module.",
	report.NoPermission: "Run the audit as root, outside of a container, or with the devices /dev/nvidia* given to it.",
	report.NoAnswer:     "Look for NVRM and Xid in the kernel's log, and run the audit again, with a longer --timeout where the machine was busy.",
}

// gpuDriver looks for what keeps nvidia-smi from telling of GPUs: of those, nothing is
// known then.
func gpuDriver(r *report.Report) []report.Finding {
	n := r.NVIDIA
	if n == nil || n.Trouble == "" && len(n.UnknownGPUs) == 0 {
		return nil
	}
	f := report.Finding{
		Severity:  report.Warning,
		Component: strings.Join(n.UnknownGPUs, ", "),
		Message:   "nvidia-smi gave no answer that tells of this GPU: nothing is known about it.",
		Evidence: present(label.Prefix("version of the kernel module: ", n.DriverVersion), label.Prefix("version of the library: ", n.LibraryVersion),
			label.Prefix("GPUs on the PCI bus: ", strings.Join(n.UnknownGPUs, ", "))),
		Advice: driverAdvice[cmp.Or(n.Trouble, report.NoAnswer)],
	}
	if n.Trouble != "" {
		f.Message = sentence(label.Trouble(n)) + ": nothing is known about the GPUs."
	} else if len(n.UnknownGPUs) > 1 {
		f.Message = "nvidia-smi gave no answer that tells of these GPUs: nothing is known about them."
	}
	if keys := lockedOut(r); keys != "" {
		f.Message = "The NVIDIA driver is not loaded, and the kernel is locked down, as it is with Secure Boot on: nothing is known about the GPUs."
		f.Evidence = append(f.Evidence, keys)
		f.Advice = lockedOutAdvice
	}
	for _, e := range r.Errors {
		if e.Tool == "nvidia-smi" {
			f.Evidence = append(f.Evidence, about("nvidia-smi", append([]string{e.Message}, e.Stderr...)...))
		}
	}
	return []report.Finding{f}
}

// lockedOutAdvice is for a driver whose modules the kernel takes only with the signature of a key
// that it knows.
const lockedOutAdvice = "On bee's ISO, /var/log/bee-nvidia.log says why the driver was not loaded. Where that is a key which the machine does not know, enrol it " +
	"(bee-secureboot enrol) and start the machine again; where the modules are not signed, turn Secure Boot off in the firmware's setup; " +
	"where it is something else, see in the kernel's log (NVRM) why it refused the GPUs."

// lockedOut is the evidence that the kernel, which has no NVIDIA driver, takes no module that is
// not signed by a key it knows; empty where it is not so.
func lockedOut(r *report.Report) string {
	p := r.Platform
	if r.NVIDIA.Trouble != report.NotLoaded || r.NVIDIA.DriverVersion != "" || p == nil || p.KernelLockdown == "" || p.KernelLockdown == "none" {
		return ""
	}
	secure := "Secure Boot is on"
	if !is(p.SecureBoot) {
		secure = "Secure Boot is not on"
	}
	return about("platform", "the kernel is locked down ("+p.KernelLockdown+")", secure)
}

// sentence begins a text as a sentence, unless it begins with the name of a tool.
func sentence(s string) string {
	if rest, found := strings.CutPrefix(s, "the "); found {
		return "The " + rest
	}
	return s
}

// gpuMissing looks for GPUs that the PCI bus has and of which the driver says that it does
// not have them.
func gpuMissing(r *report.Report) []report.Finding {
	if r.NVIDIA == nil {
		return nil
	}
	missing := func(m report.MissingGPU) string {
		return about(m.PCIAddress, label.Prefix("driver ", m.Driver), m.Reason)
	}
	var found []report.Finding
	var lost []report.MissingGPU
	for _, m := range r.NVIDIA.MissingGPUs {
		if m.Driver == "" {
			lost = append(lost, m)
			continue
		}
		found = append(found, report.Finding{
			Severity:  report.Warning,
			Component: m.PCIAddress,
			Message:   fmt.Sprintf("The GPU is left to the driver %s: the NVIDIA driver knows nothing about it.", m.Driver),
			Evidence:  []string{missing(m)},
			Advice:    "Take it from that driver to have it examined, unless it is meant for a virtual machine.",
		})
	}
	// Where the driver knows none, it is more likely at fault than the GPUs.
	if len(r.NVIDIA.GPUs) == 0 && len(lost) > 1 {
		f := report.Finding{
			Severity: report.Critical,
			Message:  fmt.Sprintf("The NVIDIA driver knows none of the %d GPUs on the PCI bus.", len(lost)),
			Advice:   "See in the kernel's log (NVRM) why the driver refused the GPUs; it has to be of a version that knows them.",
		}
		for _, m := range lost {
			f.Component = strings.TrimPrefix(f.Component+", "+m.PCIAddress, ", ")
			f.Evidence = append(f.Evidence, missing(m))
		}
		return append(found, f)
	}
	for _, m := range lost {
		f := report.Finding{
			Severity:  report.Critical,
			Component: m.PCIAddress,
			Message:   "The GPU is on the PCI bus, but the NVIDIA driver does not know it.",
			Evidence:  []string{missing(m)},
			Advice: "See in the kernel's log (NVRM, Xid) why the driver does not have it: it may be too old for the GPU, " +
				"or lack room for the GPU's memory, as well as the GPU may have failed.",
		}
		if strings.Contains(m.Reason, "lost") || strings.Contains(m.Reason, "fallen off") {
			f.Message = "The GPU is on the PCI bus, but does not answer the NVIDIA driver any more."
			f.Advice = lostAdvice
		}
		found = append(found, f)
	}
	return found
}

// gpuNotExamined looks for NVIDIA GPUs where nothing is known about any.
func gpuNotExamined(r *report.Report) []report.Finding {
	if r.NVIDIA != nil {
		return nil
	}
	f := report.Finding{
		Severity: report.Info,
		Message:  "The machine has NVIDIA GPUs, but they were not examined.",
		Advice:   "Use a live system with the NVIDIA driver and nvidia-smi, and run the collector nvidia.",
	}
	for _, d := range pciDevices(r) {
		if isDisplay(d) && d.VendorID == vendorNVIDIA && d.VirtualFunctionOf == "" {
			f.Component = strings.TrimPrefix(f.Component+", "+d.Address, ", ")
			f.Evidence = append(f.Evidence, about(d.Address, pciName(d)))
		}
	}
	if len(f.Evidence) == 0 {
		return nil
	}
	for _, c := range r.Collectors {
		if c.Name == "nvidia" {
			f.Evidence = append(f.Evidence, about("collector nvidia", string(c.Status), label.Prefix("no ", strings.Join(c.MissingTools, ", "))))
		}
	}
	return []report.Finding{f}
}

// lostAdvice is for GPUs of which the driver says that they do not answer it.
const lostAdvice = "Look for Xid 79 and NVRM in the kernel's log. If they say too that the GPU has fallen off the bus, power the machine off and on, as a restart " +
	"may not bring it back. If it happens again, check its power cables and its cooling; if those are well, reseat or replace it."

// gpuUnreadable looks for GPUs of which nvidia-smi could not read everything. It
// says why in the words of NVML, the driver's library.
func gpuUnreadable(g report.GPU) *report.Finding {
	if len(g.ReadErrors) == 0 {
		return nil
	}
	f := &report.Finding{
		Severity: report.Warning,
		Message:  "The driver could not read everything about the GPU.",
		Evidence: []string{"read errors: " + strings.Join(g.ReadErrors, ", ")},
		Advice:   "Look for NVRM and Xid in the kernel's log; reset the GPU (nvidia-smi -r) or restart the machine, and look again.",
	}
	says := func(words string) bool {
		return slices.ContainsFunc(g.ReadErrors, func(e string) bool { return strings.Contains(strings.ToLower(e), words) })
	}
	switch {
	case says("lost"):
		f.Severity = report.Critical
		f.Message = "The GPU does not answer the driver any more: it is lost."
		f.Advice = lostAdvice
	case says("external power"):
		f.Severity = report.Critical
		f.Message = "The GPU does not get the power that it needs."
		f.Advice = "Connect all of its power cables; check them and the power supplies."
	case says("requires re"):
		f.Severity = report.Critical
		f.Message = "The GPU has met an error and works no more until it is reset."
		f.Advice = "Read the Xid in the kernel's log; reset the GPU (nvidia-smi -r) or restart the machine. If it happens again with an Xid that blames the hardware, replace the GPU."
	}
	return f
}

// recoveries say what to do for the recovery actions that are not plain from
// their names; see nvmlDeviceGpuRecoveryAction_t.
var recoveries = map[string]string{
	"Reset":           "End all that uses the GPU and reset it: nvidia-smi -r.",
	"Reboot":          "Restart the machine.",
	"System Reboot":   "Restart the machine.",
	"Drain P2P":       "End all that uses the GPU together with others; then the rest may go on.",
	"Drain and Reset": "Let what runs on the GPU end, start nothing new, and reset it: nvidia-smi -r.",
}

func gpuRecovery(g report.GPU) *report.Finding {
	if g.RecoveryAction == "" || g.RecoveryAction == "None" {
		return nil
	}
	return &report.Finding{
		Severity: report.Critical,
		Message:  fmt.Sprintf("The driver wants the GPU recovered from an error: %s.", g.RecoveryAction),
		Evidence: []string{"recovery action: " + g.RecoveryAction},
		Advice:   cmp.Or(recoveries[g.RecoveryAction], "Do what the driver asks for.") + " Read the Xid in the kernel's log: if it happens again, replace the GPU.",
	}
}

// ecc is a GPU's error correction, empty where it has none.
func ecc(g report.GPU) report.GPUECC {
	if g.ECC == nil {
		return report.GPUECC{}
	}
	return *g.ECC
}

// gpuECCOff looks for GPUs that do not use the error correction that they have.
func gpuECCOff(g report.GPU) *report.Finding {
	if !not(ecc(g).Enabled) || is(ecc(g).Pending) {
		return nil
	}
	return &report.Finding{
		Severity: report.Warning,
		Message:  "The GPU could correct errors of its memory, but ECC is off.",
		Evidence: []string{"ECC enabled: false"},
		Advice:   "Turn it on (nvidia-smi -e 1) and reset the GPU, unless it is off on purpose.",
	}
}

// gpuECCPending looks for changes of the mode that wait for a reset.
func gpuECCPending(g report.GPU) *report.Finding {
	e := ecc(g)
	if e.Enabled == nil || e.Pending == nil || *e.Enabled == *e.Pending {
		return nil
	}
	f := &report.Finding{
		Severity: report.Warning,
		Message:  "ECC is on, but will be off after the next reset of the GPU.",
		Evidence: []string{fmt.Sprintf("ECC enabled: %t, after a reset: %t", *e.Enabled, *e.Pending)},
		Advice:   "Turn it on again (nvidia-smi -e 1), unless this is on purpose.",
	}
	if *e.Pending {
		f.Message = "ECC is off until the next reset of the GPU."
		f.Advice = "Reset the GPU (nvidia-smi -r) or restart the machine."
	}
	return f
}

// figure is "NAME: N", "" where N is not known.
func figure(name string, n *uint64) string {
	if n == nil {
		return ""
	}
	return fmt.Sprintf("%s: %d", name, *n)
}

// present returns the texts that say something.
func present(all ...string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// gpuECCErrors looks for memory errors that could not be corrected.
func gpuECCErrors(g report.GPU) *report.Finding {
	e := ecc(g)
	if or0(e.VolatileUncorrected) == 0 && or0(e.AggregateUncorrected) == 0 {
		return nil
	}
	f := &report.Finding{
		Severity: report.Warning,
		Message:  fmt.Sprintf("The GPU's memory had %s in the past.", label.Count(or0(e.AggregateUncorrected), "uncorrected error")),
		Advice:   "The driver puts bad memory out of use by itself. Watch whether the number grows; if it does, replace the GPU.",
		Evidence: present(
			figure("uncorrected since the driver was loaded", e.VolatileUncorrected),
			figure("of them in DRAM", e.VolatileDRAMUncorrected), figure("of them in SRAM", e.VolatileSRAMUncorrected),
			figure("uncorrected ever", e.AggregateUncorrected),
			figure("of them in DRAM", e.AggregateDRAMUncorrected), figure("of them in SRAM", e.AggregateSRAMUncorrected),
		),
	}
	if m := g.RemappedRows; m != nil {
		f.Evidence = append(f.Evidence, present(figure("rows remapped for uncorrected errors", m.Uncorrected))...)
	}
	if p := g.RetiredPages; p != nil {
		f.Evidence = append(f.Evidence, present(figure("pages retired for uncorrected errors", p.DoubleBit))...)
	}
	if or0(e.VolatileUncorrected) > 0 {
		f.Severity = report.Critical
		f.Message = fmt.Sprintf("The GPU's memory had %s since the driver was loaded.", label.Count(*e.VolatileUncorrected, "uncorrected error"))
		f.Advice = "Results since then may be wrong. Reset the GPU (nvidia-smi -r), test it, and replace it if there are more errors."
	}
	return f
}

// gpuMemoryWornOut looks for memory that the GPU cannot repair any more: NVIDIA
// takes a GPU back for each of these.
func gpuMemoryWornOut(g report.GPU) *report.Finding {
	var evidence []string
	if r := g.RemappedRows; r != nil && is(r.Failure) {
		evidence = append(evidence, "row remapping failed: true")
	}
	if is(ecc(g).UnrepairableMemory) {
		evidence = append(evidence, "unrepairable memory: true")
	}
	if is(ecc(g).SRAMThresholdExceeded) {
		evidence = append(evidence, "threshold of SRAM errors exceeded: true")
	}
	if evidence == nil {
		return nil
	}
	return &report.Finding{
		Severity: report.Critical,
		Message:  "The GPU has bad memory that it cannot repair.",
		Evidence: evidence,
		Advice:   "Keep work off the GPU. If nvidia-smi -q says the same after a restart, replace it: NVIDIA takes it back for that.",
	}
}

// gpuRepairPending looks for bad memory that a reset puts out of use.
func gpuRepairPending(g report.GPU) *report.Finding {
	var evidence []string
	if p := g.RetiredPages; p != nil && is(p.Pending) {
		evidence = append(evidence, "pages wait to be retired: true")
	}
	if m := g.RemappedRows; m != nil && is(m.Pending) {
		evidence = append(evidence, "rows wait to be remapped: true")
	}
	if is(ecc(g).ChannelRepairPending) {
		evidence = append(evidence, "a memory channel waits to be repaired: true")
	}
	if is(ecc(g).TPCRepairPending) {
		evidence = append(evidence, "a processing cluster waits to be repaired: true")
	}
	if evidence == nil {
		return nil
	}
	return &report.Finding{
		Severity: report.Warning,
		Message:  "The GPU has bad memory that it can repair at its next reset.",
		Evidence: evidence,
		Advice:   "End all that uses the GPU and reset it (nvidia-smi -r), or restart the machine.",
	}
}

// gpuSpareRowsLow looks for banks of memory without spare rows: the next bad row
// there cannot be replaced.
func gpuSpareRowsLow(g report.GPU) *report.Finding {
	m := g.RemappedRows
	if m == nil || or0(m.BanksNone) == 0 || is(m.Failure) {
		return nil
	}
	return &report.Finding{
		Severity: report.Warning,
		Message:  fmt.Sprintf("No spare rows are left in %d of the GPU's memory banks.", *m.BanksNone),
		Evidence: present(figure("banks with all spare rows", m.BanksFull), figure("high", m.BanksHigh),
			figure("partial", m.BanksPartial), figure("low", m.BanksLow), figure("none", m.BanksNone)),
		Advice: "Plan to replace the GPU: the next bad row in such a bank cannot be repaired.",
	}
}

// Reasons for lower clocks that are not how a GPU is meant to work.
const (
	hwSlowdown   = "hw_slowdown"
	hwThermal    = "hw_thermal_slowdown"
	hwPowerBrake = "hw_power_brake_slowdown"
	swThermal    = "sw_thermal_slowdown"
)

const (
	coolingAdvice = "Check the fans, the way of the air and the heat sink, and that the air that comes in is cool."
	powerAdvice   = "Check the power supplies, their redundancy and the GPU's power cables: the system told the GPU to save power."
)

// gpuThrottled looks for GPUs that are slowed down. An idle GPU, and one at its
// power limit, are as they should be.
func gpuThrottled(g report.GPU) *report.Finding {
	var reasons []string
	for _, reason := range g.ThrottleReasons {
		if slices.Contains([]string{hwSlowdown, hwThermal, hwPowerBrake, swThermal}, reason) {
			reasons = append(reasons, reason)
		}
	}
	if reasons == nil {
		return nil
	}
	f := &report.Finding{
		Severity: report.Warning,
		Message:  "The GPU is slowed down: " + strings.Join(reasons, ", ") + ".",
		Evidence: []string{"reasons for lower clocks: " + strings.Join(g.ThrottleReasons, ", ")},
		Advice:   "Check power and cooling of the GPU.",
	}
	switch {
	case slices.Contains(reasons, hwPowerBrake):
		f.Advice = powerAdvice
	case slices.Contains(reasons, hwThermal) || slices.Contains(reasons, swThermal):
		f.Advice = coolingAdvice
	}
	if t := g.Temperature; t != nil {
		f.Evidence = append(f.Evidence, temperatures(*t)...)
	}
	if c := g.Clocks; c != nil {
		f.Evidence = append(f.Evidence, present(figure("SM clock in MHz", c.SMMHz), figure("at most", c.MaxSMMHz))...)
	}
	return f
}

// gpuWasThrottled looks for GPUs that were slowed down for a second or more since
// the driver was loaded, and are not now.
func gpuWasThrottled(g report.GPU) *report.Finding {
	t := g.ThrottleTimes
	if t == nil || gpuThrottled(g) != nil {
		return nil
	}
	var evidence []string
	for _, c := range []struct {
		name    string
		seconds *float64
	}{{hwThermal, t.HWThermalSlowdownSeconds}, {swThermal, t.SWThermalSlowdownSeconds}, {hwPowerBrake, t.HWPowerBrakeSeconds}} {
		if c.seconds != nil && *c.seconds >= 1 {
			evidence = append(evidence, fmt.Sprintf("%s: %.0f s", c.name, *c.seconds))
		}
	}
	if evidence == nil {
		return nil
	}
	f := &report.Finding{
		Severity: report.Info,
		Message:  "The GPU was slowed down for a time since the driver was loaded.",
		Evidence: evidence,
		Advice:   coolingAdvice,
	}
	if t.HWPowerBrakeSeconds != nil && *t.HWPowerBrakeSeconds >= 1 {
		f.Advice = powerAdvice
	}
	return f
}

// temperatures are a GPU's temperature and limits, for evidence.
func temperatures(t report.GPUTemperature) []string {
	celsius := func(name string, c *int64) string {
		if c == nil {
			return ""
		}
		return fmt.Sprintf("%s: %d °C", name, *c)
	}
	return present(celsius("temperature", t.GPUCelsius), celsius("slowdown at", t.SlowdownCelsius),
		celsius("margin", t.MarginCelsius), celsius("slowdown at a margin of", t.SlowdownMarginCelsius))
}

// gpuHot looks for GPUs at the temperature at which they slow down.
func gpuHot(g report.GPU) *report.Finding {
	t := g.Temperature
	if t == nil {
		return nil
	}
	reached := t.GPUCelsius != nil && t.SlowdownCelsius != nil && *t.GPUCelsius >= *t.SlowdownCelsius ||
		t.MarginCelsius != nil && t.SlowdownMarginCelsius != nil && *t.MarginCelsius <= *t.SlowdownMarginCelsius
	if !reached {
		return nil
	}
	return &report.Finding{
		Severity: report.Warning,
		Message:  "The GPU is so hot that it slows down.",
		Evidence: temperatures(*t),
		Advice:   coolingAdvice,
	}
}

// gpuLink is a GPU's PCI Express link, empty where it is not known.
func gpuLink(g report.GPU) report.GPULink {
	if g.PCIe == nil {
		return report.GPULink{}
	}
	return *g.PCIe
}

// gpuLinkNarrow looks for links with fewer lanes than GPU and slot can do, where
// the section pcie does not know both ends of the link: see pcieLinkDegraded.
func gpuLinkNarrow(r *report.Report) []report.Finding {
	return eachGPU(func(g report.GPU) *report.Finding {
		l := gpuLink(g)
		if or0(l.WidthLanes) == 0 || *l.WidthLanes >= or0(l.MaxWidthLanes) || slices.ContainsFunc(pciDevices(r), func(d report.PCIDevice) bool {
			return d.Address == g.PCIAddress && d.Link != nil && d.Link.WidthLanes > 0 && d.Link.UpstreamMaxWidthLanes > 0
		}) {
			return nil
		}
		return &report.Finding{
			Severity: report.Warning,
			Message:  fmt.Sprintf("The GPU has %s, where %d are possible.", label.Count(*l.WidthLanes, "PCIe lane"), *l.MaxWidthLanes),
			Evidence: []string{figure("lanes", l.WidthLanes), figure("at most", l.MaxWidthLanes)},
			Advice:   "See whether its slot has fewer lanes, and look for a limit in the firmware's setup. If neither explains it, reseat the GPU, its riser and its cables, or try another slot.",
		}
	})(r)
}

// gpuLinkSlow looks for links that are slower than they can be while the GPU
// works. It slows them down when it has nothing to do.
func gpuLinkSlow(g report.GPU) *report.Finding {
	l := gpuLink(g)
	if or0(l.Generation) == 0 || *l.Generation >= or0(l.MaxGeneration) ||
		!slices.Contains([]string{"P0", "P1", "P2"}, g.PerformanceState) || slices.Contains(g.ThrottleReasons, "gpu_idle") {
		return nil
	}
	return &report.Finding{
		Severity: report.Warning,
		Message:  fmt.Sprintf("The GPU's link is PCIe generation %d, where %d is possible.", *l.Generation, *l.MaxGeneration),
		Evidence: present(figure("generation", l.Generation), figure("at most", l.MaxGeneration),
			figure("the GPU's highest", l.DeviceMaxGeneration), figure("the slot's highest", l.HostMaxGeneration),
			"performance state: "+g.PerformanceState, figure("packets sent again", l.Replays)),
		Advice: "Look again while the GPU works. If it stays slow, reseat the GPU, its riser and its cables, and look for a limit in the firmware's setup.",
	}
}

// gpuInforom looks for a damaged information ROM, which holds the board's
// identity, its settings, and its counts of errors.
func gpuInforom(g report.GPU) *report.Finding {
	if !is(g.InforomCorrupted) {
		return nil
	}
	return &report.Finding{
		Severity: report.Warning,
		Message:  "The GPU's information ROM is damaged: its serial number, its settings and its counts of errors cannot be trusted.",
		Evidence: present("information ROM damaged: true", label.Prefix("version: ", g.InforomVersion)),
		Advice:   "Ask the vendor for the firmware of the board; if that does not help, replace the GPU.",
	}
}

// gpuPowerLimit looks for GPUs that may draw less power than they are made for.
func gpuPowerLimit(g report.GPU) *report.Finding {
	p := g.Power
	if p == nil || p.LimitWatts == nil || p.DefaultLimitWatts == nil || *p.LimitWatts > *p.DefaultLimitWatts-1 {
		return nil
	}
	return &report.Finding{
		Severity: report.Warning,
		Message:  fmt.Sprintf("The GPU's power is limited to %.0f W, where %.0f W is its default.", *p.LimitWatts, *p.DefaultLimitWatts),
		Evidence: []string{fmt.Sprintf("power limit: %g W", *p.LimitWatts), fmt.Sprintf("default: %g W", *p.DefaultLimitWatts)},
		Advice:   "Look for a limit in the BMC's and the firmware's setup, and set it back (nvidia-smi -pl), unless it is on purpose.",
	}
}

// gpuMixed looks for GPUs of the same name that differ in what they should not.
func gpuMixed(severity report.Severity, message, advice string, value func(report.GPU) string) func(*report.Report) []report.Finding {
	return func(r *report.Report) []report.Finding {
		values, evidence := map[string][]string{}, map[string][]string{}
		for _, g := range gpus(r) {
			if v := value(g); v != "" && g.Name != "" {
				values[g.Name] = append(values[g.Name], v)
				evidence[g.Name] = append(evidence[g.Name], about(gpuName(g), v))
			}
		}
		var found []report.Finding
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if differ(values[name]) {
				found = append(found, report.Finding{Severity: severity, Component: name, Message: message, Evidence: evidence[name], Advice: advice})
			}
		}
		return found
	}
}

var gpuMixedVBIOS = gpuMixed(report.Info, "GPUs of the same model have different VBIOS versions.",
	"Ask the vendor whether they may be mixed; update them to the same version.",
	func(g report.GPU) string { return g.VBIOSVersion })

var gpuMixedMemory = gpuMixed(report.Warning, "GPUs of the same model have different amounts of memory.",
	"Compare their ECC and MIG modes, which change it. If those are the same, one GPU is not what it should be: replace it.",
	func(g report.GPU) string {
		if g.MemoryTotalBytes == 0 {
			return ""
		}
		return fmt.Sprintf("%d MiB", g.MemoryTotalBytes>>20)
	})

// gpuNVLinkDown looks for NVLink links that are down where others of the GPU are
// up, and for GPUs with none up where others of the same model have some. Cards
// have NVLink only where a bridge is plugged in: all down is nothing by itself.
func gpuNVLinkDown(r *report.Report) []report.Finding {
	up := func(g report.GPU) (n int) {
		for _, l := range g.NVLinks {
			if l.Active {
				n++
			}
		}
		return n
	}
	most := map[string]int{}
	for _, g := range gpus(r) {
		most[g.Name] = max(most[g.Name], up(g))
	}
	return eachGPU(func(g report.GPU) *report.Finding {
		var down []string
		for _, l := range g.NVLinks {
			if !l.Active {
				down = append(down, fmt.Sprint(l.Link))
			}
		}
		f := &report.Finding{
			Severity: report.Warning,
			Advice: "Look for Xid 74 in the kernel's log. Reset all GPUs (nvidia-smi -r), or restart the machine. " +
				"If links stay down, reseat the bridge or the module; if that does not help, replace it.",
		}
		switch {
		case g.NVLinks == nil || most[g.Name] == 0:
			return nil
		case up(g) == 0:
			f.Message = fmt.Sprintf("None of the GPU's NVLink links is up, where another of the same model has %d.", most[g.Name])
			f.Evidence = []string{"links up: 0"}
		case len(down) > 0:
			f.Message = fmt.Sprintf("The GPU has %s, %d of them down.", label.Count(len(g.NVLinks), "NVLink link"), len(down))
			f.Evidence = []string{"links down: " + strings.Join(down, ", ")}
		case up(g) < most[g.Name]:
			f.Message = fmt.Sprintf("The GPU has %s, where another of the same model has %d.", label.Count(up(g), "NVLink link"), most[g.Name])
			f.Evidence = []string{fmt.Sprintf("links up: %d", up(g))}
		default:
			return nil
		}
		return f
	})(r)
}

// manyNVLinkErrors on one link are more than a start of the machine leaves behind: links send
// again what was damaged, and count up to 65535.
const manyNVLinkErrors = 1000

// gpuNVLinkErrors looks for NVLink links with errors. A link that was set up anew, or could
// not be, worked no more; a few packets that were sent again are what it is made for.
func gpuNVLinkErrors(g report.GPU) *report.Finding {
	if len(g.NVLinkErrors) == 0 {
		return nil
	}
	f := &report.Finding{
		Severity: report.Info, Message: "The GPU's NVLink links had errors.",
		Advice: "Watch whether there are more under load.",
	}
	for _, e := range g.NVLinkErrors {
		f.Evidence = append(f.Evidence, fmt.Sprintf("link %d, %s: %d", e.Link, e.Name, e.Count))
		lower := strings.ToLower(e.Name)
		if e.Count >= manyNVLinkErrors || strings.Contains(lower, "recovery") || strings.Contains(lower, "failed") {
			f.Severity = report.Warning
			f.Message = "The GPU's NVLink links had errors that broke them off, or a great many."
			f.Advice = "Look for Xid 74 in the kernel's log, and whether there are more under load. If there are, reseat the bridge or the module; if that does not help, replace it."
		}
	}
	return f
}

// gpuFabric looks for GPUs that did not come into the NVLink fabric of their
// system.
func gpuFabric(g report.GPU) *report.Finding {
	f := &report.Finding{
		Severity: report.Warning,
		Message:  "The GPU has not come into the system's NVLink fabric.",
		Evidence: present(label.Prefix("state: ", g.FabricState), label.Prefix("status: ", g.FabricStatus), label.Prefix("health: ", g.FabricHealth)),
		Advice:   "Read the Fabric Manager's log, /var/log/fabricmanager.log, and look for SXid in the kernel's log. If they blame a link or a switch, power the machine off and on.",
	}
	switch {
	case g.FabricHealth != "" && g.FabricHealth != "Healthy":
		f.Message = "The GPU's connection to the system's NVLink fabric is not healthy."
	case g.FabricState == "Completed" && g.FabricStatus != "" && g.FabricStatus != "Success":
	case g.FabricState == "Not Started" || g.FabricState == "In Progress":
		f.Severity = report.Info
		f.Message = "The GPU waits for the Fabric Manager: until it runs, CUDA may not start on systems with NVSwitch."
		f.Advice = "Read /var/log/bee-fabric.log: it says why NVIDIA's Fabric Manager did not set the GPU up (for B200 and later NVLSM, too), or how to build an ISO that has it."
	default:
		return nil
	}
	return f
}
