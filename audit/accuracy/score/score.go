package score

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"bee/audit/report"
)

// Score is how accurate reports are.
type Score struct {
	// Machines that have a label, and how many of them could be read.
	Labelled int `json:"labelled"`
	Read     int `json:"read"`
	// Values by section of the report, in the order of their names.
	Sections []Values `json:"sections"`
	// Findings by rule, in the order of their names: of all that were wanted, or false.
	Rules []Findings `json:"rules"`
	// All that is not right.
	Faults []Fault `json:"faults"`

	// Fields that a machine had.
	reached map[string]bool
}

// Values counts values that a label has: right, wrong, or absent where there has to be
// one. One that is there where none may be is wrong.
type Values struct {
	Section string `json:"section"`
	Checked int    `json:"checked"`
	Right   int    `json:"right"`
	Wrong   int    `json:"wrong"`
	Absent  int    `json:"absent"`
}

// Findings counts those of a rule.
type Findings struct {
	Rule   string `json:"rule"`
	Right  int    `json:"right"`
	False  int    `json:"false"`
	Missed int    `json:"missed"`
}

// Fault is what a report has wrong, by its label.
type Fault struct {
	// File of the label, and line, 0 where it says nothing of it.
	Label string `json:"label"`
	Line  int    `json:"line,omitempty"`
	Kind  Kind   `json:"kind"`
	// Path of the value; rule, severity and component of the finding; or why the machine
	// could not be read.
	What string `json:"what"`
	Want string `json:"want,omitempty"`
	Got  string `json:"got,omitempty"`
}

// Kind is what is not right.
type Kind string

// The kinds of faults.
const (
	Wrong         Kind = "wrong"
	Absent        Kind = "absent"
	FalseCritical Kind = "false critical finding"
	FalseFinding  Kind = "false finding"
	Missed        Kind = "missed finding"
	NotRead       Kind = "could not be read"
)

func (f Fault) String() string {
	text := f.Label
	if f.Line > 0 {
		text += fmt.Sprint(":", f.Line)
	}
	text += fmt.Sprintf(": %s: %s", f.Kind, f.What)
	if f.Want != "" {
		text += ", want " + f.Want
	}
	if f.Got != "" {
		text += ", the report has " + f.Got
	}
	return text
}

// minRight is how many of a hundred values have to be right, at least.
const minRight = 99.5

// Total counts the values of all sections.
func (s *Score) Total() Values {
	t := Values{Section: "total"}
	for _, v := range s.Sections {
		t.Checked += v.Checked
		t.Right += v.Right
		t.Wrong += v.Wrong
		t.Absent += v.Absent
	}
	return t
}

// Percent is how many of a hundred values are right.
func (v Values) Percent() float64 { return 100 * float64(v.Right) / float64(max(v.Checked, 1)) }

// Failures says why the score is not good enough; nothing where it is.
func (s *Score) Failures() []string {
	var all []string
	// Most values are of memory: a section can be wrong throughout without being many.
	for _, v := range append(slices.Clone(s.Sections), s.Total()) {
		if v.Percent() < minRight {
			all = append(all, fmt.Sprintf("%s: %.2f %% of the values are right, want %.1f %% at least", v.Section, v.Percent(), minRight))
		}
	}
	for _, kind := range []Kind{FalseCritical, Missed} {
		n := 0
		for _, f := range s.Faults {
			if f.Kind == kind {
				n++
			}
		}
		if n > 0 {
			all = append(all, fmt.Sprintf("%s: %d", kind, n))
		}
	}
	if s.Read < s.Labelled {
		all = append(all, fmt.Sprintf("%d of %d labelled machines could be read", s.Read, s.Labelled))
	}
	return all
}

// Unreadable counts a labelled machine of which there is no report.
func (s *Score) Unreadable(label string, why error) {
	s.Labelled++
	s.Faults = append(s.Faults, Fault{Label: label, Kind: NotRead, What: why.Error()})
}

// Add compares a report with the label of its machine.
func (s *Score) Add(l *Label, r *report.Report) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	// As people get it: what is left out of the JSON is absent.
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var root any
	if err := d.Decode(&root); err != nil {
		return err
	}
	s.Labelled++
	s.Read++
	s.reach(root, "")
	for _, v := range l.values {
		s.value(l, v, root)
	}
	s.findings(l, r.Findings)
	return nil
}

func (s *Score) value(l *Label, v value, root any) {
	section := s.section(v.path[0].field)
	section.Checked++
	got, there := v.path.find(root)
	fault := Fault{Label: l.file, Line: v.line, What: v.path.String(), Kind: Wrong, Got: words(got)}
	switch {
	case v.want == nil && there == nothing, v.want != nil && there == one && equal(got, v.want):
		section.Right++
		return
	case v.want == nil && there == one:
		fault.Want = "nothing"
	case there == several:
		fault.Want, fault.Got = "one", "several"
	case there == one:
		fault.Want = wordsOf(v.want)
	default:
		fault.Kind, fault.Got = Absent, ""
		if v.want != nil {
			fault.Want = wordsOf(v.want)
		}
	}
	if fault.Kind == Absent {
		section.Absent++
	} else {
		section.Wrong++
	}
	s.Faults = append(s.Faults, fault)
}

func (s *Score) section(name string) *Values {
	i, found := slices.BinarySearchFunc(s.Sections, name, func(v Values, name string) int { return cmp.Compare(v.Section, name) })
	if !found {
		s.Sections = slices.Insert(s.Sections, i, Values{Section: name})
	}
	return &s.Sections[i]
}

func (s *Score) rule(name string) *Findings {
	i, found := slices.BinarySearchFunc(s.Rules, name, func(f Findings, name string) int { return cmp.Compare(f.Rule, name) })
	if !found {
		s.Rules = slices.Insert(s.Rules, i, Findings{Rule: name})
	}
	return &s.Rules[i]
}

// findings compares what was found with what is wanted.
func (s *Score) findings(l *Label, found []report.Finding) {
	for _, w := range l.findings {
		if slices.ContainsFunc(found, w.is) {
			s.rule(w.rule).Right++
			continue
		}
		s.rule(w.rule).Missed++
		s.Faults = append(s.Faults, Fault{Label: l.file, Line: w.line, Kind: Missed, What: about(w.rule, w.severity, w.component)})
	}
	for _, f := range found {
		right := slices.ContainsFunc(l.findings, func(w wanted) bool { return w.is(f) })
		judged := !slices.Contains(l.unjudged, f.Rule) && (f.Severity != report.Info || slices.Contains(l.not, f.Rule))
		if right || !judged {
			continue
		}
		s.rule(f.Rule).False++
		kind := FalseFinding
		if f.Severity == report.Critical {
			kind = FalseCritical
		}
		s.Faults = append(s.Faults, Fault{Label: l.file, Kind: kind, What: about(f.Rule, f.Severity, f.Component), Got: f.Message})
	}
}

func about(rule string, severity report.Severity, component string) string {
	return strings.TrimSpace(rule + " " + string(severity) + " " + component)
}

// is reports whether a finding is the wanted one, or one of several that the label does not
// tell apart.
func (w wanted) is(f report.Finding) bool {
	return f.Rule == w.rule && f.Severity == w.severity && (w.component == "" || f.Component == w.component)
}

// presence is whether there is a value at a path.
type presence int

const (
	nothing presence = iota // its part is there, and lacks it
	one
	several // more than one entry of a list is as the path says
	noPart  // the entry of a list that it is of is not there
)

// find returns the value at a path of a report's JSON.
func (p path) find(in any) (any, presence) {
	for i, s := range p {
		if list, ok := in.([]any); ok && s.field == "count" {
			return json.Number(fmt.Sprint(len(list))), one
		}
		object, _ := in.(map[string]any)
		in = object[s.field]
		if s.match != nil {
			list, _ := in.([]any)
			var matching []any
			for _, entry := range list {
				if s.matches(entry) {
					matching = append(matching, entry)
				}
			}
			switch {
			case len(matching) > 1:
				return nil, several
			case len(matching) == 0 && i < len(p)-1:
				return nil, noPart
			case len(matching) == 0:
				return nil, nothing
			}
			in = matching[0]
		}
	}
	if in == nil {
		return nil, nothing
	}
	return in, one
}

func (s step) matches(entry any) bool {
	object, _ := entry.(map[string]any)
	return !slices.ContainsFunc(s.match, func(c condition) bool { return object[c.field] == nil || !equalText(object[c.field], c.value) })
}

// equal reports whether a value is as a label has it.
func equal(got any, want *yaml.Node) bool {
	list, ok := got.([]any)
	if !ok {
		return want.Kind == yaml.ScalarNode && equalText(got, want.Value)
	}
	if want.Kind != yaml.SequenceNode || len(list) != len(want.Content) {
		return false
	}
	for i := range list {
		if !equal(list[i], want.Content[i]) {
			return false
		}
	}
	return true
}

// equalText compares text as it is written, and numbers by what they are worth: a version
// of 1.10 needs no quotes in a label.
func equalText(got any, want string) bool {
	n, ok := got.(json.Number)
	if !ok {
		return fmt.Sprint(got) == want
	}
	a, ok := new(big.Rat).SetString(n.String())
	b, okay := new(big.Rat).SetString(want)
	return ok && okay && a.Cmp(b) == 0
}

// words are a value as people read it in an error.
func words(got any) string {
	text, _ := json.Marshal(got)
	return string(text)
}

func wordsOf(want *yaml.Node) string {
	if want.Kind == yaml.ScalarNode {
		return fmt.Sprintf("%q", want.Value)
	}
	var all []string
	for _, item := range want.Content {
		all = append(all, item.Value)
	}
	return fmt.Sprintf("%q", all)
}
