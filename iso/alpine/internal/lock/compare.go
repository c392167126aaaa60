package lock

import (
	"fmt"
	"slices"
	"strings"

	"chainguard.dev/apko/pkg/apk/apk"
)

// Kind says how a package differs from the lock.
type Kind string

// Kinds of differences.
const (
	Gone     Kind = "gone"     // no index has a package of this name
	Changed  Kind = "changed"  // the index has another version
	Rebuilt  Kind = "rebuilt"  // the index has the version with another checksum
	New      Kind = "new"      // needed, but not locked
	Unneeded Kind = "unneeded" // locked, but not needed
)

// Difference is one package that is not as the lock has it.
type Difference struct {
	Kind Kind
	Name string
	// Locked is the version in the lock; of a rebuilt package with the checksum.
	Locked string
	// Now is what the index has in its place.
	Now string
}

// String returns the difference as one line: changed busybox 1-r0 -> 1-r1.
func (d Difference) String() string {
	switch d.Kind {
	case Changed, Rebuilt:
		return fmt.Sprintf("%s %s %s -> %s", d.Kind, d.Name, d.Locked, d.Now)
	case New:
		return fmt.Sprintf("%s %s %s", d.Kind, d.Name, d.Now)
	default:
		return fmt.Sprintf("%s %s %s", d.Kind, d.Name, d.Locked)
	}
}

// Compare tells how what an install would take now differs from the lock, sorted
// by name. indexes are those that packages were resolved from.
func Compare(l Lock, packages []*apk.RepositoryPackage, indexes []apk.NamedIndex) []Difference {
	there := byName(indexes)
	now := map[string]*apk.RepositoryPackage{}
	var differences []Difference
	for _, p := range packages {
		now[p.Name] = p
		if _, locked := l.Entry(p.Name); !locked {
			differences = append(differences, Difference{New, p.Name, "", p.Version})
		}
	}
	for _, e := range l {
		switch p := now[e.Name]; {
		case p != nil:
			differences = append(differences, e.differs(p)...)
		case there[e.Name] == nil:
			differences = append(differences, Difference{Gone, e.Name, e.Version, ""})
		default:
			differences = append(differences, Difference{Unneeded, e.Name, e.Version, ""})
		}
	}
	slices.SortStableFunc(differences, func(a, b Difference) int { return strings.Compare(a.Name, b.Name) })
	return differences
}

// Missing tells which locked packages the indexes do not have as they are locked.
func Missing(l Lock, indexes []apk.NamedIndex) []Difference {
	there := byName(indexes)
	var differences []Difference
	for _, e := range l {
		packages := there[e.Name]
		switch {
		case len(packages) == 0:
			differences = append(differences, Difference{Gone, e.Name, e.Version, ""})
		case !slices.ContainsFunc(packages, e.is):
			differences = append(differences, e.differs(packages[len(packages)-1])...)
		}
	}
	return differences
}

// differs returns how a package of the same name differs from the entry, if it does.
func (e Entry) differs(p *apk.RepositoryPackage) []Difference {
	switch {
	case e.is(p):
		return nil
	case p.Version == e.Version:
		return []Difference{{Rebuilt, e.Name, e.Version + " " + e.Checksum, p.ChecksumString()}}
	default:
		return []Difference{{Changed, e.Name, e.Version, p.Version}}
	}
}

func byName(indexes []apk.NamedIndex) map[string][]*apk.RepositoryPackage {
	there := map[string][]*apk.RepositoryPackage{}
	for _, index := range indexes {
		for _, p := range index.Packages() {
			there[p.Name] = append(there[p.Name], p)
		}
	}
	return there
}
