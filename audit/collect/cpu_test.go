package collect

import (
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"bee/audit/report"
)

// Two packages: one with a core of two threads of which one can do less, one
// with a core of another die, of which sysfs says nothing.
const cpuinfoSample = "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\nmodel name\t: ACME Fast 9000\nstepping\t: 7\n" +
	"microcode\t: 0x5003604\nphysical id\t: 1\ncore id\t\t: 0\nflags\t\t: fpu vmx aes avx2\nvmx flags\t: ept\n\n" +
	"processor\t: 1\nphysical id\t: 0\ncore id\t\t: 0\nstepping\t: 0\nflags\t\t: aes\n\n" +
	"processor\t: 2\nphysical id\t: 1\ncore id\t\t: 0\nflags\t\t: fpu vmx aes\nvmx flags\t: ept\n\n"

const cpuTree = `
sys/devices/system/cpu/cpu0/topology/thread_siblings 00000005
sys/devices/system/cpu/cpu2/topology/thread_siblings 00000005
sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq 3900000
sys/devices/system/cpu/cpu0/cpufreq/scaling_driver intel_pstate
sys/devices/system/cpu/cpu0/cpufreq/scaling_governor powersave
sys/devices/system/cpu/cpu0/cache/index0/level 1
sys/devices/system/cpu/cpu0/cache/index0/type Data
sys/devices/system/cpu/cpu0/cache/index0/size 32K
sys/devices/system/cpu/cpu0/cache/index3/level 3
sys/devices/system/cpu/cpu0/cache/index3/type Unified
sys/devices/system/cpu/cpu0/cache/index3/size 36608K
`

// processorsOf is a machine's files with a /proc/cpuinfo.
func processorsOf(cpuinfo, others string) fstest.MapFS {
	files := tree(others)
	files["proc/cpuinfo"] = &fstest.MapFile{Data: []byte(cpuinfo)}
	return files
}

func TestCPUPackages(t *testing.T) {
	r := audit(t, t.Context(), script{files: processorsOf(cpuinfoSample, cpuTree)}, cpu)
	want := []report.CPUPackage{
		{ID: pointer(int64(0)), Stepping: pointer(uint64(0)), Cores: 1, Threads: 1, Flags: []string{"aes"}},
		{ID: pointer(int64(1)), VendorID: "GenuineIntel", ModelName: "ACME Fast 9000", Family: pointer(uint64(6)), Model: pointer(uint64(85)),
			Stepping: pointer(uint64(7)), Microcode: "0x5003604", Cores: 1, Threads: 2, MaxSpeedMHz: 3900,
			ScalingDriver: "intel_pstate", ScalingGovernor: "powersave",
			Caches: []report.CPUCache{{Level: 1, Type: "Data", SizeBytes: 32 << 10}, {Level: 3, Type: "Unified", SizeBytes: 36608 << 10}},
			Flags:  []string{"vmx", "ept", "aes"}},
	}
	if !reflect.DeepEqual(r.CPU.Packages, want) {
		t.Errorf("got  %+v\nwant %+v", r.CPU.Packages, want)
	}
	// Nobody looked at the sockets, which is something else than none.
	if r.CPU.Sockets != nil || len(r.Errors) != 0 {
		t.Errorf("sockets %v, errors %+v", r.CPU.Sockets, r.Errors)
	}
}

// On ARM, only sysfs knows the packages; where it does not, all is one.
func TestCPUPackagesOfARM(t *testing.T) {
	const cpuinfo = "processor\t: 0\nFeatures\t: fp asimd\n\nprocessor\t: 1\nFeatures\t: fp asimd\n\n"
	const topology = "sys/devices/system/cpu/cpu0/topology/physical_package_id 36\nsys/devices/system/cpu/cpu1/topology/physical_package_id "
	for last, want := range map[string][]report.CPUPackage{
		"36": {{ID: pointer(int64(36)), Threads: 2, Flags: []string{"asimd"}}},
		"-1": {{ID: pointer(int64(36)), Threads: 1, Flags: []string{"asimd"}}, {Threads: 1, Flags: []string{"asimd"}}},
	} {
		r := audit(t, t.Context(), script{files: processorsOf(cpuinfo, topology+last)}, cpu)
		if !reflect.DeepEqual(r.CPU.Packages, want) {
			t.Errorf("got  %+v\nwant %+v", r.CPU.Packages, want)
		}
	}
	r := audit(t, t.Context(), script{files: processorsOf(cpuinfo, "")}, cpu)
	if len(r.CPU.Packages) != 1 || r.CPU.Packages[0].Threads != 2 || r.CPU.Packages[0].ID != nil {
		t.Errorf("packages %+v", r.CPU.Packages)
	}
}

// Each of the two sources stands without the other.
func TestCPUFails(t *testing.T) {
	m := smbios(dmiSample)
	m.files = processorsOf("rubbish", "")
	r := audit(t, t.Context(), m, cpu)
	if len(r.CPU.Sockets) != 2 || r.CPU.Packages != nil || len(r.Errors) != 1 || !strings.Contains(r.Errors[0].Message, "/proc/cpuinfo") {
		t.Errorf("cpu %+v, errors %+v", r.CPU, r.Errors)
	}
	m = smbios("no table")
	m.files = processorsOf(cpuinfoSample, "")
	r = audit(t, t.Context(), m, cpu)
	if r.CPU.Sockets != nil || len(r.CPU.Packages) != 2 || len(r.Errors) != 1 || r.Errors[0].Tool != "dmidecode" {
		t.Errorf("cpu %+v, errors %+v", r.CPU, r.Errors)
	}
}
