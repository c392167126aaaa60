// Package openrc reads what OpenRC and bee's services write down about a boot.
package openrc

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// DeptreeFile is where OpenRC keeps its dependency tree.
const DeptreeFile = "/run/openrc/deptree"

// Deptree is OpenRC's dependency tree: what each service has to do with others.
type Deptree struct {
	numbers map[string]string   // of the services, by name
	before  map[string][]string // what a service waits for, by its number
}

// A service has a number, and relations of several kinds:
//
//	depinfo_7_service='dropbear'
//	depinfo_7_ineed_0='localmount'
var depinfo = regexp.MustCompile(`^depinfo_(\d+)_(?:(service)|([a-z]+)_\d+)='(.*)'$`)

// A service waits for what it needs, uses, wants and comes after, where that is
// started at all.
var waits = []string{"ineed", "iuse", "iwant", "iafter"}

// ParseDeptree reads a dependency tree. Relations of an unknown kind are left out; a
// line that is none is an error.
func ParseDeptree(text string) (Deptree, error) {
	d := Deptree{numbers: map[string]string{}, before: map[string][]string{}}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		part := depinfo.FindStringSubmatch(line)
		if part == nil {
			return Deptree{}, fmt.Errorf("line %d is no dependency: %q", n, line)
		}
		number, isService, kind, name := part[1], part[2] != "", part[3], part[4]
		switch {
		case isService:
			d.numbers[name] = number
		case slices.Contains(waits, kind):
			d.before[number] = append(d.before[number], name)
		}
	}
	return d, nil
}

// Before lists what OpenRC starts before a service, if anything: what it waits for,
// what that waits for, and so on, the nearest first. A service that the tree does not
// have waits for nothing.
func (d Deptree) Before(service string) []string {
	found := []string{service}
	for i := 0; i < len(found); i++ {
		for _, name := range d.before[d.numbers[found[i]]] {
			if !slices.Contains(found, name) {
				found = append(found, name)
			}
		}
	}
	return found[1:]
}
