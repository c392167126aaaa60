package finding

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bee/audit/report"
)

// processors returns the sockets with a processor in them.
func processors(r *report.Report) []report.Socket {
	var some []report.Socket
	if r.CPU != nil {
		for _, s := range r.CPU.Sockets {
			if s.Populated && central(s) {
				some = append(some, s)
			}
		}
	}
	return some
}

// central reports whether a socket is for a central processor. Of an empty one, it
// is not known.
func central(s report.Socket) bool { return s.Type == "" || s.Type == "Central Processor" }

// socketCount is how many sockets there are for processors, also empty ones.
func socketCount(r *report.Report) (n int) {
	if r.CPU != nil {
		for _, s := range r.CPU.Sockets {
			if central(s) {
				n++
			}
		}
	}
	return n
}

func packages(r *report.Report) []report.CPUPackage {
	if r.CPU == nil {
		return nil
	}
	return r.CPU.Packages
}

func socketName(s report.Socket) string { return cmp.Or(s.Designation, s.Handle) }

func packageName(p report.CPUPackage) string {
	if p.ID == nil {
		return "package"
	}
	return fmt.Sprintf("package %d", *p.ID)
}

// disabled reports whether the firmware says that a processor is out of use.
func disabled(s report.Socket) bool { return strings.HasPrefix(s.Status, "Populated, Disabled By ") }

// kernelUses returns how many processors the kernel uses. It is not ok where the
// kernel does not tell them apart, or a hypervisor makes them.
func kernelUses(r *report.Report) (n int, ok bool) {
	used := packages(r)
	unknown := func(p report.CPUPackage) bool { return p.ID == nil }
	return len(used), len(used) > 0 && !virtual(r) && !slices.ContainsFunc(used, unknown)
}

// cpuDisabled looks for processors that are in a socket and out of use. Some
// firmware says so of all of them, or of one that the kernel uses.
func cpuDisabled(r *report.Report) []report.Finding {
	var found []report.Finding
	sockets := processors(r)
	if used, ok := kernelUses(r); ok && used >= len(sockets) || !slices.ContainsFunc(sockets, func(s report.Socket) bool { return !disabled(s) }) {
		return nil
	}
	for _, s := range sockets {
		if !disabled(s) {
			continue
		}
		f := report.Finding{
			Severity:  report.Warning,
			Component: socketName(s),
			Message:   "The processor is disabled in the firmware's setup.",
			Evidence:  []string{"status: " + s.Status},
			Advice:    "Enable it in the firmware's setup if that is not on purpose.",
		}
		if strings.HasSuffix(s.Status, "BIOS") {
			f.Severity = report.Critical
			f.Message = "The firmware has disabled the processor after an error in its self-test."
			f.Advice = "Read the event log of the BMC; check the socket's pins; swap processors to see whether the error moves along."
		}
		found = append(found, f)
	}
	return found
}

// cpuUnused looks for processors that the firmware has and the kernel does not
// use.
func cpuUnused(r *report.Report) []report.Finding {
	enabled := slices.DeleteFunc(processors(r), disabled)
	used, ok := kernelUses(r)
	if !ok || used >= len(enabled) {
		return nil
	}
	return []report.Finding{{
		Severity: report.Warning,
		Message:  fmt.Sprintf("The kernel uses %d of %d processors.", used, len(enabled)),
		Evidence: []string{fmt.Sprintf("sockets with an enabled processor: %d", len(enabled)), fmt.Sprintf("packages in /proc/cpuinfo: %d", used)},
		Advice:   "Read the kernel's log about processors, and its command line; look at the interrupt (x2APIC) settings of the firmware.",
	}}
}

// cpuCoresDisabled looks for processors that do not use all of their cores. Some
// firmware counts wrongly: the kernel and the processor's name know better.
func cpuCoresDisabled(r *report.Report) []report.Finding {
	var all, used uint64
	for _, s := range processors(r) {
		all += s.Cores
	}
	for _, p := range packages(r) {
		used += p.Cores
	}
	if used >= all {
		return nil
	}
	var found []report.Finding
	for _, s := range processors(r) {
		if s.CoresEnabled == 0 || s.CoresEnabled >= s.Cores || strings.Contains(s.Version, fmt.Sprintf(" %d-Core ", s.CoresEnabled)) {
			continue
		}
		found = append(found, report.Finding{
			Severity:  report.Warning,
			Component: socketName(s),
			Message:   fmt.Sprintf("The processor has %d cores, and only %d of them enabled.", s.Cores, s.CoresEnabled),
			Evidence:  []string{about("processor", s.Version), fmt.Sprintf("cores: %d, enabled: %d", s.Cores, s.CoresEnabled)},
			Advice:    "Look for a limit on cores in the firmware's setup.",
		})
	}
	return found
}

// cpuMixed looks for processors that differ from each other.
func cpuMixed(r *report.Report) []report.Finding {
	var versions, signatures, names, steppings, evidence []string
	for _, s := range processors(r) {
		version := strings.Join(strings.Fields(s.Version), " ")
		versions, signatures = append(versions, version), append(signatures, s.Signature)
		evidence = append(evidence, about(socketName(s), version, s.Signature))
	}
	for _, p := range packages(r) {
		stepping := ""
		if p.Family != nil && p.Model != nil && p.Stepping != nil {
			stepping = fmt.Sprintf("family %d, model %d, stepping %d", *p.Family, *p.Model, *p.Stepping)
		}
		names, steppings = append(names, p.ModelName), append(steppings, stepping)
		evidence = append(evidence, about(packageName(p), p.ModelName, stepping))
	}
	if !differ(versions) && !differ(signatures) && !differ(names) && !differ(steppings) {
		return nil
	}
	return []report.Finding{{
		Severity: report.Warning,
		Message:  "The processors are not of the same model and stepping.",
		Evidence: evidence,
		Advice:   "Use processors of the same model and stepping, or check that the board's maker supports the mix.",
	}}
}

// cpuMixedMicrocode looks for processors of one kind that run different
// microcode.
func cpuMixedMicrocode(r *report.Report) []report.Finding {
	var revisions, evidence []string
	for _, p := range packages(r) {
		revisions = append(revisions, p.Microcode)
		evidence = append(evidence, about(packageName(p), p.Microcode))
	}
	if !differ(revisions) || len(cpuMixed(r)) > 0 {
		return nil
	}
	return []report.Finding{{
		Severity: report.Warning,
		Message:  "The processors run different microcode.",
		Evidence: evidence,
		Advice:   "Update the firmware, which loads the microcode.",
	}}
}

// virtual reports whether the machine is a virtual one.
func virtual(r *report.Report) bool {
	return slices.ContainsFunc(packages(r), func(p report.CPUPackage) bool { return slices.Contains(p.Flags, "hypervisor") })
}

func cpuVirtualMachine(r *report.Report) []report.Finding {
	if !virtual(r) {
		return nil
	}
	return []report.Finding{{
		Severity: report.Info,
		Message:  "This is a virtual machine: the report shows what its hypervisor lets it see.",
		Evidence: []string{"processor flag: hypervisor"},
		Advice:   "Audit the host for what the hardware is.",
	}}
}

// cpuNoVirtualisation looks for x86 processors that cannot run virtual machines,
// as all that are made for servers can.
func cpuNoVirtualisation(r *report.Report) []report.Finding {
	if virtual(r) {
		return nil
	}
	for _, p := range packages(r) {
		flag := map[string]string{"GenuineIntel": "vmx", "AuthenticAMD": "svm", "HygonGenuine": "svm"}[p.VendorID]
		if flag != "" && len(p.Flags) > 0 && !slices.Contains(p.Flags, flag) {
			return []report.Finding{{
				Severity:  report.Info,
				Component: packageName(p),
				Message:   "The processor cannot run virtual machines.",
				Evidence:  []string{"no processor flag " + flag},
				Advice:    "If the machine is to be a host of virtual machines, enable virtualisation in the firmware's setup.",
			}}
		}
	}
	return nil
}

// differ reports whether among the values, as far as they are known, are
// different ones.
func differ(values []string) bool {
	first := ""
	for _, v := range values {
		if first = cmp.Or(first, v); v != "" && v != first {
			return true
		}
	}
	return false
}

// about puts what is known about a part behind its name.
func about(name string, facts ...string) string {
	var known []string
	for _, fact := range facts {
		if fact != "" {
			known = append(known, fact)
		}
	}
	return name + ": " + cmp.Or(strings.Join(known, ", "), "unknown")
}
