package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"bee/audit/report"
	"bee/audit/report/placeholder"
	"bee/audit/tool/cpuinfo"
	"bee/audit/tool/dmidecode"
	"bee/core/printable"
)

var cpu = Collector{
	Name:  "cpu",
	About: "processors (/proc/cpuinfo, sysfs) and their sockets, also empty ones (dmidecode where it is installed)",
	Collect: func(ctx context.Context, t *Task) {
		update := func(f func(c *report.CPU)) {
			t.Update(func(r *report.Report) {
				r.CPU = cmp.Or(r.CPU, &report.CPU{})
				f(r.CPU)
			})
		}
		t.Each(2, func(i int) {
			if i == 0 {
				if packages, ok := packages(t); ok {
					update(func(c *report.CPU) { c.Packages = packages })
				}
			} else if t.Has("dmidecode") {
				if all, ok := structures(ctx, t, "4"); ok {
					update(func(c *report.CPU) { c.Sockets = socketsFrom(all) })
				}
			}
		})
	},
}

// packages reads the processors that the kernel uses. It is not ok where the
// kernel does not tell.
func packages(t *Task) (all []report.CPUPackage, ok bool) {
	const name = "proc/cpuinfo"
	text, err := fs.ReadFile(t.Files(), name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false
	}
	var processors []cpuinfo.Processor
	if err == nil {
		processors, err = cpuinfo.Parse(text)
	}
	if err != nil {
		t.run.fail(report.Error{Collector: t.collector.Name, Kind: report.BadOutput, Message: printable.Escape(fmt.Appendf(nil, "/%s: %v", name, err))})
		return nil, false
	}
	return packagesFrom(t.Files(), processors), true
}

func packagesFrom(files fs.FS, processors []cpuinfo.Processor) []report.CPUPackage {
	// By the number of the package, -1 for all whose package is not known.
	members := map[int64][]cpuinfo.Processor{}
	for _, p := range processors {
		id := int64(-1)
		if p.Package != nil {
			id = *p.Package
		} else if n, ok := number(files, cpuDir(p)+"/topology/physical_package_id"); ok {
			id = n
		}
		members[id] = append(members[id], p)
	}
	all := []report.CPUPackage{}
	for id, processors := range members {
		p := packageFrom(files, processors)
		if id >= 0 {
			p.ID = &id
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b report.CPUPackage) int {
		switch {
		case a.ID == nil:
			return 1
		case b.ID == nil:
			return -1
		}
		return cmp.Compare(*a.ID, *b.ID)
	})
	return all
}

// packageFrom describes a package by its logical processors.
func packageFrom(files fs.FS, processors []cpuinfo.Processor) report.CPUPackage {
	first := processors[0]
	p := report.CPUPackage{
		VendorID:  first.VendorID,
		ModelName: placeholder.Drop(first.ModelName),
		Family:    first.Family,
		Model:     first.Model,
		Stepping:  first.Stepping,
		Microcode: placeholder.Drop(first.Microcode), // hypervisors show ones
		Threads:   uint64(len(processors)),
		Cores:     coresOf(files, processors),
		Caches:    caches(files, first),
		Flags:     flagsOf(processors),
	}
	speed := path.Join(cpuDir(first), "cpufreq")
	if kHz, ok := number(files, speed+"/cpuinfo_max_freq"); ok && kHz > 0 {
		p.MaxSpeedMHz = uint64(kHz) / 1000
	}
	p.ScalingDriver = line(files, speed+"/scaling_driver")
	p.ScalingGovernor = line(files, speed+"/scaling_governor")
	return p
}

func cpuDir(p cpuinfo.Processor) string {
	return "sys/devices/system/cpu/cpu" + strconv.Itoa(p.Number)
}

// coresOf counts the cores that the logical processors of one package are threads
// of, 0 where the kernel does not tell.
func coresOf(files fs.FS, processors []cpuinfo.Processor) uint64 {
	cores := map[string]bool{}
	for _, p := range processors {
		// Core numbers are unique in a die only, of which a package may have several.
		siblings, err := fs.ReadFile(files, cpuDir(p)+"/topology/thread_siblings")
		switch {
		case err == nil:
			cores[string(siblings)] = true
		case p.Core != nil:
			cores[strconv.FormatInt(*p.Core, 10)] = true
		default:
			return 0
		}
	}
	return uint64(len(cores))
}

// caches reads the caches of a logical processor (the kernel's
// Documentation/ABI/testing/sysfs-devices-system-cpu).
func caches(files fs.FS, p cpuinfo.Processor) []report.CPUCache {
	var all []report.CPUCache
	folders, _ := fs.Glob(files, cpuDir(p)+"/cache/index*")
	for _, folder := range folders {
		level, ok := number(files, folder+"/level")
		kilobytes, isSize := strings.CutSuffix(line(files, folder+"/size"), "K")
		size, err := strconv.ParseUint(kilobytes, 10, 32)
		if ok && level > 0 && isSize && err == nil {
			all = append(all, report.CPUCache{Level: uint64(level), Type: line(files, folder+"/type"), SizeBytes: size << 10})
		}
	}
	return all
}

// flagsOf returns the notable flags that all processors have.
func flagsOf(processors []cpuinfo.Processor) []string {
	common := processors[0].Notable()
	for i, p := range processors[1:] {
		// They hardly ever differ.
		if before := processors[i]; p.Flags != before.Flags || p.VMXFlags != before.VMXFlags {
			has := p.Notable()
			common = slices.DeleteFunc(common, func(flag string) bool { return !slices.Contains(has, flag) })
		}
	}
	return common
}

func socketsFrom(all []dmidecode.Structure) []report.Socket {
	sockets := []report.Socket{}
	const fastest = 20000 // more than any processor, in MHz
	for _, s := range dmidecode.Of(all, 4) {
		socket := report.Socket{
			Handle:           s.Handle,
			Designation:      s.Text("Socket Designation"),
			Populated:        strings.HasPrefix(s.Raw("Status"), "Populated"),
			Status:           s.Enum("Status"),
			Type:             s.Enum("Type"),
			Upgrade:          s.Enum("Upgrade"),
			SerialNumber:     s.Text("Serial Number"),
			AssetTag:         s.Text("Asset Tag"),
			PartNumber:       s.Text("Part Number"),
			Manufacturer:     s.Text("Manufacturer"),
			Version:          s.Text("Version"),
			Family:           s.Enum("Family"),
			ID:               s.Text("ID"),
			Signature:        s.Text("Signature"),
			Cores:            s.Within("Core Count", 1, 0xfffe),
			CoresEnabled:     s.Within("Core Enabled", 1, 0xfffe),
			Threads:          s.Within("Thread Count", 1, 0xfffe),
			MaxSpeedMHz:      s.Within("Max Speed", 1, fastest),
			CurrentSpeedMHz:  s.Within("Current Speed", 1, fastest),
			ExternalClockMHz: s.Within("External Clock", 1, fastest),
		}
		if !socket.Populated {
			// Firmware leaves a processor's data behind, some of it made up.
			socket = report.Socket{
				Handle: socket.Handle, Designation: socket.Designation, Status: socket.Status,
				Type: socket.Type, Upgrade: socket.Upgrade,
			}
		}
		sockets = append(sockets, socket)
	}
	return sockets
}
