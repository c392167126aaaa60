package finding

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"bee/audit/report"
)

// module is a module with error correction at its full speed.
func module(locator string) report.MemorySlot {
	return report.MemorySlot{
		Locator: locator, ArrayHandle: "0x0010", Populated: true, SizeBytes: 32 << 30, Type: "DDR5", Technology: "DRAM", SpeedMTs: 4800, ConfiguredSpeedMTs: 4800,
		Manufacturer: "ACME", PartNumber: "A1", SerialNumber: "S-" + locator, Ranks: 2, TotalWidthBits: 80, DataWidthBits: 64,
	}
}

// memoryOf is a machine with a processor for each in the locators, and a module
// in each slot but those whose locator ends in "-".
func memoryOf(locators string, change ...func(slots []report.MemorySlot)) *report.Report {
	r := &report.Report{CPU: &report.CPU{}, Memory: &report.Memory{Arrays: []report.MemoryArray{{Handle: "0x0010", Use: "System Memory", ErrorCorrection: "Multi-bit ECC"}}}}
	for _, cpu := range []string{"P1", "P2"} {
		if strings.Contains(locators, cpu) {
			r.CPU.Sockets = append(r.CPU.Sockets, report.Socket{Designation: cpu, Populated: true})
		}
	}
	for l := range strings.FieldsSeq(locators) {
		if name, empty := strings.CutSuffix(l, "-"); empty {
			r.Memory.Slots = append(r.Memory.Slots, report.MemorySlot{Locator: name, ArrayHandle: "0x0010"})
		} else {
			r.Memory.Slots = append(r.Memory.Slots, module(l))
		}
	}
	for _, c := range change {
		c(r.Memory.Slots)
	}
	return r
}

func set(i int, change func(*report.MemorySlot)) func([]report.MemorySlot) {
	return func(slots []report.MemorySlot) { change(&slots[i]) }
}

const two = "P1-DIMMA1 P1-DIMMB1 P2-DIMMC1 P2-DIMMD1"

func size(gib uint64) func(*report.MemorySlot) {
	return func(s *report.MemorySlot) { s.SizeBytes = gib << 30 }
}

func optane(s *report.MemorySlot) {
	s.SizeBytes, s.NonVolatileBytes, s.Technology, s.SpeedMTs, s.PartNumber, s.Ranks = 126<<30, 126<<30, "Intel Optane DC persistent memory", 2666, "NMA", 1
}

// Nothing is wrong with equal modules, nor with chips for other purposes, empty
// slots, or persistent memory beside them.
func TestGoodMemory(t *testing.T) {
	good := map[string]*report.Report{
		"equal":         memoryOf(two),
		"half empty":    memoryOf("P1-DIMMA1 P1-DIMMA2- P1-DIMMB1 P1-DIMMB2-"),
		"persistent":    memoryOf("P1-DIMMA1 P1-DIMMA2 P1-DIMMB1 P1-DIMMB2", set(1, optane), set(3, optane)),
		"rounding":      memoryOf(two, set(0, func(s *report.MemorySlot) { s.SpeedMTs, s.ConfiguredSpeedMTs = 2933, 2934 }), set(1, func(s *report.MemorySlot) { s.SpeedMTs, s.ConfiguredSpeedMTs = 2934, 2933 }), set(2, func(s *report.MemorySlot) { s.SpeedMTs = 2933 }), set(3, func(s *report.MemorySlot) { s.SpeedMTs = 2933 })),
		"clock":         memoryOf("A", set(0, func(s *report.MemorySlot) { s.SpeedMTs, s.ConfiguredSpeedMTs = 1600, 800 })),
		"unknown parts": memoryOf(two, set(0, func(s *report.MemorySlot) { s.PartNumber, s.Ranks, s.TotalWidthBits, s.SerialNumber = "", 0, 0, "" })),
	}
	hbm := func(s *report.MemorySlot) {
		*s = report.MemorySlot{Locator: s.Locator, ArrayHandle: "0x0010", Populated: true, SizeBytes: 16 << 30, Type: "HBM2", FormFactor: "Die", SpeedMTs: 3200, ConfiguredSpeedMTs: 3200, Ranks: 1, TotalWidthBits: 128, DataWidthBits: 128}
	}
	good["HBM"] = memoryOf(two+" P1-HBM0 P2-HBM0", set(4, hbm), set(5, hbm))
	good["CXL"] = memoryOf(two+" P1-DIMME1", set(4, func(s *report.MemorySlot) {
		s.ArrayHandle, s.SizeBytes, s.SpeedMTs, s.ConfiguredSpeedMTs, s.PartNumber = "0x0030", 128<<30, 3200, 3200, "CXL1"
	}))
	good["CXL"].Memory.Arrays = append(good["CXL"].Memory.Arrays, report.MemoryArray{Handle: "0x0030", Location: "CXL Add-on Card", Use: "System Memory", ErrorCorrection: "Multi-bit ECC"})
	flash := memoryOf(two)
	flash.Memory.Arrays = append(flash.Memory.Arrays, report.MemoryArray{Handle: "0x0020", Use: "Flash Memory", ErrorCorrection: "None"})
	flash.Memory.Slots = append(flash.Memory.Slots, report.MemorySlot{Locator: "SYSTEM ROM", ArrayHandle: "0x0020", Populated: true, SizeBytes: 16 << 20, TotalWidthBits: 8, DataWidthBits: 8})
	good["flash"] = flash
	for name, r := range good {
		for _, rule := range rules {
			if rule.section == "memory" {
				expect(t, name+": "+rule.name, rule.check, r)
			}
		}
	}
}

func TestMixedMemory(t *testing.T) {
	expect(t, "sizes", memoryMixedSizes, memoryOf(two, set(3, size(16))), "warning ")
	expect(t, "sizes on channels that are not known", memoryMixedSizes, memoryOf("P1-DIMM1 P1-DIMM2 P2-DIMM1", set(0, size(16))), "info ")
	// 32 GiB on each channel of one processor, 2 × 16 GiB on those of the other.
	expect(t, "sizes, equal at each processor", memoryMixedSizes, memoryOf("P1-DIMMA1 P1-DIMMA2- P1-DIMMB1 P1-DIMMB2- P2-DIMMA1 P2-DIMMA2 P2-DIMMB1 P2-DIMMB2",
		set(4, size(16)), set(5, size(16)), set(6, size(16)), set(7, size(16))), "info ")
	expect(t, "sizes, equal in each channel", memoryMixedSizes, memoryOf("P1-DIMMA1 P1-DIMMA2 P1-DIMMB1 P1-DIMMB2", set(0, size(64)), set(2, size(64))), "info ")
	expect(t, "speeds", memoryMixedSpeeds, memoryOf(two, set(1, func(s *report.MemorySlot) { s.SpeedMTs = 4400 })), "warning ")
	expect(t, "types", memoryMixedTypes, memoryOf(two, set(1, func(s *report.MemorySlot) { s.Type = "DDR4" })), "warning ")
	expect(t, "unknown type", memoryMixedTypes, memoryOf(two, set(1, func(s *report.MemorySlot) { s.Type = "" })))
	other := func(s *report.MemorySlot) { s.PartNumber = "B1" }
	expect(t, "parts", memoryMixedParts, memoryOf(two, set(1, other)), "info ")
	expect(t, "revisions of a part", memoryMixedParts, memoryOf("A B", set(0, func(s *report.MemorySlot) { s.PartNumber = "18ASF2G72PDZ-2G6D1" }), set(1, func(s *report.MemorySlot) { s.PartNumber = "18ASF2G72PDZ-2G6E1" })))
	expect(t, "parts of another size", memoryMixedParts, memoryOf(two, set(1, other), set(1, size(64))))
	expect(t, "ranks", memoryMixedRanks, memoryOf(two, set(2, func(s *report.MemorySlot) { s.Ranks = 1 })), "info ")
	expect(t, "serial numbers", memorySameSerial, memoryOf(two, set(2, func(s *report.MemorySlot) { s.SerialNumber = "S-P1-DIMMA1" })), "info P1-DIMMA1, P2-DIMMC1")

	f := memoryMixedSizes(memoryOf("DIMM0 DIMM0", set(0, size(16)), func(s []report.MemorySlot) { s[0].BankLocator, s[1].BankLocator = "P0 CHANNEL A", "P0 CHANNEL B" }))
	if want := []string{"1 × 16 GiB: DIMM0 P0 CHANNEL A", "1 × 32 GiB: DIMM0 P0 CHANNEL B"}; len(f) != 1 || !slices.Equal(f[0].Evidence, want) {
		t.Errorf("%+v, want the evidence %q", f, want)
	}
	// A list that nobody would read to its end is cut.
	many := memoryOf(two, set(0, size(16)))
	for i := range 1000 {
		many.Memory.Slots = append(many.Memory.Slots, module(fmt.Sprint("X", i)))
	}
	if f := memoryMixedSizes(many); len(f) != 1 || !strings.HasSuffix(f[0].Evidence[1], ", 939 more") {
		t.Errorf("%+v", f)
	}
}

func TestSlowMemory(t *testing.T) {
	slow := func(slots []report.MemorySlot) {
		for i := range slots {
			slots[i].ConfiguredSpeedMTs = 4400
		}
	}
	r := memoryOf(two, slow)
	expect(t, "all", memorySlow, r, "info ")
	if f := memorySlow(r)[0]; !slices.Equal(f.Evidence, []string{"4 × 4400 MT/s of 4800 MT/s: P1-DIMMA1, P1-DIMMB1, P2-DIMMC1, P2-DIMMD1", "modules in a channel: up to 1"}) {
		t.Errorf("evidence %q", f.Evidence)
	}
	expect(t, "unknown", memorySlow, memoryOf("A", set(0, func(s *report.MemorySlot) { s.ConfiguredSpeedMTs = 0 })))
}

func TestECC(t *testing.T) {
	narrow := func(s *report.MemorySlot) { s.TotalWidthBits = 64 }
	none := func(r *report.Report) *report.Report {
		r.Memory.Arrays[0].ErrorCorrection = "None"
		return r
	}
	expect(t, "off", memoryNoECC, none(memoryOf("A B")), "warning ")
	if f := memoryNoECC(none(memoryOf("A B"))); !strings.Contains(f[0].Message, "is off") {
		t.Errorf("%+v", f)
	}
	expect(t, "not there", memoryNoECC, none(memoryOf("A B", set(0, narrow), set(1, narrow))), "warning ")
	expect(t, "arrays say otherwise", memoryNoECC, memoryOf("A B", set(0, narrow), set(1, narrow)))
	silent := memoryOf("A B", set(0, narrow), set(1, narrow))
	silent.Memory.Arrays = nil
	expect(t, "arrays do not say", memoryNoECC, silent, "warning ")
	guest := none(memoryOf("A"))
	guest.CPU.Packages = []report.CPUPackage{{Flags: []string{"hypervisor"}}}
	expect(t, "virtual machine", memoryNoECC, guest)

	expect(t, "mixed", memoryMixedECC, memoryOf("A B", set(0, narrow)), "warning ")
	all72 := func(s *report.MemorySlot) { s.TotalWidthBits, s.DataWidthBits = 72, 72 }
	if f := memoryNoECC(none(memoryOf("A B", set(0, all72), set(1, all72)))); len(f) != 1 || !strings.Contains(f[0].Message, "is off") || f[0].Evidence[1] != "modules wide enough for ECC: 2" {
		t.Errorf("%+v", f)
	}
	expect(t, "the bits for it counted as data", memoryMixedECC, memoryOf("A B", set(0, all72)))
	expect(t, "only the data is known", memoryMixedECC, memoryOf("A B", set(0, func(s *report.MemorySlot) { s.TotalWidthBits, s.DataWidthBits = 0, 72 })))
	expect(t, "no such width", memoryMixedECC, memoryOf("A B", set(0, narrow), set(1, func(s *report.MemorySlot) { s.TotalWidthBits = 128 })))
}

func TestMemoryThatIsNotThere(t *testing.T) {
	expect(t, "no size", memoryNoSize, memoryOf("A B", set(1, size(0))), "warning B")

	usable := func(gib uint64, r *report.Report) *report.Report {
		r.Memory.UsableBytes = gib << 30
		return r
	}
	expect(t, "all but a little", memoryUnused, usable(125, memoryOf(two)))
	expect(t, "a module is missing", memoryUnused, usable(96, memoryOf(two)), "critical ")
	expect(t, "mirrored, or much is missing", memoryUnused, usable(63, memoryOf(two)), "warning ")
	expect(t, "unknown", memoryUnused, usable(0, memoryOf(two)))
	expect(t, "half as persistent memory", memoryUnused, usable(60, memoryOf(two, set(0, optane))))
	expect(t, "a size is unknown", memoryUnused, usable(90, memoryOf(two, set(0, size(0)))))
}

// What the platform keeps for itself is no module that is missing.
func TestMemoryThatIsKept(t *testing.T) {
	sixteen := ""
	for _, cpu := range []string{"P1", "P2"} {
		for _, channel := range "ABCDEFGH" {
			sixteen += fmt.Sprintf("%s-DIMM%c1 ", cpu, channel)
		}
	}
	const GiB = 1 << 30
	// What is left of 512 GiB when the kernel has its own, and firmware 2 GiB.
	left := func(kept uint64) uint64 { return (512-kept)*GiB/64*63 - 2*GiB }
	kept := func(what string, bytes uint64) func(*report.Report) {
		return func(r *report.Report) {
			r.Memory.Reserved = append(r.Memory.Reserved, report.MemoryReservation{For: what, Bytes: bytes})
		}
	}
	flag := func(flag string) func(*report.Report) {
		return func(r *report.Report) { r.CPU.Packages = []report.CPUPackage{{}, {Flags: []string{flag}}} }
	}
	controllers := func(bytes uint64) func(*report.Report) {
		return func(r *report.Report) { r.Memory.ControllerBytes = bytes }
	}
	beside := func(kind string, bytes uint64) func(*report.Report) {
		return func(r *report.Report) {
			r.Memory.Slots = append(r.Memory.Slots, report.MemorySlot{Locator: kind, Type: kind, Populated: true, SizeBytes: bytes})
		}
	}
	small := func(r *report.Report) {
		for i := range 2 {
			r.Memory.Slots[i].SizeBytes = 4 * GiB
		}
	}
	for _, c := range []struct {
		name   string
		usable uint64
		change []func(*report.Report)
		want   string // the severity, and who is named
	}{
		{"nothing", left(0), nil, ""},
		{"a module", left(32), nil, "critical "},
		{"a module, exactly", 480 * GiB, nil, "critical "},
		{"half", left(256), nil, "warning "},
		{"a rank of each channel", left(256) + GiB, nil, "warning "},
		{"small modules beside big ones", (456*GiB)/64*63 - 2*GiB, []func(*report.Report){small}, ""},
		{"SGX", left(128), []func(*report.Report){kept("SGX", 128*GiB), flag("sgx")}, "info SGX: 128 GiB"},
		{"SGX and a module", left(160), []func(*report.Report){kept("SGX", 128*GiB)}, "critical SGX: 128 GiB"},
		{"SGX, nobody says how much", left(128), []func(*report.Report){flag("sgx")}, "warning SGX: nobody"},
		{"TDX", left(32), []func(*report.Report){flag("tdx_host_platform")}, "warning TDX: nobody"},
		{"a module, with SNP's table", left(34), []func(*report.Report){flag("sev_snp")}, "critical SEV-SNP: 1.8 GiB"},
		{"small modules, with SNP's table", (454*GiB)/64*63 - 2*GiB, []func(*report.Report){small, flag("sev_snp")}, "info SEV-SNP"},
		{"a crash kernel", left(40), []func(*report.Report){kept("crash kernel", 40*GiB)}, "info crash kernel: 40 GiB"},
		{"a module, with a crash kernel", left(32), []func(*report.Report){kept("crash kernel", GiB/2)}, "critical crash kernel: 512 MiB"},
		{"the command line", left(448), []func(*report.Report){kept("mem", 0)}, "warning mem: nobody"},
		{"all in use, says EDAC", left(64), []func(*report.Report){controllers(512 * GiB)}, "warning "},
		{"a module, says EDAC, too", left(32), []func(*report.Report){controllers(480 * GiB)}, "critical "},
		{"HBM as a cache", left(0), []func(*report.Report){beside("HBM2", 128*GiB)}, ""},
		{"HBM as memory", left(0) + 126*GiB, []func(*report.Report){beside("HBM3", 128*GiB)}, ""},
		{"a module, with HBM as memory", left(32) + 126*GiB, []func(*report.Report){beside("HBM2", 128*GiB)}, "critical "},
		{"a module, with HBM as a cache", left(32), []func(*report.Report){beside("HBM2", 128*GiB)}, "critical "},
		{"CXL as a device", left(0), []func(*report.Report){beside("CXL 1", 256*GiB)}, ""},
		{"CXL as memory", left(0) + 252*GiB, []func(*report.Report){beside("CXL 1", 256*GiB)}, ""},
	} {
		r := memoryOf(sixteen)
		r.Memory.UsableBytes = c.usable
		for _, change := range c.change {
			change(r)
		}
		severity, who, _ := strings.Cut(c.want, " ")
		found := memoryUnused(r)
		if severity == "" {
			if len(found) > 0 {
				t.Errorf("%s: %+v", c.name, found)
			}
			continue
		}
		if len(found) != 1 || string(found[0].Severity) != severity || !strings.Contains(strings.Join(found[0].Evidence, "\n"), who) {
			t.Errorf("%s: %+v, want %s", c.name, found, c.want)
			continue
		}
		if what, _, named := strings.Cut(who, ":"); severity != "critical" && named && !strings.Contains(found[0].Advice, what) {
			t.Errorf("%s: advice %q", c.name, found[0].Advice)
		}
	}
	// Two ranks a module, two modules a channel: a rank of each is a quarter.
	double := memoryOf("P1-DIMMA1 P1-DIMMA2 P1-DIMMB1 P1-DIMMB2 P2-DIMMA1 P2-DIMMA2 P2-DIMMB1 P2-DIMMB2")
	double.Memory.UsableBytes = 192*GiB/64*63 - GiB
	expect(t, "spare ranks", memoryUnused, double, "warning ")
	double.Memory.UsableBytes = 224*GiB/64*63 - GiB
	expect(t, "no spare ranks", memoryUnused, double, "critical ")
}

func TestBalance(t *testing.T) {
	both := func(slots string) string { return slots + " " + strings.ReplaceAll(slots, "P1", "P2") }
	expect(t, "a channel with less", memoryUnbalancedChannels, memoryOf(both("P1-DIMMA1 P1-DIMMA2 P1-DIMMB1 P1-DIMMB2"), set(1, func(s *report.MemorySlot) { s.Populated = false })), "warning P1")
	expect(t, "empty channels", memoryEmptyChannels, memoryOf("P1-DIMMA1 P1-DIMMB1- P1-DIMMC1 P1-DIMMD1-"), "info P1")
	expect(t, "empty channels are another matter", memoryUnbalancedChannels, memoryOf("P1-DIMMA1 P1-DIMMB1- P1-DIMMC1 P1-DIMMD1-"))
	for name, locators := range map[string]string{
		"no channels":       "DIMM1 DIMM2 DIMM3-",
		"one channel":       "P1-DIMMA1 P1-DIMMA2-",
		"slots for one":     "P1-DIMM1A P1-DIMM1B P1-DIMM1C- P2-DIMM1D P2-DIMM1E P2-DIMM1F-",
		"unequal channels":  "P1-DIMMA1 P1-DIMMA2 P1-DIMMB1-",
		"unequal CPUs":      "P1-DIMMA1 P1-DIMMB1- P2-DIMMC1 P2-DIMMD1 P2-DIMME1-",
		"letters are CPUs":  "A1 A2 A3- A4- B1 B2- B3- B4-",
		"only some with it": "P1-DIMMA1 P1-DIMMB1- FOO",
	} {
		r := memoryOf(locators)
		if _, ok := channels(r); ok {
			t.Errorf("%s: channels are told apart", name)
		}
		expect(t, name, memoryEmptyChannels, r)
	}
	letters := memoryOf("A1 B1-")
	expect(t, "letters of one processor", memoryEmptyChannels, letters, "info ")
	letters.CPU.Sockets = []report.Socket{{Populated: true}, {Populated: true}}
	expect(t, "letters of two processors", memoryEmptyChannels, letters)
	letters.CPU.Sockets[1].Populated = false
	expect(t, "letters of an empty socket", memoryEmptyChannels, letters)
	letters.CPU.Sockets = letters.CPU.Sockets[:1]
	letters.Memory.Slots[1].ArrayHandle = "0x0011"
	expect(t, "an array without a module", memoryEmptyChannels, letters)

	expect(t, "less at one processor", memoryUnbalancedCPUs, memoryOf(two, set(3, size(16))), "warning ")
	expect(t, "none at one processor", memoryUnbalancedCPUs, memoryOf("P1-DIMMA1 P1-DIMMB1 P2-DIMMC1- P2-DIMMD1-"), "warning ")
	one := memoryOf("P1-DIMMA1 P1-DIMMB1 P2-DIMMC1- P2-DIMMD1-")
	one.CPU.Sockets[1].Populated = false
	expect(t, "no processor", memoryUnbalancedCPUs, one)
	one.CPU.Sockets = one.CPU.Sockets[:1]
	expect(t, "controllers of one processor", memoryUnbalancedCPUs, one)
	expect(t, "persistent memory does not count", memoryUnbalancedCPUs, memoryOf("P1-DIMMA1 P1-DIMMA2 P2-DIMMC1 P2-DIMMC2-", set(1, optane)))
}
