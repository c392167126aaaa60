// Package fleet shows people what the reports of many machines say: as text, as a table for
// spreadsheets, as one page for the browser.
package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bee/audit/judge/compare"
	"bee/audit/judge/fleet"
	"bee/audit/report"
	"bee/audit/report/alike"
	"bee/audit/report/label"
	"bee/audit/show/comparison"
)

// worst is how bad the worst finding of a machine is, in a word: critical, warning, info, none,
// or unknown where nobody looked.
func worst(m fleet.Machine) string {
	switch {
	case m.Findings == nil:
		return "unknown"
	case m.Worst == nil:
		return "none"
	}
	return string(m.Worst.Severity)
}

// found is the worst finding of a machine, in a sentence.
func found(m fleet.Machine) string {
	if m.Worst == nil {
		return ""
	}
	if m.Worst.Component == "" {
		return m.Worst.Message
	}
	return m.Worst.Component + ": " + m.Worst.Message
}

// gist is how the machines are, in a sentence.
func gist(f *fleet.Fleet) string {
	n := map[string]int{}
	for _, m := range f.Machines {
		n[worst(m)]++
	}
	var words []string
	for _, severity := range []report.Severity{report.Critical, report.Warning, report.Info} {
		if n := n[string(severity)]; n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, severity))
		}
	}
	if n := n["none"]; n > 0 {
		words = append(words, fmt.Sprintf("%d without findings", n))
	}
	if n := n["unknown"]; n > 0 {
		words = append(words, fmt.Sprintf("%d where nobody looked for findings", n))
	}
	s := label.Count(len(f.Machines), "machine") + label.Prefix(": ", strings.Join(words, ", "))
	if n := len(f.Duplicates); n > 0 {
		s += fmt.Sprintf("; %s that several have", label.Count(n, "number"))
	}
	if n := len(f.Unread); n > 0 {
		s += fmt.Sprintf("; %s not read", label.Count(n, "file"))
	}
	return s
}

// model is the model of a machine.
func model(manufacturer, product string) string {
	return cmp.Or(label.Join(manufacturer, product), "unknown model")
}

func processors(m fleet.Machine) string {
	return list(m.Processors, func(p fleet.Parts) string { return cmp.Or(p.Name, "unknown processor") })
}

func memory(m fleet.Machine) string { return label.Memory(m.MemoryBytes) }

func drives(m fleet.Machine) string {
	if m.Drives != nil && len(m.Drives) == 0 {
		return "no drives"
	}
	return list(m.Drives, func(p fleet.Parts) string {
		return cmp.Or(label.Join(label.Capacity(p.SizeBytes), p.Name), "unknown drive")
	})
}

func gpus(m fleet.Machine) string {
	return list(m.GPUs, func(p fleet.Parts) string { return cmp.Or(p.Name, "GPU that the driver does not know") })
}

// list names parts: "2 × X, 8 × Y".
func list(all []fleet.Parts, name func(fleet.Parts) string) string {
	var words []string
	for _, p := range all {
		words = append(words, fmt.Sprintf("%d × %s", p.Count, name(p)))
	}
	return strings.Join(words, ", ")
}

// count is how many parts there are.
func count(all []fleet.Parts) (n int) {
	for _, p := range all {
		n += p.Count
	}
	return n
}

// heading is a group in a line.
func heading(g fleet.Group) string {
	s := model(g.Manufacturer, g.ProductName) + ": " + label.Count(len(g.Machines), "machine")
	if len(g.Machines) == 1 {
		return s
	}
	return s + fmt.Sprintf(", %d alike", g.Alike)
}

// hardware is what most machines of a group consist of.
func hardware(f *fleet.Fleet, g fleet.Group) string {
	show := map[string]func(fleet.Machine) string{"cpu": processors, "memory": memory, "storage": drives, "nvidia": gpus}
	var words []string
	for _, section := range g.Sections {
		i := slices.IndexFunc(f.Machines, func(m fleet.Machine) bool { return m.Name == section.Model })
		if describe := show[section.Section]; describe != nil && i >= 0 {
			if s := describe(f.Machines[i]); s != "" {
				words = append(words, s)
			}
		}
	}
	return strings.Join(words, ", ")
}

// split names the sections of a group in which no more machines are alike than are not.
func split(g fleet.Group) string {
	var words []string
	for _, m := range g.Sections {
		if m.None() && m.Known > 1 {
			words = append(words, fmt.Sprintf("%s (%d of %d are as %s)", comparison.Title(m.Section), m.Alike, m.Known, m.Model))
		}
	}
	return label.Prefix("There is no majority in ", strings.Join(words, ", "))
}

// difference is a way in which some machines of a group are not as most are.
type difference struct {
	Section, Component   string
	What, Expected, Here string
	Who                  []string
}

// differences gathers what is the same in several machines.
func differences(g fleet.Group) []difference {
	type one struct {
		compare.Difference
		machine string
	}
	var ones []one
	for _, o := range g.Others {
		for _, d := range o.Differences {
			ones = append(ones, one{d, o.Machine})
		}
	}
	var all []difference
	for _, same := range alike.Group(ones, func(d one) string {
		what, expected, got := comparison.Words(d.Difference)
		return strings.Join([]string{d.Section, string(d.Kind), d.Component, what, expected, got}, "\x00")
	}) {
		first := same[0].Difference
		d := difference{Section: comparison.Title(first.Section), Component: comparison.Component(first)}
		d.What, d.Expected, d.Here = comparison.Words(first)
		for _, one := range same {
			d.Who = append(d.Who, at(one.machine, one.Where))
		}
		all = append(all, d)
	}
	order := compare.Sections()
	slices.SortStableFunc(all, func(a, b difference) int {
		place := func(d difference) int {
			return slices.IndexFunc(order, func(s string) bool { return comparison.Title(s) == d.Section })
		}
		return place(a) - place(b)
	})
	return all
}

// unknown is something that could not be compared, of some machines of a group.
type unknown struct {
	What string
	Who  []string
}

func unknowns(g fleet.Group) []unknown {
	type one struct{ what, machine string }
	var ones []one
	for _, o := range g.Others {
		for _, u := range o.NotCompared {
			what := u
			what.Where = nil
			ones = append(ones, one{comparison.Unknown(what), o.Machine})
		}
	}
	var all []unknown
	for _, same := range alike.Group(ones, func(o one) string { return o.what }) {
		u := unknown{What: same[0].what}
		for _, o := range same {
			u.Who = append(u.Who, o.machine)
		}
		all = append(all, u)
	}
	return all
}

// at is a machine, and where in it.
func at(machine string, where []string) string {
	const most = 4
	if len(where) == 0 {
		return machine
	}
	s := strings.Join(where[:min(len(where), most)], ", ")
	if n := len(where) - most; n > 0 {
		s += fmt.Sprintf(" and %d more", n)
	}
	return machine + " (" + s + ")"
}

// some names a few, and says how many more there are.
func some(names []string) string {
	const most = 6
	s := strings.Join(names[:min(len(names), most)], ", ")
	if n := len(names) - most; n > 0 {
		s += fmt.Sprintf(" and %d more", n)
	}
	return s
}

// what is a duplicate's kind and mark, in words.
func what(d fleet.Duplicate) string {
	mark := map[string]string{"serial_number": "serial number", "mac_address": "MAC address", "uuid": "UUID", "wwn": "world wide name"}[d.What]
	return cmp.Or(map[compare.Kind]string{compare.System: "machine's", compare.Interface: "network interface's", compare.Module: "memory module's", compare.RAID: "RAID controller's"}[d.Kind],
		comparison.Kind(d.Kind)+"'s") + " " + mark
}

func holders(d fleet.Duplicate) []string {
	var all []string
	for _, h := range d.Machines {
		all = append(all, at(h.Machine, h.Where))
	}
	return all
}
