package finding

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"bee/audit/report"
	"bee/audit/report/alike"
	"bee/audit/report/label"
	"bee/audit/report/partnumber"
	"bee/audit/report/slotname"
)

// modules returns the modules of the main memory.
func modules(r *report.Report) []report.MemorySlot {
	if r.Memory == nil {
		return nil
	}
	return slices.DeleteFunc(r.Memory.SystemSlots(), func(s report.MemorySlot) bool { return !s.Populated })
}

// persistent reports whether a module keeps its content without power. Such
// modules stand beside others, which they differ from.
func persistent(s report.MemorySlot) bool {
	return s.NonVolatileBytes > 0 || s.Type == "Logical non-volatile device" || strings.Contains(s.TypeDetail, "Non-Volatile") ||
		strings.Contains(s.Technology, "ersistent memory") || strings.HasPrefix(s.Technology, "NVDIMM")
}

// apart returns what tells whether a slot holds memory of its own kind, which is no
// module beside others: HBM on a processor, or memory behind CXL.
func apart(r *report.Report) func(report.MemorySlot) bool {
	cxl := map[string]bool{}
	if r.Memory != nil {
		for _, a := range r.Memory.Arrays {
			cxl[a.Handle] = strings.Contains(a.Location, "CXL")
		}
	}
	return func(s report.MemorySlot) bool {
		return strings.HasPrefix(s.Type, "HBM") || strings.Contains(strings.ToUpper(label.Join(s.Type, s.FormFactor, s.Technology, s.Locator, s.BankLocator)), "CXL") || cxl[s.ArrayHandle]
	}
}

// plainModules returns the modules of the main memory that have to be alike.
func plainModules(r *report.Report) []report.MemorySlot {
	apart := apart(r)
	return slices.DeleteFunc(modules(r), func(s report.MemorySlot) bool { return persistent(s) || apart(s) })
}

// plainSlots returns the slots for such modules.
func plainSlots(r *report.Report) []report.MemorySlot {
	return slices.DeleteFunc(r.Memory.SystemSlots(), apart(r))
}

// slotNamer returns what names the slots of a report.
func slotNamer(r *report.Report) func(report.MemorySlot) string {
	if r.Memory == nil {
		return nil
	}
	return label.Slots(r.Memory.Slots)
}

// slotNames joins the names of slots. Beyond what somebody would read, it counts.
func slotNames(slots []report.MemorySlot, name func(report.MemorySlot) string) string {
	const most = 64
	var names []string
	for _, s := range slots[:min(len(slots), most)] {
		names = append(names, name(s))
	}
	if more := len(slots) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}

// kinds words groups of modules, a line each: "8 × 32 GiB: DIMM_A1, DIMM_B1, …".
func kinds(r *report.Report, groups [][]report.MemorySlot, kind func(report.MemorySlot) string) []string {
	var evidence []string
	name := slotNamer(r)
	for _, g := range groups {
		evidence = append(evidence, fmt.Sprintf("%d × %s: %s", len(g), kind(g[0]), slotNames(g, name)))
	}
	return evidence
}

// moduleName words what a module is.
func moduleName(s report.MemorySlot) string {
	return label.Join(s.Manufacturer, cmp.Or(s.PartNumber, "unknown module"))
}

func mts(n uint64) string { return fmt.Sprintf("%d MT/s", n) }

// rated is a speed in units of 33⅓ MT/s, of which all are multiples: firmware
// rounds in its own way, to 2933 or 2934, 2666 or 2667, 1066 or 1067.
func rated(mts uint64) uint64 { return (3*mts + 50) / 100 }

// memoryNoSize looks for modules whose size the firmware does not know.
func memoryNoSize(r *report.Report) []report.Finding {
	var found []report.Finding
	name := slotNamer(r)
	for _, s := range modules(r) {
		if s.SizeBytes == 0 {
			found = append(found, report.Finding{
				Severity:  report.Warning,
				Component: name(s),
				Message:   "The firmware does not know the size of the module.",
				Evidence:  []string{about(s.Handle, s.Type, moduleName(s), label.Prefix("S/N ", s.SerialNumber))},
				Advice:    "Compare the memory that the system has with what is plugged in, and read the event log of the BMC: the module may have failed.",
			})
		}
	}
	return found
}

// memoryUnused looks for a module that the system does not use: the kernel has
// less memory than the modules, by at least the smallest of them. What the platform
// is known to keep explains it; where nobody says how much that is, it may.
func memoryUnused(r *report.Report) []report.Finding {
	if r.Memory == nil || r.Memory.UsableBytes == 0 {
		return nil
	}
	var total, aside, smallest uint64
	n, apart := 0, apart(r)
	for _, s := range modules(r) {
		switch {
		case persistent(s) || s.SizeBytes == 0:
			return nil // which part of it is memory, nobody says
		case apart(s):
			aside += s.SizeBytes
			continue
		case smallest == 0 || s.SizeBytes < smallest:
			smallest = s.SizeBytes
		}
		total += s.SizeBytes
		n++
	}
	usable := r.Memory.UsableBytes
	// HBM may be a cache of the modules, and memory behind CXL a device of its own;
	// where the kernel has more than the modules, they are not.
	if usable > total {
		total += aside
	}
	// Of each page of 4096 bytes, the kernel keeps 64 to describe it.
	most := total / 64 * 63
	// What firmware and graphics take for themselves is less than that.
	few := max(smallest/4*3, total/256)
	if n < 2 || total < usable+smallest || most < usable+few {
		return nil
	}
	missing := most - usable
	var known uint64
	unknown := false
	evidence := []string{
		fmt.Sprintf("modules: %d, together %s", n, label.Memory(total)),
		"the kernel can use: " + label.Memory(usable),
	}
	var names []string
	for _, k := range keptMemory(r) {
		known += k.Bytes
		unknown = unknown || k.Bytes == 0
		names = append(names, k.For)
		evidence = append(evidence, "kept for "+k.For+": "+cmp.Or(label.Memory(k.Bytes), "nobody says how much"))
	}
	if r.Memory.ControllerBytes > 0 {
		evidence = append(evidence, "the memory controllers have: "+label.Memory(r.Memory.ControllerBytes))
	}
	f := report.Finding{
		Severity: report.Critical,
		Message:  fmt.Sprintf("The system has %s of the %s that are plugged in.", label.Memory(usable), label.Memory(total)),
		Evidence: evidence,
		Advice:   "Unless memory is mirrored or kept as a spare, or the kernel's command line limits it, a module is disabled: read the event log of the BMC and the memory page of the firmware's setup.",
	}
	switch {
	case missing < known+few:
		f.Severity = report.Info
		f.Advice = "What is not there is kept for " + strings.Join(names, ", ") + ": if nothing needs that, turn it off in the firmware's setup, or on the kernel's command line."
	case r.Memory.ControllerBytes >= total:
		f.Severity = report.Warning
		f.Advice = "Every module is in use: look for mirrored or spare memory in the firmware's setup, and for limits on the kernel's command line."
	case unknown:
		f.Severity = report.Warning
		f.Advice = "Look whether what is kept for " + strings.Join(names, ", ") + " is as much, in the firmware's setup or on the kernel's command line; else a module is disabled: read the event log of the BMC."
	case 2*usable <= total || spared(r, missing):
		f.Severity = report.Warning // mirrored or spare memory is more likely
	}
	return []report.Finding{f}
}

// keptMemory returns what is kept out of the memory that the kernel can use: what
// the report says, and what processors keep that can do certain things.
func keptMemory(r *report.Report) []report.MemoryReservation {
	kept := slices.Clone(r.Memory.Reserved)
	can := func(flag string) bool {
		return slices.ContainsFunc(packages(r), func(p report.CPUPackage) bool { return slices.Contains(p.Flags, flag) })
	}
	sgx := slices.ContainsFunc(kept, func(k report.MemoryReservation) bool { return k.For == "SGX" })
	if can("sgx") && !sgx {
		kept = append(kept, report.MemoryReservation{For: "SGX"})
	}
	if can("tdx_host_platform") {
		kept = append(kept, report.MemoryReservation{For: "TDX"})
	}
	if can("sev_snp") {
		// Its table has 16 bytes for each page of 4096.
		kept = append(kept, report.MemoryReservation{For: "SEV-SNP", Bytes: r.Memory.UsableBytes / 256})
	}
	return kept
}

// spared reports whether so much memory is missing as if each channel kept its
// largest rank as a spare.
func spared(r *report.Report, missing uint64) bool {
	places, ok := channels(r)
	var spare, smallest uint64
	for _, c := range places {
		var largest uint64
		for _, m := range c.modules {
			if m.Ranks == 0 {
				return false
			}
			rank := m.SizeBytes / m.Ranks
			largest = max(largest, rank)
			if smallest == 0 || rank < smallest {
				smallest = rank
			}
		}
		spare += largest
	}
	// Of what is spare, nothing is kept to describe it; firmware may have taken some.
	return ok && missing >= spare/64*63 && missing < spare+smallest
}

// wide reports whether a module has bits for error correction: 8 or 16 beside 64.
// Some firmware counts them as data, but no module without them is 72 bits wide. It
// is not known where the firmware does not say so, or cannot be right.
func wide(s report.MemorySlot) (is, known bool) {
	total, data := s.TotalWidthBits, s.DataWidthBits
	switch max(total, data) {
	case 36, 40, 72, 80:
		return true, true
	}
	return total > data, data > 0 && total >= data && total-data <= data/4
}

// memoryNoECC looks for memory without error correction. The firmware says so of
// arrays and, by their width, of modules; each is wrong at times.
func memoryNoECC(r *report.Report) []report.Finding {
	all := plainModules(r)
	if len(all) == 0 || virtual(r) {
		return nil
	}
	with, without := 0, 0
	for _, s := range all {
		if is, known := wide(s); known && is {
			with++
		} else if known {
			without++
		}
	}
	types := map[string]bool{}
	for _, a := range r.Memory.Arrays {
		if a.Use == "System Memory" && a.ErrorCorrection != "" {
			types[a.ErrorCorrection] = true
		}
	}
	off := len(types) == 1 && types["None"]
	f := report.Finding{Severity: report.Warning}
	switch {
	case off && with > 0:
		f.Message = "The firmware says that error correction (ECC) is off, although the modules can do it."
		f.Advice = "Look whether the kernel has a memory controller under /sys/devices/system/edac/mc; if not, turn ECC on in the firmware's setup, and check that the processor and the board can do it."
	case off || len(types) == 0 && without == len(all):
		f.Message = "The memory has no error correction (ECC)."
		f.Advice = "Use modules with ECC, if the processor and the board can do it: errors in memory go unnoticed without."
	default:
		return nil
	}
	if len(types) > 0 {
		f.Evidence = append(f.Evidence, "error correction of the arrays: "+strings.Join(slices.Sorted(maps.Keys(types)), ", "))
	}
	var counts []string
	for _, c := range []struct {
		what string
		n    int
	}{{"wide enough for ECC", with}, {"not wide enough", without}, {"of unknown width", len(all) - with - without}} {
		if c.n > 0 {
			counts = append(counts, fmt.Sprintf("%s: %d", c.what, c.n))
		}
	}
	f.Evidence = append(f.Evidence, "modules "+strings.Join(counts, ", "))
	return []report.Finding{f}
}

// memoryMixedECC looks for modules with and without error correction side by
// side.
func memoryMixedECC(r *report.Report) []report.Finding {
	groups := alike.Group(slices.DeleteFunc(plainModules(r), func(s report.MemorySlot) bool {
		_, known := wide(s)
		return !known
	}), func(s report.MemorySlot) bool {
		is, _ := wide(s)
		return is
	})
	if len(groups) < 2 {
		return nil
	}
	return []report.Finding{{
		Severity: report.Warning,
		Message:  "There are modules with error correction (ECC) and without: boards turn it off then.",
		Evidence: kinds(r, groups, func(s report.MemorySlot) string {
			return fmt.Sprintf("%d bits wide, %d of them data", s.TotalWidthBits, s.DataWidthBits)
		}),
		Advice: "Use modules with ECC alone.",
	}}
}

// memoryMixedTypes looks for modules of several types.
func memoryMixedTypes(r *report.Report) []report.Finding {
	groups := alike.Group(slices.DeleteFunc(plainModules(r), func(s report.MemorySlot) bool {
		return !strings.Contains(s.Type, "DDR")
	}), func(s report.MemorySlot) string { return s.Type })
	if len(groups) < 2 {
		return nil
	}
	return []report.Finding{{
		Severity: report.Warning,
		Message:  "The modules are not of the same type.",
		Evidence: kinds(r, groups, func(s report.MemorySlot) string { return s.Type }),
		Advice:   "Use modules of one type.",
	}}
}

// memoryMixedSizes looks for modules of several sizes. It costs bandwidth where the
// channels of a processor do not hold the same; which slots are on which channel,
// not every board says.
func memoryMixedSizes(r *report.Report) []report.Finding {
	groups := alike.Group(slices.DeleteFunc(plainModules(r), func(s report.MemorySlot) bool {
		return s.SizeBytes == 0
	}), func(s report.MemorySlot) uint64 { return s.SizeBytes })
	if len(groups) < 2 {
		return nil
	}
	f := report.Finding{
		Severity: report.Info,
		Evidence: kinds(r, groups, func(s report.MemorySlot) string { return label.Memory(s.SizeBytes) }),
		Advice:   "Check that the machine has what was ordered.",
	}
	switch places, ok := channels(r); {
	case !ok:
		f.Message = "The modules are not of the same size."
		f.Advice = "Check by the board's manual that every channel holds the same: else it costs bandwidth."
	case slices.ContainsFunc(byCPU(places), unbalanced):
		f.Severity = report.Warning
		f.Message = "The modules are not of the same size, which costs bandwidth."
		f.Advice = "Use modules of one size, or put the same into every channel."
	default:
		f.Message = "The modules are not of the same size; the channels of each processor that have modules hold the same."
	}
	return []report.Finding{f}
}

// memoryMixedSpeeds looks for modules that are not made for the same speed.
func memoryMixedSpeeds(r *report.Report) []report.Finding {
	groups := alike.Group(slices.DeleteFunc(plainModules(r), func(s report.MemorySlot) bool {
		return s.SpeedMTs == 0
	}), func(s report.MemorySlot) uint64 { return rated(s.SpeedMTs) })
	if len(groups) < 2 {
		return nil
	}
	return []report.Finding{{
		Severity: report.Warning,
		Message:  "The modules are not made for the same speed: the slowest decides for all.",
		Evidence: kinds(r, groups, func(s report.MemorySlot) string { return mts(s.SpeedMTs) }),
		Advice:   "If the processor can do the higher speed, use modules of that speed alone.",
	}}
}

// memoryMixedParts looks for modules that are equal in size and speed, but not
// the same part. Another revision of one is.
func memoryMixedParts(r *report.Report) []report.Finding {
	return eachSize(r, func(same []report.MemorySlot) *report.Finding {
		groups := alike.Group(slices.DeleteFunc(same, func(s report.MemorySlot) bool { return s.PartNumber == "" }),
			func(s report.MemorySlot) string { return partnumber.Model(s.PartNumber) })
		if len(groups) < 2 {
			return nil
		}
		return &report.Finding{
			Message:  "Modules of the same size and speed are different parts.",
			Evidence: kinds(r, groups, moduleName),
			Advice:   "Check that the machine has what was ordered, and that the board's maker supports the mix.",
		}
	})
}

// memoryMixedRanks looks for modules that are equal in size and speed, but not in
// ranks.
func memoryMixedRanks(r *report.Report) []report.Finding {
	return eachSize(r, func(same []report.MemorySlot) *report.Finding {
		groups := alike.Group(slices.DeleteFunc(same, func(s report.MemorySlot) bool { return s.Ranks == 0 }),
			func(s report.MemorySlot) uint64 { return s.Ranks })
		if len(groups) < 2 {
			return nil
		}
		return &report.Finding{
			Message:  "Modules of the same size and speed do not have the same number of ranks.",
			Evidence: kinds(r, groups, func(s report.MemorySlot) string { return label.Count(s.Ranks, "rank") }),
			Advice:   "Check that the board's maker supports the mix; within a channel, the module with more ranks goes into the slot that is filled first.",
		}
	})
}

// eachSize makes a rule of a check that looks at modules of the same size and
// speed.
func eachSize(r *report.Report, check func(same []report.MemorySlot) *report.Finding) []report.Finding {
	var found []report.Finding
	type kind struct{ size, speed uint64 }
	for _, same := range alike.Group(plainModules(r), func(s report.MemorySlot) kind { return kind{s.SizeBytes, rated(s.SpeedMTs)} }) {
		if f := check(same); f != nil {
			f.Severity = report.Info
			found = append(found, *f)
		}
	}
	return found
}

// memorySameSerial looks for modules with the same serial number: of one of them
// it is wrong.
func memorySameSerial(r *report.Report) []report.Finding {
	var found []report.Finding
	name := slotNamer(r)
	type identity struct{ manufacturer, part, serial string }
	for _, same := range alike.Group(modules(r), func(s report.MemorySlot) identity {
		return identity{s.Manufacturer, s.PartNumber, s.SerialNumber}
	}) {
		if s := same[0]; s.SerialNumber != "" && len(same) > 1 {
			found = append(found, report.Finding{
				Severity:  report.Info,
				Component: slotNames(same, name),
				Message:   "Modules have the same serial number.",
				Evidence:  []string{about("modules", moduleName(s), label.Prefix("S/N ", s.SerialNumber))},
				Advice:    "Read the numbers from the labels of the modules before you take stock by them.",
			})
		}
	}
	return found
}

// memorySlow looks for modules that run slower than they can.
func memorySlow(r *report.Report) []report.Finding {
	slow := slices.DeleteFunc(plainModules(r), func(s report.MemorySlot) bool {
		half := rated(2*s.ConfiguredSpeedMTs) == rated(s.SpeedMTs) // some firmware gives the clock, not the transfers
		return s.ConfiguredSpeedMTs == 0 || half || rated(s.ConfiguredSpeedMTs) >= rated(s.SpeedMTs)
	})
	if len(slow) == 0 {
		return nil
	}
	type speeds struct{ now, most uint64 }
	groups := alike.Group(slow, func(s report.MemorySlot) speeds { return speeds{s.ConfiguredSpeedMTs, s.SpeedMTs} })
	f := report.Finding{
		Severity: report.Info,
		Message:  "The memory runs slower than its modules can.",
		Evidence: kinds(r, groups, func(s report.MemorySlot) string {
			return fmt.Sprintf("%s of %s", mts(s.ConfiguredSpeedMTs), mts(s.SpeedMTs))
		}),
		Advice: "Mostly the processor can do no more, or no more with several modules in a channel; else look for the memory speed in the firmware's setup.",
	}
	if places, ok := channels(r); ok {
		most := 0
		for _, c := range places {
			most = max(most, len(c.modules))
		}
		f.Evidence = append(f.Evidence, fmt.Sprintf("modules in a channel: up to %d", most))
	}
	return []report.Finding{f}
}

// channel is a memory channel of a processor, and what is in its slots.
type channel struct {
	cpu, name string
	modules   []report.MemorySlot
}

// bytes is how much memory the channel has.
func (c channel) bytes() (n uint64) {
	for _, m := range c.modules {
		n += m.SizeBytes
	}
	return n
}

// holds words the sizes of the modules in the channel.
func (c channel) holds() string {
	var sizes []string
	for _, m := range c.modules {
		sizes = append(sizes, label.Memory(m.SizeBytes))
	}
	slices.Sort(sizes)
	return cmp.Or(strings.Join(sizes, " + "), "nothing")
}

// channels returns the channels of the processors, also those without a module,
// in the order of the slots. It is not ok where the names of the slots do not
// tell channels apart, or it is not sure that they do.
func channels(r *report.Report) (all []channel, ok bool) {
	if r.Memory == nil {
		return nil, false
	}
	slots := plainSlots(r)
	groups := alike.Group(slots, func(s report.MemorySlot) slotname.Place { return slotname.Read(s.Locator, s.BankLocator) })
	cpus := map[string]int{}
	for _, g := range groups {
		place := slotname.Read(g[0].Locator, g[0].BankLocator)
		if place.Channel == "" || len(g) != len(groups[0]) {
			return nil, false
		}
		cpus[place.CPU]++
		all = append(all, channel{place.CPU, place.Channel, slices.DeleteFunc(slices.Clone(g), func(s report.MemorySlot) bool { return !s.Populated || persistent(s) })})
	}
	// Processors have as many channels each, and more channels than slots in one;
	// else what looks like the channel is the number of the slot, or the processor.
	for _, n := range cpus {
		if n < 2 || n < len(groups[0]) || n*len(cpus) != len(groups) {
			return nil, false
		}
	}
	// The slots of an empty socket are there as others are. Where they do not name
	// it, only their number, or an array without a module, lets it be seen.
	if _, unnamed := cpus[""]; unnamed && (socketCount(r) > 1 || slices.ContainsFunc(
		alike.Group(slots, func(s report.MemorySlot) string { return s.ArrayHandle }),
		func(array []report.MemorySlot) bool {
			return !slices.ContainsFunc(array, func(s report.MemorySlot) bool { return s.Populated })
		})) {
		return nil, false
	}
	return all, len(all) > 0
}

// byCPU gathers the channels of each processor.
func byCPU(all []channel) [][]channel {
	return alike.Group(all, func(c channel) string { return c.cpu })
}

// filled returns the channels with a module.
func filled(ofCPU []channel) []channel {
	return slices.DeleteFunc(slices.Clone(ofCPU), func(c channel) bool { return len(c.modules) == 0 })
}

// unbalanced reports whether the channels with a module do not hold the same.
func unbalanced(ofCPU []channel) bool {
	return len(alike.Group(filled(ofCPU), channel.bytes)) > 1
}

// memoryUnbalancedChannels looks for processors whose channels do not hold the
// same.
func memoryUnbalancedChannels(r *report.Report) []report.Finding {
	all, ok := channels(r)
	if !ok {
		return nil
	}
	var found []report.Finding
	for _, ofCPU := range byCPU(all) {
		if !unbalanced(ofCPU) {
			continue
		}
		found = append(found, report.Finding{
			Severity:  report.Warning,
			Component: ofCPU[0].cpu,
			Message:   "The memory channels do not hold the same, which costs bandwidth.",
			Evidence:  hold(ofCPU),
			Advice:    "Put the same into every channel, as the board's manual says.",
		})
	}
	return found
}

// memoryEmptyChannels looks for processors with memory on some of their channels
// only.
func memoryEmptyChannels(r *report.Report) []report.Finding {
	all, ok := channels(r)
	if !ok {
		return nil
	}
	var found []report.Finding
	for _, ofCPU := range byCPU(all) {
		filled := filled(ofCPU)
		if len(filled) == 0 || len(filled) == len(ofCPU) {
			continue
		}
		found = append(found, report.Finding{
			Severity:  report.Info,
			Component: ofCPU[0].cpu,
			Message:   fmt.Sprintf("Of the %d memory channels, %d without a module: that much bandwidth is not there.", len(ofCPU), len(ofCPU)-len(filled)),
			Evidence:  hold(ofCPU),
			Advice:    "If bandwidth matters, fill every channel.",
		})
	}
	return found
}

// hold words what channels hold, equal ones in a line.
func hold(all []channel) []string {
	var evidence []string
	for _, same := range alike.Group(all, channel.holds) {
		var names []string
		for _, c := range same {
			names = append(names, c.name)
		}
		evidence = append(evidence, fmt.Sprintf("%s: %s", strings.Join(names, ", "), same[0].holds()))
	}
	return evidence
}

// memoryUnbalancedCPUs looks for processors with less memory than others, or
// none.
func memoryUnbalancedCPUs(r *report.Report) []report.Finding {
	if r.Memory == nil {
		return nil
	}
	cpu := func(s report.MemorySlot) string { return slotname.Read(s.Locator, s.BankLocator).CPU }
	groups := alike.Group(plainSlots(r), cpu)
	if len(groups) < 2 || slices.ContainsFunc(groups, func(g []report.MemorySlot) bool { return cpu(g[0]) == "" || len(g) != len(groups[0]) }) {
		return nil
	}
	if r.CPU != nil && len(r.CPU.Sockets) > 0 && len(r.CPU.Sockets) < len(groups) {
		return nil // a processor has several memory controllers
	}
	var evidence []string
	sizes := map[uint64]bool{}
	filled := 0
	for _, g := range groups {
		all := channel{modules: slices.DeleteFunc(slices.Clone(g), func(s report.MemorySlot) bool { return !s.Populated || persistent(s) })}
		if all.bytes() > 0 {
			filled++
			sizes[all.bytes()] = true
		}
		evidence = append(evidence, about(cpu(g[0]), cmp.Or(label.Memory(all.bytes()), "no memory"), label.Count(len(all.modules), "module")))
	}
	f := report.Finding{Severity: report.Warning, Evidence: evidence}
	sockets := len(slices.DeleteFunc(processors(r), disabled))
	switch {
	case filled == 0:
		return nil
	case filled < min(sockets, len(groups)):
		f.Message = "Not every processor has memory of its own."
		f.Advice = "Give each processor the same memory: one without has to ask another for all."
		f.Evidence = append(f.Evidence, fmt.Sprintf("processors: %d", sockets))
	case len(sizes) > 1:
		f.Message = "The processors do not have the same memory."
		f.Advice = "Give each processor the same memory."
	default:
		return nil
	}
	return []report.Finding{f}
}
