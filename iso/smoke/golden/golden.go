// Package golden knows the checks that a test of an ISO on a virtual machine must
// have, and what they must come to: without that, a check that is no longer run
// would be missed by nobody.
package golden

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"bee/core/check"
)

// Fact is something about a machine or an ISO that changes what checks come to.
type Fact string

// The facts.
const (
	NoNetwork Fact = "no-network"  // the machine has no network card
	Server    Fact = "server"      // its hardware is that of a server
	BMC       Fact = "bmc"         // it has a BMC
	Secure    Fact = "secure"      // Secure Boot is on
	Enrolled  Fact = "enrolled"    // so it is, and the machine knows the key that signed NVIDIA's modules
	Internet  Fact = "internet"    // it has to reach the internet
	NoDriver  Fact = "no-driver"   // the ISO has no NVIDIA driver
	NoFabric  Fact = "no-fabric"   // the ISO has no Fabric Manager
	NoGPUBurn Fact = "no-gpu-burn" // the ISO has no gpu_burn
	NoVendor  Fact = "no-vendor"   // the ISO has no vendor programs
)

var facts = []Fact{NoNetwork, Server, BMC, Secure, Enrolled, Internet, NoDriver, NoFabric, NoGPUBurn, NoVendor}

// Check is the name of the check that a list makes.
const Check = "checks-complete"

// absent is, in a list, the outcome of a check that must not be there.
const absent = "absent"

// List is the checks of a base, in the format of the files beside this one: a
// check a line, its outcome, and what else it is where a fact holds; of those, the
// first that holds counts.
//
//	gpu-burn  PASS no-gpu-burn=SKIP no-driver=SKIP
type List struct {
	file    string
	entries []entry
}

type entry struct {
	check   string
	outcome string
	others  []other
}

type other struct {
	fact    Fact
	outcome string
}

// The name of a list is the base of the ISOs that it is for.
//
//go:embed alpine debian
var lists embed.FS

// Find returns the list for ISOs of a base.
func Find(base string) (List, error) {
	text, err := lists.ReadFile(base)
	if err != nil {
		return List{}, fmt.Errorf("there is no list of checks for the base %q: iso/smoke/golden has none", base)
	}
	return parse("iso/smoke/golden/"+base, string(text))
}

func parse(file, text string) (List, error) {
	list := List{file: file}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		e, err := parseEntry(words)
		if err == nil && slices.ContainsFunc(list.entries, func(o entry) bool { return o.check == e.check }) {
			err = fmt.Errorf("check %s is there already", e.check)
		}
		if err != nil {
			return List{}, fmt.Errorf("%s:%d: %w", file, number, err)
		}
		list.entries = append(list.entries, e)
	}
	return list, nil
}

func parseEntry(words []string) (entry, error) {
	if len(words) < 2 {
		return entry{}, fmt.Errorf("%s has no outcome", words[0])
	}
	e := entry{check: words[0], outcome: words[1]}
	if err := checkOutcome(e.outcome); err != nil {
		return entry{}, err
	}
	for _, word := range words[2:] {
		fact, outcome, found := strings.Cut(word, "=")
		if !found {
			return entry{}, fmt.Errorf("%s is no fact=OUTCOME", word)
		}
		if !slices.Contains(facts, Fact(fact)) {
			return entry{}, fmt.Errorf("fact %s is none of %s", fact, facts)
		}
		if err := checkOutcome(outcome); err != nil {
			return entry{}, err
		}
		e.others = append(e.others, other{Fact(fact), outcome})
	}
	return e, nil
}

func checkOutcome(word string) error {
	outcomes := []string{string(check.Pass), string(check.Skip), absent}
	if slices.Contains(outcomes, word) {
		return nil
	}
	return fmt.Errorf("outcome %s is none of %s", word, outcomes)
}

// wants is the outcome of the check where facts hold.
func (e entry) wants(facts []Fact) string {
	for _, o := range e.others {
		if slices.Contains(facts, o.fact) {
			return o.outcome
		}
	}
	return e.outcome
}

// Compare is the check that all checks are there, and came to what the list says,
// where facts hold. Those that failed say so themselves.
func (l List) Compare(checks []check.Check, facts []Fact) check.Check {
	c := check.Check{Name: Check, Status: check.Pass, Detail: fmt.Sprintf("%d as in %s", len(checks), l.file)}
	var wrong []string
	for _, e := range l.entries {
		got, want := absent, e.wants(facts)
		if at := slices.IndexFunc(checks, func(c check.Check) bool { return c.Name == e.check }); at >= 0 {
			got = string(checks[at].Status)
		}
		if got != want && got != string(check.Fail) {
			wrong = append(wrong, fmt.Sprintf("%s is %s, not %s", e.check, got, want))
		}
	}
	for _, c := range checks {
		if !slices.ContainsFunc(l.entries, func(e entry) bool { return e.check == c.Name }) {
			wrong = append(wrong, fmt.Sprintf("%s is not in %s: add it there", c.Name, l.file))
		}
	}
	if len(wrong) > 0 {
		c.Status, c.Detail = check.Fail, strings.Join(wrong, "; ")
	}
	return c
}
