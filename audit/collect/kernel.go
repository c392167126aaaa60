package collect

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"bee/audit/report"
	"bee/audit/tool/kernellog"
	"bee/core/printable"
)

var kernel = Collector{
	Name:  "kernel",
	About: "what the kernel has met since it started: errors of memory, processors, PCIe, drives, cards (sysfs; dmesg)",
	Collect: func(ctx context.Context, t *Task) {
		k := &report.Kernel{}
		t.Update(func(r *report.Report) { r.Kernel = k })
		t.Each(2, func(i int) {
			if i == 0 {
				counted := countedErrors(t.Files())
				t.Update(func(*report.Report) {
					counted.Events = k.Events
					*k = counted
				})
				return
			}
			if !t.Has("dmesg") {
				return
			}
			result := t.Run(ctx, "dmesg", "-r")
			log, ok := kernellog.Parse(result.Stdout)
			if !ok && result.Err == nil {
				t.lack("the kernel's log is empty")
				return
			}
			t.Check(result, nil)
			if !ok {
				return
			}
			// The first lines are written before time is measured, or soon after.
			if log.Since > 5 {
				t.lack(fmt.Sprintf("the kernel's log begins %.0f s after the kernel's start: it has no room for more", log.Since))
			}
			t.Update(func(*report.Report) { k.Events = append([]report.KernelEvent{}, log.Events...) })
		})
	},
}

// countedErrors reads what the kernel counts.
func countedErrors(files fs.FS) report.Kernel {
	uptime, _, _ := strings.Cut(line(files, "proc/uptime"), " ")
	seconds, _ := strconv.ParseFloat(uptime, 64)
	if !(seconds > 0 && seconds < 1e10) { // it is one that JSON has no word for, too
		seconds = 0
	}
	return report.Kernel{UptimeSeconds: seconds, MemoryErrors: memoryErrors(files), PCIeErrors: pcieErrors(files), Throttling: throttling(files)}
}

// memoryErrors reads the counts of EDAC (the kernel's Documentation/driver-api/edac.rst and
// Documentation/ABI/testing/sysfs-devices-edac).
func memoryErrors(files fs.FS) []report.MemoryErrors {
	var all []report.MemoryErrors
	const controllers = "sys/devices/system/edac/mc"
	for _, mc := range folders(files, controllers, memoryController) {
		// Errors whose module the controller does not know.
		dir := path.Join(controllers, mc)
		if e, ok := counted(files, dir, "ce_noinfo_count", "ue_noinfo_count"); ok && e.Corrected+e.Uncorrected > 0 {
			e.Place = printable.Escape([]byte(mc))
			all = append(all, e)
		}
		for _, module := range folders(files, dir, memoryModule) {
			dir := path.Join(dir, module)
			if e, ok := counted(files, dir, "dimm_ce_count", "dimm_ue_count"); ok {
				e.Place = printable.Escape([]byte(mc + "/" + module))
				e.Label = line(files, dir+"/dimm_label")
				all = append(all, e)
			}
		}
	}
	return all
}

var (
	memoryController = regexp.MustCompile(`^mc\d+$`)
	memoryModule     = regexp.MustCompile(`^(dimm|rank)\d+$`)
	pciAddress       = regexp.MustCompile(`^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$`)
	processor        = regexp.MustCompile(`^cpu\d+$`)
)

// counted reads a file with corrected errors and one with those that were not.
func counted(files fs.FS, dir, corrected, uncorrected string) (e report.MemoryErrors, ok bool) {
	c, known := number(files, path.Join(dir, corrected))
	u, knownToo := number(files, path.Join(dir, uncorrected))
	e.Corrected, e.Uncorrected = uint64(max(c, 0)), uint64(max(u, 0))
	return e, known && knownToo
}

// pcieErrors reads the counts of AER (the kernel's
// Documentation/ABI/testing/sysfs-bus-pci-devices-aer_stats) of functions that have some.
func pcieErrors(files fs.FS) []report.PCIeErrors {
	var all []report.PCIeErrors
	for _, address := range folders(files, pciDevices, pciAddress) {
		e := report.PCIeErrors{Address: address}
		for file, count := range map[string]*uint64{"correctable": &e.Corrected, "nonfatal": &e.NonFatal, "fatal": &e.Fatal} {
			b, _ := fs.ReadFile(files, path.Join(pciDevices, address, "aer_dev_"+file))
			for text := range strings.Lines(string(b)) {
				words := strings.Fields(text)
				if len(words) < 2 {
					continue
				}
				n, err := strconv.ParseUint(words[len(words)-1], 10, 64)
				if err != nil || n == 0 {
					continue
				}
				if strings.HasPrefix(words[0], "TOTAL_ERR_") {
					*count = n
				} else {
					e.Kinds = append(e.Kinds, printable.Escape([]byte(strings.Join(words, " "))))
				}
			}
		}
		if e.Corrected+e.NonFatal+e.Fatal > 0 {
			slices.Sort(e.Kinds)
			all = append(all, e)
		}
	}
	return all
}

// throttling reads how often processors were too hot. Each logical processor counts for
// itself what its core, and what its package tells it.
func throttling(files fs.FS) []report.Throttling {
	const processors = "sys/devices/system/cpu"
	var all []report.Throttling
	for _, cpu := range folders(files, processors, processor) {
		dir := path.Join(processors, cpu)
		core, _ := number(files, dir+"/thermal_throttle/core_throttle_count")
		whole, _ := number(files, dir+"/thermal_throttle/package_throttle_count")
		if core <= 0 && whole <= 0 {
			continue
		}
		id, _ := number(files, dir+"/topology/physical_package_id")
		i := slices.IndexFunc(all, func(t report.Throttling) bool { return t.PackageID == id })
		if i < 0 {
			i = len(all)
			all = append(all, report.Throttling{PackageID: id})
		}
		all[i].CoreEvents = max(all[i].CoreEvents, uint64(max(core, 0)))
		all[i].PackageEvents = max(all[i].PackageEvents, uint64(max(whole, 0)))
	}
	slices.SortFunc(all, func(a, b report.Throttling) int { return cmp.Compare(a.PackageID, b.PackageID) })
	return all
}

// folders lists what is in a folder under names like these, the numbers in them in order.
func folders(files fs.FS, dir string, like *regexp.Regexp) []string {
	entries, _ := fs.ReadDir(files, dir)
	var names []string
	for _, e := range entries {
		if like.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	return names
}
