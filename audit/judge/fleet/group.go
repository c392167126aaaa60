package fleet

import (
	"cmp"
	"slices"

	"bee/audit/judge/compare"
	"bee/audit/report"
	"bee/audit/report/alike"
)

// Group is the machines of one model.
type Group struct {
	// Absent where nobody knows the model.
	Manufacturer string `json:"manufacturer,omitempty"`
	ProductName  string `json:"product_name,omitempty"`
	// Names of the machines.
	Machines []string `json:"machines"`
	// How many are built as most are, in all that is known of hardware.
	Alike int `json:"alike"`
	// For each section what most machines have in common.
	Sections []Majority `json:"sections"`
	// The machines that are not as most are.
	Others []Other `json:"others"`
}

// Majority says how many machines of a group have a section that is built alike.
type Majority struct {
	// Section of the report.
	Section string `json:"section"`
	// How many are alike, the most that are, and of how many the section is known.
	Alike int `json:"alike"`
	Known int `json:"known"`
	// Name of one of those that are alike: the others are compared with it.
	Model string `json:"model"`
}

// None reports whether there is no majority: no more are alike than are not.
func (m Majority) None() bool { return 2*m.Alike <= m.Known }

// Other is a machine that is not as most of its group are.
type Other struct {
	// Name of the machine.
	Machine string `json:"machine"`
	// What differs: expected is what most machines have.
	Differences []compare.Difference `json:"differences"`
	// What could not be compared.
	NotCompared []compare.Unknown `json:"not_compared"`
}

// group groups machines by their model, and compares those of a group. What has to be read once
// more is read here, also for the marks that several machines share.
func (f *Fleet) group(entries []*entry, shared map[markID]bool, read func(string) (*report.Report, error)) {
	type model struct{ manufacturer, product string }
	groups := alike.Group(entries, func(e *entry) model { return model{e.Manufacturer, e.ProductName} })
	slices.SortStableFunc(groups, func(a, b []*entry) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a[0].Manufacturer, b[0].Manufacturer), cmp.Compare(a[0].ProductName, b[0].ProductName))
	})
	for _, members := range groups {
		g := Group{Manufacturer: members[0].Manufacturer, ProductName: members[0].ProductName, Sections: []Majority{}, Others: []Other{}}
		for _, e := range members {
			g.Machines = append(g.Machines, e.Name)
		}
		f.compare(&g, members, shared, read)
		g.Alike = len(g.Machines) - len(g.Others)
		f.Groups = append(f.Groups, g)
	}
}

// model is a machine with which others of its group are compared, in some sections.
type model struct {
	*entry
	sections []string
	report   *report.Report
	err      error
}

// compare compares the members of a group with what most of them are.
func (f *Fleet) compare(g *Group, members []*entry, shared map[markID]bool, read func(string) (*report.Report, error)) {
	models := choose(g, members)
	// Those that are as most are, and share nothing, need not be read again; most are.
	var again []*entry
	differ := false
	for _, e := range members {
		other := slices.ContainsFunc(models, func(m *model) bool { return len(m.differ(e)) > 0 })
		differ = differ || other
		if other || slices.ContainsFunc(e.marks, func(id markID) bool { return shared[id] }) {
			again = append(again, e)
		}
	}
	if !differ {
		models = nil
	}
	each(len(models), func(i int) { models[i].report, models[i].err = read(models[i].path) })
	all, errs := make([]Other, len(again)), make([]error, len(again))
	each(len(again), func(i int) {
		e := again[i]
		r, err := read(e.path)
		if err != nil {
			errs[i] = err
			return
		}
		marks, _ := marks(r, compare.Take(r))
		e.shared = slices.DeleteFunc(marks, func(m mark) bool { return !shared[m.id()] })
		o := Other{Machine: e.Name, Differences: []compare.Difference{}, NotCompared: []compare.Unknown{}}
		for _, m := range models {
			sections := m.differ(e)
			if len(sections) == 0 || m.err != nil {
				continue
			}
			c := compare.Reports(m.File, m.report, e.File, r, compare.Options{Sections: sections})
			o.Differences = append(o.Differences, c.Differences...)
			for _, u := range c.NotCompared {
				if u.Side != "both" {
					o.NotCompared = append(o.NotCompared, u)
				}
			}
		}
		inOrder(o.Differences, func(d compare.Difference) string { return d.Section })
		inOrder(o.NotCompared, func(u compare.Unknown) string { return u.Section })
		e.Differences = len(o.Differences)
		all[i] = o
	})
	for _, m := range models {
		if m.err != nil { // it could be read just now
			f.Unread = append(f.Unread, NotRead(m.path, m.err))
		}
	}
	for i, o := range all {
		if errs[i] != nil {
			f.Unread = append(f.Unread, NotRead(again[i].path, errs[i]))
		} else if len(o.Differences)+len(o.NotCompared) > 0 {
			g.Others = append(g.Others, o)
		}
	}
}

// choose finds out what most members are in each section, and the members to compare the others
// with: as few as are as most in all sections.
func choose(g *Group, members []*entry) []*model {
	votes := map[string]map[compare.Build]int{}
	known := map[string]int{}
	for _, e := range members {
		for section, build := range e.builds {
			if votes[section] == nil {
				votes[section] = map[compare.Build]int{}
			}
			votes[section][build]++
			known[section]++
		}
	}
	most := map[string]int{}
	for section, builds := range votes {
		for _, n := range builds {
			most[section] = max(most[section], n)
		}
	}
	as := func(e *entry, section string) bool {
		build, ok := e.builds[section]
		return ok && votes[section][build] == most[section]
	}
	// The one that is as most are in most sections comes first.
	sorted := slices.Clone(members)
	slices.SortStableFunc(sorted, func(a, b *entry) int {
		n := func(e *entry) (n int) {
			for section := range votes {
				if as(e, section) {
					n++
				}
			}
			return n
		}
		return n(b) - n(a)
	})
	var models []*model
	for _, section := range compare.Sections() {
		i := slices.IndexFunc(sorted, func(e *entry) bool { return as(e, section) })
		if i < 0 {
			continue // nobody knows it
		}
		e := sorted[i]
		g.Sections = append(g.Sections, Majority{section, most[section], known[section], e.Name})
		at := slices.IndexFunc(models, func(m *model) bool { return m.entry == e })
		if at < 0 {
			at = len(models)
			models = append(models, &model{entry: e})
		}
		models[at].sections = append(models[at].sections, section)
	}
	return models
}

// differ lists the sections in which a machine is not as the model, of those that it is one for.
func (m *model) differ(e *entry) []string {
	return slices.DeleteFunc(slices.Clone(m.sections), func(section string) bool { return m.builds[section] == e.builds[section] })
}

// inOrder sorts by section, in the order of the report.
func inOrder[T any](all []T, section func(T) string) {
	order := compare.Sections()
	slices.SortStableFunc(all, func(a, b T) int { return slices.Index(order, section(a)) - slices.Index(order, section(b)) })
}
