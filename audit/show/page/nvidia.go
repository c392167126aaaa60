package page

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"bee/audit/report"
	"bee/audit/report/label"
)

func nvidia(p *page, r *report.Report, m marks) {
	n := r.NVIDIA
	if n == nil {
		return
	}
	var parts []part
	for _, g := range n.GPUs {
		parts = append(parts, gpuPart(g, m))
	}
	for _, g := range n.MissingGPUs {
		q := part{Kind: "gpu", Name: g.PCIAddress, State: "missing", Level: critical,
			Lines: []string{"on the PCI bus, but unknown", "to the NVIDIA driver", g.Reason}}
		m.mark(&q, "nvidia", g.PCIAddress)
		parts = append(parts, q)
	}
	for _, address := range n.UnknownGPUs {
		q := part{Kind: "gpu", Name: address, State: "unknown", Lines: []string{"on the PCI bus; nothing", "more is known about it"}}
		m.mark(&q, "nvidia", address)
		parts = append(parts, q)
	}
	s := section{ID: "nvidia", Title: "GPUs", Note: strings.Join(present(label.Count(len(n.GPUs), "GPU"), label.Prefix("trouble: ", string(n.Trouble)),
		label.Prefix("driver ", n.DriverVersion), label.Prefix("its library ", n.LibraryVersion), label.Prefix("CUDA ", n.CUDAVersion), label.Prefix("read as ", n.Source)), ", ")}
	s.draw("Cards", parts)
	s.table(tabulate("Missing GPUs", "Address", n.MissingGPUs, label.Memory, func(g report.MissingGPU) cell {
		return m.cell(g.PCIAddress, "nvidia", g.PCIAddress)
	}, "pci_address"))
	s.table(nvlinks(n.GPUs))
	s.table(tabulate("GPU details", "GPU", n.GPUs, label.Memory, func(g report.GPU) cell {
		return m.cell(gpuName(g), "nvidia", gpuName(g))
	}, "pci_address", "nvlinks", "mig_devices", "processes"))
	for _, g := range n.GPUs {
		if g.MIG != nil {
			s.table(tabulate("MIG instances of "+gpuName(g), "Instance", g.MIG.Devices, label.Memory, func(x report.MIGInstance) cell {
				if x.Index == nil {
					return cell{Text: "?"}
				}
				return cell{Text: strconv.FormatUint(*x.Index, 10)}
			}, "index"))
		}
		t := tabulate("Processes on "+gpuName(g), "PID", g.Processes, label.Memory, func(x report.GPUProcess) cell {
			return cell{Text: strconv.FormatUint(x.PID, 10)}
		}, "pid")
		t.Folded = true
		s.table(t)
	}
	p.Sections = append(p.Sections, s)
	note := ""
	if len(n.GPUs) > 0 {
		note = n.GPUs[0].Name
	}
	if missing := len(n.MissingGPUs); missing > 0 {
		note = strings.TrimPrefix(fmt.Sprintf("%s, %d missing", note, missing), ", ")
	}
	if unknown := len(n.UnknownGPUs); unknown > 0 {
		note = strings.TrimPrefix(fmt.Sprintf("%s, %d unknown", note, unknown), ", ")
	}
	p.Tiles = append(p.Tiles, m.tile(s.ID, "GPUs", fmt.Sprint(len(n.GPUs)), note))
}

// gpuName is what findings call a GPU, too.
func gpuName(g report.GPU) string { return cmp.Or(g.PCIAddress, g.UUID, g.SerialNumber, "unnamed") }

func gpuPart(g report.GPU, m marks) part {
	q := part{Kind: "gpu", Name: gpuName(g), Level: good}
	q.Lines = []string{
		cmp.Or(g.Name, "unknown model"),
		label.Serial(g.SerialNumber),
		dotted(errorCorrection(g.ECC), linkState(g.NVLinks), partition(g.MIG)),
	}
	if t := of(g.Temperature); t.GPUCelsius != nil {
		limit := of(t.SlowdownCelsius)
		if limit == 0 && t.MarginCelsius != nil {
			limit = *t.GPUCelsius + *t.MarginCelsius
		}
		q.Bars = append(q.Bars, meter("Heat", float64(*t.GPUCelsius), float64(limit), "°C"))
	}
	if w := of(g.Power); w.DrawWatts != nil {
		q.Bars = append(q.Bars, meter("Power", *w.DrawWatts, of(w.LimitWatts), "W"))
	}
	if g.MemoryTotalBytes > 0 {
		b := bar{Name: "Mem", Value: label.Memory(g.MemoryTotalBytes)}
		if u := g.MemoryUsedBytes; u != nil {
			b.Percent = 100 * float64(*u) / float64(g.MemoryTotalBytes)
			b.Value = fmt.Sprintf("%.0f %% of %s", b.Percent, b.Value)
		}
		q.Bars = append(q.Bars, b)
	}
	q.About = present(g.UUID, label.Prefix("VBIOS ", g.VBIOSVersion))
	m.mark(&q, "nvidia", gpuName(g))
	return q
}

// meter is a bar on the scale to a limit; the bar is empty where that is not
// known.
func meter(name string, value, limit float64, unit string) bar {
	if limit <= 0 {
		return bar{Name: name, Value: fmt.Sprintf("%.0f %s", value, unit)}
	}
	return bar{name, fmt.Sprintf("%.0f of %.0f %s", value, limit, unit), 100 * value / limit}
}

func errorCorrection(e *report.GPUECC) string {
	switch {
	case e == nil || e.Enabled == nil:
		return ""
	case !*e.Enabled:
		return "ECC off"
	case of(e.AggregateUncorrected) > 0:
		return fmt.Sprintf("ECC on, %d uncorrected", *e.AggregateUncorrected)
	}
	return "ECC on"
}

func linkState(links []report.NVLink) string {
	switch {
	case links == nil:
		return ""
	case len(links) == 0:
		return "NVLink down"
	}
	active := 0
	for _, l := range links {
		if l.Active {
			active++
		}
	}
	return fmt.Sprintf("NVLink %d of %d", active, len(links))
}

func partition(m *report.MIG) string {
	if m == nil || !of(m.Enabled) {
		return ""
	}
	return "MIG, " + label.Count(len(m.Devices), "instance")
}

// nvlinks is a matrix of GPUs and their links.
func nvlinks(gpus []report.GPU) table {
	t := table{Caption: "NVLink: GB/s of each link", Head: heads("GPU")}
	columns := map[uint64]int{}
	for _, g := range gpus {
		for _, l := range g.NVLinks {
			if columns[l.Link] == 0 {
				columns[l.Link] = len(t.Head)
				t.Head = append(t.Head, cell{Text: strconv.FormatUint(l.Link, 10)})
			}
		}
	}
	if len(columns) == 0 {
		return t
	}
	for _, g := range gpus {
		row := make([]cell, len(t.Head))
		row[0].Text = gpuName(g)
		for _, l := range g.NVLinks {
			c := cell{Text: "down", Level: warning}
			if l.Active {
				c = cell{Text: "up", Level: good}
				if l.SpeedGBs > 0 {
					c.Text, c.Note = fmt.Sprintf("%.1f", l.SpeedGBs), decimal(l.SpeedGBs)
				}
			}
			row[columns[l.Link]] = c
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
