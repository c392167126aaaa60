package fleet

import (
	"cmp"
	"slices"
	"strings"

	"bee/audit/judge/compare"
	"bee/audit/report"
	"bee/audit/report/label"
	"bee/core/printable"
)

// gist is what is kept of a report.
func gist(file string, r *report.Report) *entry {
	all := compare.Take(r)
	e := &entry{path: file, Machine: Machine{File: printable.Again(file), Hostname: r.Host.Hostname, StartedAt: r.StartedAt}, builds: all.Builds()}
	if b := r.Board; b != nil && b.System != nil {
		e.Manufacturer, e.ProductName, e.SerialNumber, e.uuid = b.System.Manufacturer, b.System.ProductName, b.System.SerialNumber, b.System.UUID
	}
	if b := r.Board; e.ProductName == "" && b != nil && len(b.Baseboards) > 0 {
		// Machines that were put together by hand are called as their board is.
		e.Manufacturer, e.ProductName = b.Baseboards[0].Manufacturer, b.Baseboards[0].ProductName
	}
	e.Name = cmp.Or(e.SerialNumber, e.Hostname, e.File)
	e.processors(all)
	e.memory(r)
	e.drives(r)
	e.gpus(r)
	e.findings(r)
	marks, macs := marks(r, all)
	e.macs = macs
	for _, m := range marks {
		e.marks = append(e.marks, m.id())
	}
	return e
}

func (e *entry) processors(all compare.Inventory) {
	for _, p := range all[compare.Processor] {
		e.Processors = add(e.Processors, Parts{Name: label.Processor(p.Name)})
	}
}

func (e *entry) memory(r *report.Report) {
	if r.Memory == nil {
		return
	}
	for _, s := range r.Memory.SystemSlots() {
		if s.Populated {
			e.MemoryBytes += s.SizeBytes
			e.MemoryModules++
		}
	}
}

// drives counts drives. An array is one only where no drive behind one is known: else each
// would count twice.
func (e *entry) drives(r *report.Report) {
	if r.Storage == nil {
		return
	}
	e.Drives = []Parts{}
	members := slices.ContainsFunc(r.Storage.Drives, func(d report.Drive) bool {
		return d.Member != nil || strings.Contains(d.SmartctlType, ",")
	})
	for _, d := range r.Storage.Drives {
		switch {
		case d.Removable && d.Transport == "usb", d.Type == "rom", d.RAIDVolume && members:
		case d.RAIDVolume:
			e.Drives = add(e.Drives, Parts{Name: "RAID volume", SizeBytes: d.SizeBytes})
		default:
			e.Drives = add(e.Drives, Parts{Name: cmp.Or(d.Transport, strings.ToLower(d.Protocol)), SizeBytes: d.SizeBytes})
		}
	}
}

func (e *entry) gpus(r *report.Report) {
	if r.NVIDIA == nil {
		return
	}
	e.GPUs = []Parts{}
	for _, g := range r.NVIDIA.GPUs {
		e.GPUs = add(e.GPUs, Parts{Name: g.Name})
	}
	for range len(r.NVIDIA.MissingGPUs) + len(r.NVIDIA.UnknownGPUs) {
		e.GPUs = add(e.GPUs, Parts{})
	}
}

func (e *entry) findings(r *report.Report) {
	for _, g := range r.NotExamined {
		for _, s := range g.Sections {
			if !slices.Contains(e.NotExamined, s) {
				e.NotExamined = append(e.NotExamined, s)
			}
		}
	}
	if r.Findings == nil {
		return
	}
	e.Findings = &Findings{}
	rank := map[report.Severity]int{report.Critical: 3, report.Warning: 2, report.Info: 1}
	for _, f := range r.Findings {
		switch f.Severity {
		case report.Critical:
			e.Findings.Critical++
		case report.Warning:
			e.Findings.Warning++
		default:
			f.Severity = report.Info // also where it is a word that nobody knows
			e.Findings.Info++
		}
		if e.Worst == nil || rank[f.Severity] > rank[e.Worst.Severity] {
			e.Worst = &report.Finding{Rule: f.Rule, Severity: f.Severity, Section: f.Section, Component: f.Component, Message: f.Message, Advice: f.Advice}
		}
	}
}

// add counts parts.
func add(all []Parts, p Parts) []Parts {
	for i := range all {
		if all[i].Name == p.Name && all[i].SizeBytes == p.SizeBytes {
			all[i].Count++
			return all
		}
	}
	p.Count = 1
	return append(all, p)
}
