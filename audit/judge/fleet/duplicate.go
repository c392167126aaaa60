package fleet

import (
	"cmp"
	"crypto/sha256"
	"slices"
	"strings"

	"bee/audit/judge/compare"
	"bee/audit/report"
)

// Duplicate is a mark that no two machines should have, and that several have: a part was
// moved since one of them was audited, two machines reach the same part, or somebody wrote the
// wrong number into one.
type Duplicate struct {
	// What has it: system, module, drive, …
	Kind compare.Kind `json:"kind"`
	// The part, in words.
	Component string `json:"component,omitempty"`
	// What it is: serial_number, uuid or mac_address.
	What  string `json:"what"`
	Value string `json:"value"`
	// The machines that have it.
	Machines []Holder `json:"machines"`
}

// Holder is a machine that has a mark.
type Holder struct {
	// Name of the machine.
	Machine string `json:"machine"`
	// The part that has it, as the report names it.
	Where []string `json:"where,omitempty"`
}

// mark is what tells a part from all others.
type mark struct {
	kind  compare.Kind
	what  string
	value string
	// product is set where other products may have the same number.
	product   string
	component string
	where     string
}

// markID is what is kept of a mark: that it is the same as another one's.
type markID [16]byte

func (m mark) id() markID {
	h := sha256.Sum256([]byte(strings.Join([]string{string(m.kind), m.what, m.value, m.product}, "\x00")))
	return markID(h[:])
}

// marks lists the marks of a machine, and its MAC addresses.
//
// A part of which several have the same number, as memory modules of careless makers have,
// is a finding of its machine; here it counts once.
func marks(r *report.Report, parts compare.Inventory) (all []mark, macs []string) {
	add := func(kind compare.Kind, what, value, product, component, where string) {
		if value != "" {
			all = append(all, mark{kind, what, value, product, component, where})
		}
	}
	if r.Board != nil && r.Board.System != nil {
		s := r.Board.System
		add(compare.System, "serial_number", s.SerialNumber, s.Manufacturer, "", "")
		add(compare.System, "uuid", s.UUID, "", "", "")
	}
	for _, kind := range []compare.Kind{compare.Module, compare.Drive, compare.RAID, compare.GPU} {
		for _, p := range parts[kind] {
			if p.Fact("raid_volume").Value == true {
				continue // its number is the controller's invention
			}
			product := ""
			for _, f := range p.Facts {
				if text, ok := f.Value.(string); ok && f.Key {
					product += text
				}
			}
			for _, what := range []string{"serial_number", "wwn", "uuid"} {
				if value := identity(p, what); value != "" {
					add(kind, what, value, product, p.Name, p.Label)
					break // one is enough
				}
			}
		}
	}
	for _, p := range parts[compare.Interface] {
		mac := strings.ToLower(identity(p, "permanent_mac_address"))
		if worldwide(mac) {
			add(compare.Interface, "mac_address", mac, "", p.Name, p.Label)
		}
		macs = append(macs, mac)
	}
	if r.BMC != nil && r.BMC.LAN != nil {
		mac := strings.ToLower(r.BMC.LAN.MACAddress)
		if worldwide(mac) {
			add(compare.BMC, "mac_address", mac, "", "", "")
		}
		macs = append(macs, mac)
	}
	return all, slices.DeleteFunc(macs, func(mac string) bool { return strings.Trim(mac, "0:") == "" })
}

func identity(p compare.Part, what string) string {
	for _, f := range p.Identity {
		if text, ok := f.Value.(string); ok && f.Name == what {
			return text
		}
	}
	return ""
}

// worldwide reports whether a MAC address is one that its maker gave to one adapter alone. Those
// that software makes up, such as a BMC's for its network over USB, are the same in many
// machines.
func worldwide(mac string) bool {
	if strings.Trim(mac, "0:") == "" {
		return false
	}
	// The second digit has the bits "local" and "group"; the 20 bytes of InfiniBand have none.
	return len(mac) != len("00:00:00:00:00:00") || !strings.ContainsRune("2367abef13579bdf", rune(mac[1]))
}

// shared finds the marks that several machines have.
func shared(entries []*entry) map[markID]bool {
	first := map[markID]*entry{}
	several := map[markID]bool{}
	for _, e := range entries {
		for _, id := range e.marks {
			if other := first[id]; other == nil {
				first[id] = e
			} else if other != e {
				several[id] = true
			}
		}
	}
	return several
}

// duplicates gathers the marks that several machines have, by kind.
func duplicates(entries []*entry) []Duplicate {
	at := map[markID]int{}
	var all []Duplicate
	for _, e := range entries {
		for _, m := range e.shared {
			i, known := at[m.id()]
			if !known {
				i = len(all)
				at[m.id()] = i
				all = append(all, Duplicate{Kind: m.kind, Component: m.component, What: m.what, Value: m.value})
			}
			d := &all[i]
			if n := len(d.Machines); n == 0 || d.Machines[n-1].Machine != e.Name {
				d.Machines = append(d.Machines, Holder{Machine: e.Name})
			}
			if m.where != "" {
				h := &d.Machines[len(d.Machines)-1]
				h.Where = append(h.Where, m.where)
			}
		}
	}
	order := []compare.Kind{compare.System, compare.BMC, compare.Module, compare.Drive, compare.RAID, compare.Interface, compare.GPU}
	slices.SortFunc(all, func(a, b Duplicate) int {
		return cmp.Or(slices.Index(order, a.Kind)-slices.Index(order, b.Kind), cmp.Compare(a.What, b.What), cmp.Compare(a.Value, b.Value), cmp.Compare(a.Component, b.Component))
	})
	return all
}
