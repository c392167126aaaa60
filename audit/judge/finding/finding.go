// Package finding says what an operator needs to see in an audit report: what is
// broken, and what works but not as it should.
//
// A rule is a pure function from a report to findings. To add one, write it in
// the file of its section and list it in rules.
package finding

import (
	"cmp"
	"fmt"
	"slices"

	"bee/audit/report"
	"bee/core/printable"
)

// rule looks at one thing in a report. Rule and Section of what it returns are
// filled in from here.
type rule struct {
	name    string
	section string
	check   func(r *report.Report) []report.Finding
}

// rules are all rules, by section.
var rules = []rule{
	{"board-state", "board", boardState},
	{"board-no-serial", "board", boardNoSerial},

	{"platform-setup-mode", "platform", platformSetupMode},

	{"memory-errors", "kernel", memoryErrors},
	{"machine-check", "kernel", machineCheck},
	{"previous-boot", "kernel", eachEvent("previous_boot", previousBoot)},
	{"pcie-errors", "kernel", pcieErrors},
	{"pcie-link-lost", "kernel", eachEvent("pcie_link_lost", pcieLinkLost)},
	{"gpu-error", "kernel", eachEvent("gpu_error", gpuError)},
	{"overheated", "kernel", overheated},
	{"drive-reset", "kernel", eachEvent("drive_reset", driveReset)},
	{"drive-error", "kernel", eachEvent("drive_error", driveError)},
	{"medium-damaged", "kernel", eachEvent("medium_damaged", mediumDamaged)},
	{"configuration", "kernel", eachEvent("configuration", configuration)},
	{"network-reset", "kernel", eachEvent("network_reset", networkReset)},
	{"kernel-hung", "kernel", eachEvent("hung", kernelHung)},
	{"kernel-nmi", "kernel", eachEvent("nmi", kernelNMI)},

	{"cpu-disabled", "cpu", cpuDisabled},
	{"cpu-unused", "cpu", cpuUnused},
	{"cpu-cores-disabled", "cpu", cpuCoresDisabled},
	{"cpu-mixed", "cpu", cpuMixed},
	{"cpu-mixed-microcode", "cpu", cpuMixedMicrocode},
	{"cpu-no-virtualisation", "cpu", cpuNoVirtualisation},
	{"cpu-virtual-machine", "cpu", cpuVirtualMachine},

	{"memory-unused", "memory", memoryUnused},
	{"memory-no-size", "memory", memoryNoSize},
	{"memory-no-ecc", "memory", memoryNoECC},
	{"memory-mixed-ecc", "memory", memoryMixedECC},
	{"memory-mixed-types", "memory", memoryMixedTypes},
	{"memory-mixed-sizes", "memory", memoryMixedSizes},
	{"memory-mixed-speeds", "memory", memoryMixedSpeeds},
	{"memory-unbalanced-cpus", "memory", memoryUnbalancedCPUs},
	{"memory-unbalanced-channels", "memory", memoryUnbalancedChannels},
	{"memory-empty-channels", "memory", memoryEmptyChannels},
	{"memory-slow", "memory", memorySlow},
	{"memory-mixed-parts", "memory", memoryMixedParts},
	{"memory-mixed-ranks", "memory", memoryMixedRanks},
	{"memory-same-serial", "memory", memorySameSerial},

	{"array-failed", "storage", arrayFailed},
	{"array-degraded", "storage", arrayDegraded},
	{"array-rebuilding", "storage", arrayRebuilding},
	{"raid-controller-state", "storage", raidControllerState},
	{"raid-backup", "storage", raidBackup},
	{"raid-cache-off", "storage", raidCacheOff},
	{"raid-state-unknown", "storage", raidStateUnknown},
	{"member-failed", "storage", eachMember(memberFailed)},
	{"member-failing", "storage", eachMember(memberFailing)},
	{"member-bad", "storage", eachMember(memberBad)},
	{"member-foreign", "storage", eachMember(memberForeign)},
	{"drive-failing", "storage", eachDrive(driveFailing)},
	{"drive-critical-warning", "storage", eachDrive(driveCriticalWarning)},
	{"drive-prefail", "storage", eachDrive(drivePrefail)},
	{"drive-spare-low", "storage", eachDrive(driveSpareLow)},
	{"drive-dead", "storage", driveDead},
	{"drive-silent", "storage", driveSilent},
	{"drive-no-capacity", "storage", driveNoCapacity},
	{"drive-worn", "storage", eachDrive(driveWorn)},
	{"drive-self-test-failed", "storage", eachDrive(driveSelfTest)},
	{"drive-media-errors", "storage", eachDrive(driveMediaErrors)},
	{"drive-bad-sectors", "storage", eachDrive(driveBadSectors)},
	{"drive-hot", "storage", eachDrive(driveHot)},
	{"drive-link-slow", "storage", driveLinkSlow},
	{"drive-past-prefail", "storage", eachDrive(drivePastPrefail)},
	{"drive-mixed-firmware", "storage", driveMixedFirmware},
	{"drive-same-serial", "storage", driveSameSerial},
	{"drive-link-errors", "storage", eachDrive(driveLinkErrors)},
	{"drive-error-log", "storage", eachDrive(driveErrorLog)},
	{"drive-no-namespace", "storage", driveNoNamespace},
	{"drive-array-unexamined", "storage", driveArrayUnexamined},

	{"pcie-not-answering", "pcie", pcieNotAnswering},
	{"pcie-link-degraded", "pcie", pcieLinkDegraded},
	{"pcie-no-driver", "pcie", pcieNoDriver},

	{"network-no-link", "network", networkNoLink},
	{"network-half-duplex", "network", networkHalfDuplex},
	{"network-same-mac", "network", networkSameMAC},
	{"network-slow", "network", networkSlow},
	{"network-errors", "network", networkErrors},
	{"network-module", "network", networkModule},
	{"infiniband-port", "network", infiniBandPort},
	{"network-mac-changed", "network", networkMACChanged},
	{"network-mixed-firmware", "network", networkMixedFirmware},

	{"psu-failed", "psu", eachSupply(psuFailed)},
	{"psu-sensor", "psu", psuSensor},
	{"psu-no-input", "psu", eachSupply(psuNoInput)},
	{"psu-degraded", "psu", eachSupply(psuDegraded)},
	{"psu-absent", "psu", psuAbsent},
	{"psu-not-redundant", "psu", psuNotRedundant},
	{"psu-mixed", "psu", psuMixed},
	{"psu-same-serial", "psu", psuSameSerial},

	{"bmc-events", "bmc", bmcEvents},
	{"bmc-log-full", "bmc", bmcLogFull},
	{"bmc-sensor", "bmc", bmcSensor},
	{"bmc-chassis", "bmc", bmcChassis},

	{"gpu-driver", "nvidia", gpuDriver},
	{"gpu-missing", "nvidia", gpuMissing},
	{"gpu-not-examined", "nvidia", gpuNotExamined},
	{"gpu-unreadable", "nvidia", eachGPU(gpuUnreadable)},
	{"gpu-recovery", "nvidia", eachGPU(gpuRecovery)},
	{"gpu-memory-worn-out", "nvidia", eachGPU(gpuMemoryWornOut)},
	{"gpu-ecc-errors", "nvidia", eachGPU(gpuECCErrors)},
	{"gpu-repair-pending", "nvidia", eachGPU(gpuRepairPending)},
	{"gpu-spare-rows-low", "nvidia", eachGPU(gpuSpareRowsLow)},
	{"gpu-ecc-off", "nvidia", eachGPU(gpuECCOff)},
	{"gpu-ecc-pending", "nvidia", eachGPU(gpuECCPending)},
	{"gpu-hot", "nvidia", eachGPU(gpuHot)},
	{"gpu-throttled", "nvidia", eachGPU(gpuThrottled)},
	{"gpu-was-throttled", "nvidia", eachGPU(gpuWasThrottled)},
	{"gpu-link-narrow", "nvidia", gpuLinkNarrow},
	{"gpu-link-slow", "nvidia", eachGPU(gpuLinkSlow)},
	{"gpu-nvlink-down", "nvidia", gpuNVLinkDown},
	{"gpu-nvlink-errors", "nvidia", eachGPU(gpuNVLinkErrors)},
	{"gpu-fabric", "nvidia", eachGPU(gpuFabric)},
	{"gpu-inforom-damaged", "nvidia", eachGPU(gpuInforom)},
	{"gpu-power-limit", "nvidia", eachGPU(gpuPowerLimit)},
	{"gpu-mixed-memory", "nvidia", gpuMixedMemory},
	{"gpu-mixed-vbios", "nvidia", gpuMixedVBIOS},

	{"audit-hung", "audit", auditHung},
	{"audit-failed", "audit", auditFailed},
}

// Rules returns the names of all rules.
func Rules() []string {
	var names []string
	for _, r := range rules {
		names = append(names, r.name)
	}
	return names
}

// Add applies every rule to a report and adds what they find. A rule that panics
// leaves the report without findings, and with an error that says so.
func Add(to *report.Report) {
	defer func() {
		if p := recover(); p != nil {
			to.Errors = append(to.Errors, report.Error{
				Collector: "audit", Kind: report.Internal,
				Message: printable.Escape(fmt.Appendf(nil, "fault while findings were made: %v", p)),
			})
		}
	}()
	to.Findings = all(to)
}

// all returns the findings. The worst come first; those of the same severity stay
// in the order of the rules.
func all(r *report.Report) []report.Finding {
	all := []report.Finding{}
	for _, rule := range rules {
		for _, f := range rule.check(r) {
			f.Rule, f.Section = rule.name, rule.section
			all = append(all, f)
		}
	}
	slices.SortStableFunc(all, func(a, b report.Finding) int { return cmp.Compare(rank[a.Severity], rank[b.Severity]) })
	return all
}

var rank = map[report.Severity]int{report.Critical: 0, report.Warning: 1, report.Info: 2}
