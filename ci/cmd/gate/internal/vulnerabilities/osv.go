package vulnerabilities

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"bee/core/jsonerror"
)

// record is what is asked of a vulnerability in OSV's format, https://ossf.github.io/osv-schema/.
// The schema's own Go types are protocol buffers, which take long to read and refuse what a newer
// schema adds.
type record struct {
	ID        string
	Aliases   []string
	Upstream  []string
	Withdrawn string
	Summary   string
	Details   string
	Affected  []struct {
		Package  struct{ Ecosystem, Name string }
		Ranges   []versionRange
		Versions []string
	}
}

type versionRange struct {
	Type   string
	Events []event
}

// event has one field.
type event struct {
	Introduced   string
	Fixed        string
	LastAffected string `json:"last_affected"`
}

// osv looks at one vulnerability.
func (s *search) osv(data []byte) error {
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("no vulnerability in OSV's format: %w", jsonerror.Reword(err))
	}
	if r.ID == "" {
		return fmt.Errorf("no vulnerability in OSV's format: it has no id")
	}
	s.records++
	if r.Withdrawn != "" {
		return nil
	}
	for _, affected := range r.Affected {
		for _, p := range s.packages[key{affected.Package.Ecosystem, affected.Package.Name}] {
			vulnerable, fixed, err := p.in(affected.Ranges)
			if err != nil { // what cannot be ruled out counts
				s.found.add(p, names(r), "", err.Error())
			} else if vulnerable || slices.Contains(affected.Versions, p.Version) {
				s.found.add(p, names(r), fixed, description(r))
			}
		}
	}
	return nil
}

// names of a vulnerability, its own first. A distribution's record of one CVE is that CVE; an
// advisory about several is not any of them.
func names(r record) []string {
	all := append([]string{r.ID}, r.Aliases...)
	if len(r.Upstream) == 1 {
		all = append(all, r.Upstream...)
	}
	return all
}

func description(r record) string {
	if r.Summary != "" {
		return r.Summary
	}
	text, _, _ := strings.Cut(strings.TrimSpace(r.Details), "\n")
	return text
}

// in tells whether a package's version is in one of the ranges, and the lowest version above it
// in which that is fixed, "" where there is none.
func (p *Package) in(ranges []versionRange) (vulnerable bool, fixed string, err error) {
	for _, r := range ranges {
		if r.Type == "GIT" {
			continue
		}
		here, above, err := p.within(r.Events)
		if err != nil {
			return false, "", err
		}
		if !here {
			continue
		}
		vulnerable = true
		if fixed == "" {
			fixed = above
		}
	}
	return vulnerable, fixed, nil
}

// within tells the same of the events of one range, which may be in any order: the highest that
// is not above the version tells whether that is vulnerable.
func (p *Package) within(events []event) (vulnerable bool, fixed string, err error) {
	const start = "0" // is below all versions
	last := start
	for _, e := range events {
		at, comes := cmp.Or(e.Introduced, e.Fixed, e.LastAffected), e.Introduced != ""
		switch {
		case at == "":
			continue
		case at == start:
			if last == start {
				vulnerable = comes
			}
			continue
		}
		own, err := p.compare(p.Version, at)
		if err != nil {
			return false, "", err
		}
		if own < 0 || own == 0 && e.LastAffected != "" {
			if e.Fixed != "" {
				if fixed, err = p.lower(fixed, at); err != nil {
					return false, "", err
				}
			}
			continue
		}
		if last != start {
			if order, err := p.compare(at, last); err != nil {
				return false, "", err
			} else if order < 0 {
				continue
			}
		}
		vulnerable, last = comes, at
	}
	return vulnerable, fixed, nil
}

// lower is the lower of two versions, of which the first may be "".
func (p *Package) lower(a, b string) (string, error) {
	if a == "" {
		return b, nil
	}
	order, err := p.compare(a, b)
	if order <= 0 {
		return a, err
	}
	return b, err
}
