// Package compare compares the hardware in two audit reports, or that in a report
// with what is wanted (see package baseline).
//
// Components are compared by what they are, not by which one they are or how they
// do: 24 memory modules of one kind equal 24 others of that kind, wherever they
// sit. Serial numbers, UUIDs, MAC addresses and places count only where asked
// for. Readings (temperatures, hours, use, idle clocks and speeds) never count.
//
// What a report leaves out is not known, which is not the same as not there. So
// there are three answers: the same, different, not compared.
package compare

import (
	_ "embed"
	"slices"
	"time"

	"bee/audit/report"
)

//go:generate go test . -run ^TestSchemaIsCurrent$ -update

// Schema is the JSON Schema of comparisons, draft 2020-12, made from the types below.
//
//go:embed comparison.schema.json
var Schema []byte

// Comparison is what came of comparing a machine with what was expected: another
// machine, or a baseline.
type Comparison struct {
	// What was expected: the first report, or the baseline.
	Expected Side `json:"expected"`
	// What there is: the second report.
	Got Side `json:"got"`
	// Whether all is as expected: no differences, and nothing that one side does
	// not know.
	Same bool `json:"same"`
	// What is not as expected.
	Differences []Difference `json:"differences"`
	// What could not be compared.
	NotCompared []Unknown `json:"not_compared"`
	// What differs, but is no part of the hardware: programs, findings. Does not
	// count for same.
	Informational []Difference `json:"informational"`
	// How many components are as expected, by kind.
	Equal []Equal `json:"equal"`
}

// Side is one side of a comparison.
type Side struct {
	// File that it was read from.
	File string `json:"file"`
	// Name of the machine. Absent for a baseline.
	Hostname     string `json:"hostname,omitempty"`
	Manufacturer string `json:"manufacturer,omitempty"`
	ProductName  string `json:"product_name,omitempty"`
	SerialNumber string `json:"serial_number,omitempty"`
	// When the audit began, in UTC. Absent for a baseline.
	StartedAt *time.Time `json:"started_at,omitempty"`
}

// Difference is one way in which some components are not as expected.
type Difference struct {
	// Section of the report.
	Section string `json:"section"`
	// Kind of component: module, drive, …
	Kind Kind `json:"kind,omitempty"`
	// The component, in words.
	Component string `json:"component,omitempty"`
	// How many components differ in this way.
	Components int `json:"components"`
	// What differs: a field of the report, with its unit; count, the number of
	// these components; place, where it is in the machine.
	What string `json:"what"`
	// What was expected: a text, a number, true or false. Of a baseline it may be
	// a pattern, a size with its unit, or a number with a plus behind it.
	Expected any `json:"expected"`
	// What there is: a text, a number, true or false.
	Got any `json:"got"`
	// The components, as the report names them. For components that are missing,
	// as the first report does.
	Where []string `json:"where,omitempty"`
}

// Unknown is something that could not be compared.
type Unknown struct {
	// Section of the report.
	Section string `json:"section"`
	// Kind of component. Absent where it is about the whole section.
	Kind Kind `json:"kind,omitempty"`
	// The component, in words.
	Component string `json:"component,omitempty"`
	// How many components it is about.
	Components int `json:"components,omitempty"`
	// The field of the report that is unknown.
	What string `json:"what,omitempty"`
	// Who does not know: expected, got, or both, which is no trouble.
	Side string `json:"side" jsonschema:"enum=expected,enum=got,enum=both"`
	// Why, as far as the report says.
	Reason string `json:"reason,omitempty"`
	// The components, as the report names them.
	Where []string `json:"where,omitempty"`
}

// Equal counts components that are as expected.
type Equal struct {
	Section    string `json:"section"`
	Kind       Kind   `json:"kind"`
	Components int    `json:"components"`
}

// Options say how reports are compared.
type Options struct {
	// Serials also compares serial numbers, UUIDs, MAC addresses and places: not
	// whether two machines are built alike, but what became of one.
	Serials bool
	// Sections to compare; empty for all.
	Sections []string
}

// Reports compares the machine in report b with that in report a. The names of
// their files are for the result.
func Reports(fileA string, a *report.Report, fileB string, b *report.Report, o Options) *Comparison {
	c := begin(side(fileA, a), side(fileB, b))
	for _, k := range kinds {
		if len(o.Sections) > 0 && !slices.Contains(o.Sections, k.section) {
			continue
		}
		as, bs := k.parts(a), k.parts(b)
		if as == nil || bs == nil {
			if !k.soft {
				c.absent(k, a, as == nil, b, bs == nil)
			}
			continue
		}
		identify(as, o.Serials && !k.soft)
		identify(bs, o.Serials && !k.soft)
		c.kind(k, like(as, bs), bs, false, a, b)
	}
	return c.end(a, b)
}

// Group is a number of parts that are wanted alike.
type Group struct {
	// Name says what is wanted, for people.
	Name string
	// Count says how many, as it is shown: Min, and where OrMore is set there can
	// be more.
	Count  any
	Min    int
	OrMore bool
	Wants  []Want
}

// Expectation is what is wanted of one kind of component.
type Expectation struct {
	Kind   Kind
	Groups []Group
	// Others says whether there may be more than the groups.
	Others bool
}

// Expectations compares the machine in a report with what is wanted. The names
// of the files are for the result.
func Expectations(file string, all []Expectation, reportFile string, r *report.Report) *Comparison {
	c := begin(Side{File: file}, side(reportFile, r))
	for _, e := range all {
		k := kinds[slices.IndexFunc(kinds, func(k kind) bool { return k.name == e.Kind })]
		k.soft = false // it was asked for
		parts := k.parts(r)
		if parts == nil {
			c.absent(k, nil, false, r, true)
			continue
		}
		c.kind(k, groups(e.Groups, len(parts)), parts, e.Others, nil, r)
	}
	return c.end(nil, r)
}

// Parts lists a machine's components of a kind. It returns nil where the report
// lacks the section.
func Parts(r *report.Report, name Kind) []Part {
	return kinds[slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })].parts(r)
}

// Sections lists the sections of a report that hold hardware.
func Sections() []string {
	var all []string
	for _, k := range kinds {
		if !k.soft && !slices.Contains(all, k.section) {
			all = append(all, k.section)
		}
	}
	return all
}

func begin(expected, got Side) *Comparison {
	return &Comparison{
		Expected: expected, Got: got,
		Differences: []Difference{}, NotCompared: []Unknown{}, Informational: []Difference{}, Equal: []Equal{},
	}
}

func side(file string, r *report.Report) Side {
	s := Side{File: file, Hostname: r.Host.Hostname, StartedAt: &r.StartedAt}
	if r.Board != nil && r.Board.System != nil {
		s.Manufacturer, s.ProductName, s.SerialNumber = r.Board.System.Manufacturer, r.Board.System.ProductName, r.Board.System.SerialNumber
	}
	return s
}

// identify makes what tells parts from others that are built alike count, or
// drops it.
func identify(parts []Part, serials bool) {
	for i := range parts {
		p := &parts[i]
		if !serials {
			p.Identity = nil
			continue
		}
		p.Facts = append(p.Facts, p.Identity...)
		if p.Place != "" {
			p.Facts = append(p.Facts, fact("place", p.Place))
		}
	}
}
