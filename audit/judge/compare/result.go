package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bee/audit/report"
)

// plan is what is wanted of one kind.
type plan struct {
	groups []Group
	want   []wanted
	// home finds the group of a part that was left over, -1 for none.
	home func(Part) int
	// placed is set where it says something which part was left over.
	placed bool
}

// like wants the parts of another machine.
func like(as, bs []Part) plan {
	p := plan{placed: true}
	byProduct := map[string]int{}
	names := factNames(bs)
	for i := range as {
		a := &as[i]
		g, known := byProduct[a.product()]
		if !known {
			g = len(p.groups)
			byProduct[a.product()] = g
			p.groups = append(p.groups, Group{Name: a.Name})
		}
		p.groups[g].Min++
		p.groups[g].Count = p.groups[g].Min
		p.want = append(p.want, wanted{group: g, model: a, wants: equal(*a, names)})
	}
	p.home = func(part Part) int {
		if g, ok := byProduct[part.product()]; ok {
			return g
		}
		return -1
	}
	return p
}

// equal wants the facts of a part, and for the other names in names says that it
// does not know.
func equal(p Part, names []Fact) []Want {
	var wants []Want
	for _, f := range p.Facts {
		if !f.Loose {
			wants = append(wants, Want{Fact: f.Name, Expected: f.Value, Accepts: func(v any) bool { return v == f.Value }})
		}
	}
	for _, f := range names {
		if p.Fact(f.Name).Value == nil && !f.Loose {
			wants = append(wants, Want{Fact: f.Name})
		}
	}
	return wants
}

// factNames lists the facts that some parts have, each once.
func factNames(parts []Part) []Fact {
	var all []Fact
	seen := map[string]bool{}
	for _, p := range parts {
		for _, f := range p.Facts {
			if !seen[f.Name] {
				seen[f.Name] = true
				all = append(all, f)
			}
		}
	}
	return all
}

// groups wants groups of parts; there are n parts to choose from.
func groups(all []Group, n int) plan {
	p := plan{groups: all}
	for i, g := range all {
		for range min(g.Min, n) {
			p.want = append(p.want, wanted{group: i, wants: g.Wants})
		}
		if g.OrMore {
			for range n {
				p.want = append(p.want, wanted{group: i, wants: g.Wants, optional: true})
			}
		}
	}
	p.home = func(part Part) int {
		return slices.IndexFunc(all, func(g Group) bool { return judge(wanted{wants: g.Wants}, part).fits() })
	}
	return p
}

// kind compares the parts of one kind with what is wanted of it. others says
// whether there may be more; a is the other machine's report, if there is one.
func (c *Comparison) kind(k kind, p plan, parts []Part, others bool, a, b *report.Report) {
	m := assign(p.want, parts)
	differences := append(p.counts(m, others), p.facts(m)...)
	for i := range differences {
		differences[i].Section, differences[i].Kind = k.section, k.name
	}
	if k.soft {
		c.Informational = append(c.Informational, differences...)
		return
	}
	c.Differences = append(c.Differences, differences...)
	c.NotCompared = append(c.NotCompared, p.unknown(m, k, a, b)...)
	equal := 0
	for _, t := range m.taken {
		if t != nil && t.fits() {
			equal++
		}
	}
	if equal > 0 {
		c.Equal = append(c.Equal, Equal{k.section, k.name, equal})
	}
}

// counts finds the groups of which there are too few or too many, and the parts
// that are of no group.
func (p plan) counts(m *matching, others bool) []Difference {
	type state struct {
		got, extra int
		where      []string
	}
	states := make([]state, len(p.groups))
	for i, w := range p.want {
		s := &states[w.group]
		switch {
		case m.taken[i] != nil:
			s.got++
		case !w.optional:
			s.where = addLabel(s.where, w.label())
		}
	}
	var strangers tally[Difference]
	for i, part := range m.parts {
		if m.used[i] {
			continue
		}
		if g := p.home(part); g >= 0 {
			states[g].extra++
			if p.placed {
				states[g].where = addLabel(states[g].where, part.Label)
			}
		} else if !others {
			d := strangers.at(part.product())
			d.Component, d.What, d.Expected = part.Name, "count", 0
			d.Components++
			d.Got = d.Components
			d.Where = addLabel(d.Where, part.Label)
		}
	}
	var all []Difference
	for i, s := range states {
		g := p.groups[i]
		if n := max(0, g.Min-s.got) + s.extra; n > 0 {
			all = append(all, Difference{
				Component: g.Name, Components: n, What: "count", Expected: g.Count, Got: s.got + s.extra, Where: s.where,
			})
		}
	}
	return append(all, strangers.all()...)
}

// facts finds what is wrong with parts that are there.
func (p plan) facts(m *matching) []Difference {
	var all tally[Difference]
	for _, t := range m.taken {
		if t == nil {
			continue
		}
		part, group := m.parts[t.part], m.want[t.wanted].group
		for _, w := range t.wrong {
			got := part.Fact(w.Fact).Value
			d := all.at(fmt.Sprintf("%d\n%s\n%v\n%v", group, w.Fact, w.Expected, got))
			d.Component, d.What, d.Expected, d.Got = p.groups[group].Name, w.Fact, w.Expected, got
			d.Components++
			d.Where = addLabel(d.Where, part.Label)
		}
	}
	return all.all()
}

// unknown finds what is not known of parts that are there.
func (p plan) unknown(m *matching, k kind, a, b *report.Report) []Unknown {
	var all tally[Unknown]
	for _, t := range m.taken {
		if t == nil {
			continue
		}
		part, want := m.parts[t.part], m.want[t.wanted]
		for _, w := range t.unknown {
			side, why := "got", reason(b, k.section, part.Label)
			if w.Accepts == nil {
				side, why = "expected", reason(a, k.section, want.label())
			}
			u := all.at(fmt.Sprintf("%d\n%s\n%s\n%s", want.group, w.Fact, side, why))
			*u = Unknown{
				Section: k.section, Kind: k.name, Component: p.groups[want.group].Name, Components: u.Components + 1,
				What: w.Fact, Side: side, Reason: why, Where: addLabel(u.Where, part.Label),
			}
		}
	}
	return all.all()
}

// absent records that components of a kind are in one of the reports only, or in
// neither.
func (c *Comparison) absent(k kind, a *report.Report, notA bool, b *report.Report, notB bool) {
	u := Unknown{Section: k.section, Kind: k.name, Side: "got"}
	r := b
	if notA {
		u.Side, r = "expected", a
	}
	if notA && notB {
		u.Side = "both"
	} else {
		u.Reason = missing(r, k.section)
	}
	// Where the whole section is not known, once is enough. Where neither knows a
	// part of one, such as a BMC, there may be none.
	whole := !slices.ContainsFunc(kinds, func(x kind) bool { return x.section == k.section && x.parts(r) != nil })
	if whole {
		u.Kind = ""
	}
	known := slices.ContainsFunc(c.NotCompared, func(x Unknown) bool { return x.Section == u.Section && x.Side == u.Side && x.Kind == "" })
	if !known && (whole || u.Side != "both") {
		c.NotCompared = append(c.NotCompared, u)
	}
}

// end says where components may be missing only because a tool failed or was not
// there, and sums up.
func (c *Comparison) end(a, b *report.Report) *Comparison {
	var sections []string
	for _, d := range c.Differences {
		if d.What == "count" && !slices.Contains(sections, d.Section) {
			sections = append(sections, d.Section)
		}
	}
	for _, s := range sections {
		for _, side := range []struct {
			name   string
			r, not *report.Report
		}{{"expected", a, b}, {"got", b, a}} {
			why := failures(side.r, s)
			for _, tool := range tools(side.not, s) {
				if side.r != nil && !slices.Contains(tools(side.r, s), tool) {
					why = append(why, tool+" was not run")
				}
			}
			if len(why) > 0 {
				reason := "there may be more than it lists: " + why[0]
				if len(why) > 1 {
					reason += fmt.Sprintf(" (and %d more)", len(why)-1)
				}
				c.NotCompared = append(c.NotCompared, Unknown{Section: s, Side: side.name, Reason: reason})
			}
		}
	}
	c.Same = len(c.Differences) == 0 && !slices.ContainsFunc(c.NotCompared, func(u Unknown) bool { return u.Side != "both" })
	return c
}

// tools lists the tools that were run for a section.
func tools(r *report.Report, section string) []string {
	var all []string
	for _, c := range cmp.Or(r, &report.Report{}).Collectors {
		for _, t := range c.Tools {
			if c.Name == section && !slices.Contains(all, t.Tool) {
				all = append(all, t.Tool)
			}
		}
	}
	return all
}

// missing says why a report lacks a section.
func missing(r *report.Report, section string) string {
	i := slices.IndexFunc(r.Collectors, func(c report.CollectorRun) bool { return c.Name == section })
	why := failures(r, section)
	switch {
	case i < 0:
		return "the audit was not asked for it, or did not know it yet"
	case r.Collectors[i].Status == report.Skipped:
		return "the machine has no " + strings.Join(r.Collectors[i].MissingTools, ", ")
	case len(why) > 0:
		return why[0]
	}
	return "the audit found nothing"
}

// failures lists what went wrong while a section was collected.
func failures(r *report.Report, section string) []string {
	var all []string
	if r != nil {
		for _, e := range r.Errors {
			if slices.Contains(e.Sections(), section) {
				all = append(all, e.Message)
			}
		}
	}
	return all
}

// reason says why something is not known of a part, where an error in the report
// names the part.
func reason(r *report.Report, section, label string) string {
	for _, e := range cmp.Or(r, &report.Report{}).Errors {
		if slices.ContainsFunc(e.Runs(), func(run report.FailedRun) bool { return run.Collector == section && slices.Contains(run.Args, label) }) {
			return e.Message
		}
	}
	return ""
}

// label is what the other machine's report calls the part.
func (w wanted) label() string {
	if w.model == nil {
		return ""
	}
	return w.model.Label
}

func addLabel(labels []string, label string) []string {
	if label == "" {
		return labels
	}
	return append(labels, label)
}

// tally is a map that keeps the order in which keys came.
type tally[T any] struct {
	index map[string]*T
	order []*T
}

func (t *tally[T]) at(key string) *T {
	if t.index == nil {
		t.index = map[string]*T{}
	}
	v, ok := t.index[key]
	if !ok {
		v = new(T)
		t.index[key] = v
		t.order = append(t.order, v)
	}
	return v
}

func (t *tally[T]) all() []T {
	var all []T
	for _, v := range t.order {
		all = append(all, *v)
	}
	return all
}
