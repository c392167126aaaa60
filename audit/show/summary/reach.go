package summary

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"bee/audit/report"
	"bee/audit/report/label"
	"bee/audit/show/terminal"
)

// System says which machine it is, "" where the report does not know.
func System(r *report.Report) string {
	if r.Board == nil || r.Board.System == nil {
		return ""
	}
	y := r.Board.System
	return label.Join(y.Manufacturer, y.ProductName, label.Serial(y.SerialNumber))
}

// access says how SSH lets people in, and by which key they know that it is this machine.
func access(r *report.Report) []string {
	var lines []string
	if rel := r.BeeRelease; rel != nil && label.SSH(rel.SSH) != "" {
		lines = append(lines, "SSH "+label.SSH(rel.SSH))
	}
	if key := r.Host.SSHHostKey; key != "" {
		lines = append(lines, "SSH host key "+key)
	}
	return lines
}

// entry is a row, and how many things it is about.
type entry struct {
	cells []terminal.Cell
	of    int
}

// reach says where the machine is reached: the BMC's address, and the interfaces with theirs
// and what their cables lead to, first those that have one. Ports that have neither address nor
// link share a row.
func reach(r *report.Report) []entry {
	var bmc, addressed, linked, idle []entry
	if r.BMC != nil && r.BMC.LAN != nil {
		l, vlan := r.BMC.LAN, ""
		if l.VLANID != nil {
			vlan = fmt.Sprintf("VLAN %d", *l.VLANID)
		}
		bmc = []entry{{terminal.Cells("BMC", cmp.Or(l.IPAddress, "no address, "+l.MACAddress), vlan), 1}}
	}
	if r.Network == nil {
		return bmc
	}
	of := map[string][]string{}
	for _, a := range r.Network.IPAddresses {
		of[a.Interface] = append(of[a.Interface], a.Address)
	}
	add := func(to *[]entry, name, address string, rest ...string) {
		*to = append(*to, entry{terminal.Cells(append([]string{name, address}, rest...)...), 1})
	}
	var unlinked []string
	for _, i := range r.Network.Interfaces {
		now, _, _ := strings.Cut(carrier(i), " of ")
		switch addresses := of[i.Name]; {
		case addresses != nil:
			add(&addressed, i.Name, strings.Join(addresses, ", "), now, neighbours(i.Neighbours))
			delete(of, i.Name)
		case i.Virtual():
		case i.Link != nil && *i.Link:
			what := cmp.Or(label.Prefix("in ", i.Master), "no address, "+cmp.Or(i.PermanentMACAddress, i.MACAddress))
			add(&linked, i.Name, what, now, neighbours(i.Neighbours))
		default:
			unlinked = append(unlinked, i.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(of)) { // the kernel made these
		add(&addressed, name, strings.Join(of[name], ", "))
	}
	if len(unlinked) > 0 {
		idle = []entry{{terminal.Cells(places(unlinked), "no link"), len(unlinked)}}
	}
	return slices.Concat(bmc, addressed, linked, idle)
}

// cells are the rows of entries.
func cells(entries []entry) [][]terminal.Cell {
	var rows [][]terminal.Cell
	for _, e := range entries {
		rows = append(rows, e.cells)
	}
	return rows
}
