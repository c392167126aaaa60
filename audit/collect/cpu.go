package collect

import (
	"context"
	"strings"

	"bee/audit/dmi"
	"bee/audit/report"
)

var cpu = Collector{
	Name:      "cpu",
	About:     "processor sockets, also empty ones (dmidecode)",
	Tools:     []string{"dmidecode"},
	ToolLimit: dmidecodeLimit,
	Collect: func(ctx context.Context, t *Task) {
		if all, ok := structures(ctx, t, "4"); ok {
			t.Update(func(r *report.Report) { r.CPU = cpuFrom(all) })
		}
	},
}

func cpuFrom(all []dmi.Structure) *report.CPU {
	c := &report.CPU{Sockets: []report.Socket{}}
	for _, s := range dmi.Of(all, 4) {
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
			Cores:            s.Count("Core Count"),
			CoresEnabled:     s.Count("Core Enabled"),
			Threads:          s.Count("Thread Count"),
			MaxSpeedMHz:      s.Count("Max Speed"),
			CurrentSpeedMHz:  s.Count("Current Speed"),
			ExternalClockMHz: s.Count("External Clock"),
		}
		if !socket.Populated {
			// Firmware leaves a processor's data behind, some of it made up.
			socket = report.Socket{
				Handle: socket.Handle, Designation: socket.Designation, Status: socket.Status,
				Type: socket.Type, Upgrade: socket.Upgrade,
			}
		}
		c.Sockets = append(c.Sockets, socket)
	}
	return c
}
