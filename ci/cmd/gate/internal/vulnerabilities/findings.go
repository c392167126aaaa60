package vulnerabilities

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"bee/core/printable"
)

// Finding is a vulnerability that a package is known to have.
type Finding struct {
	// Names of the vulnerability, a CVE first where there is one.
	Names []string `json:"names"`
	// Package that databases know, with the components of the bill of materials that it is in.
	Ecosystem  string   `json:"ecosystem"`
	Package    string   `json:"package"`
	Version    string   `json:"version"`
	Components []string `json:"components"`
	// Fixed is the version in which it is, "" where there is none yet.
	Fixed   string `json:"fixed,omitempty"`
	Summary string `json:"summary,omitempty"`
}

// String is the finding in one line.
func (f Finding) String() string { return f.Names[0] + ": " + f.Message() }

// Message is the finding in one line, without the name of the vulnerability.
func (f Finding) Message() string {
	line := fmt.Sprintf("%s %s (%s), ", f.Package, f.Version, some(f.Components))
	if f.Fixed != "" {
		line += "fixed in " + f.Fixed
	} else {
		line += "not fixed"
	}
	if f.Summary != "" {
		line += ": " + f.Summary
	}
	return line
}

// some names a few components.
func some(components []string) string {
	const few = 3
	if len(components) > few {
		return strings.Join(components[:few], ", ") + ", …"
	}
	return strings.Join(components, ", ")
}

// one is what tells a finding from others: several databases may know of it.
type one struct{ name, ecosystem, pkg, version string }

// Findings by what tells them from others.
type Findings map[one]*Finding

// add adds what a database knows. Its text becomes printable here.
func (all Findings) add(p *Package, names []string, fixed, summary string) {
	for i := range names {
		names[i] = printable.Again(names[i])
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	f := &Finding{
		Names: names, Ecosystem: p.Ecosystem, Package: p.Name, Version: p.Version, Components: p.Components,
		Fixed: printable.Again(fixed), Summary: shorten(printable.Again(summary)),
	}
	all.merge(one{names[0], p.Ecosystem, p.Name, p.Version}, f)
}

// rank puts CVEs first.
func rank(name string) int {
	if strings.HasPrefix(name, "CVE-") {
		return 0
	}
	return 1
}

// maxSummary is how much of a description is told, in bytes.
const maxSummary = 200

// shorten leaves out what is behind the first line, or too much.
func shorten(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	if len(text) <= maxSummary {
		return text
	}
	cut := strings.LastIndexByte(text[:maxSummary], ' ')
	for cut = max(cut, maxSummary/2); !utf8.RuneStart(text[cut]); cut-- {
	}
	return text[:cut] + " …"
}

// merge adds a finding to what is known of it.
func (all Findings) merge(k one, f *Finding) {
	known := all[k]
	if known == nil {
		all[k] = f
		return
	}
	for _, name := range f.Names {
		if !slices.Contains(known.Names, name) {
			known.Names = append(known.Names, name)
		}
	}
	known.Fixed = cmp.Or(known.Fixed, f.Fixed)
	known.Summary = cmp.Or(known.Summary, f.Summary)
}

// Merge adds the findings of another database.
func (all Findings) Merge(others Findings) {
	for _, k := range slices.SortedFunc(maps.Keys(others), compareKeys) {
		all.merge(k, others[k])
	}
}

// Sorted are the findings in order.
func (all Findings) Sorted() []Finding {
	sorted := []Finding{}
	for _, k := range slices.SortedFunc(maps.Keys(all), compareKeys) {
		sorted = append(sorted, *all[k])
	}
	return sorted
}

func compareKeys(a, b one) int {
	return cmp.Or(cmp.Compare(a.ecosystem, b.ecosystem), cmp.Compare(a.pkg, b.pkg), cmp.Compare(a.version, b.version), cmp.Compare(a.name, b.name))
}
