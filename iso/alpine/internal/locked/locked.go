// Package locked makes locks of packages as apko knows them, and compares them with what
// repositories have.
package locked

import (
	"slices"

	"chainguard.dev/apko/pkg/apk/apk"

	"bee/core/lock"
)

// Entry locks a package, which is in no layer yet, and whose SHA-256 no index has.
func Entry(p *apk.RepositoryPackage) lock.Entry {
	return lock.Entry{Name: p.Name, Version: p.Version, Architecture: p.Arch, Checksum: p.ChecksumString()}
}

// Of locks what layers take, by their names.
func Of(layers map[string][]*apk.RepositoryPackage) (lock.Lock, error) {
	of := map[string][]lock.Entry{}
	for layer, packages := range layers {
		for _, p := range packages {
			of[layer] = append(of[layer], Entry(p))
		}
	}
	return lock.Union(of)
}

// Compare tells how what an install would take now differs from the lock, sorted
// by name. indexes are those that it was resolved from.
func Compare(l, now lock.Lock, indexes []apk.NamedIndex) []lock.Difference {
	there := byName(indexes)
	differences := lock.Compare(l, now)
	for i, d := range differences {
		if d.Kind == lock.Gone && there[d.Name] != nil {
			differences[i].Kind = lock.Unneeded
		}
	}
	return differences
}

// Missing tells which locked packages the indexes do not have as they are locked.
func Missing(l lock.Lock, indexes []apk.NamedIndex) []lock.Difference {
	there := byName(indexes)
	var differences []lock.Difference
	for _, e := range l {
		entries := there[e.Name]
		if len(entries) == 0 {
			differences = append(differences, e.Gone())
		} else if !slices.ContainsFunc(entries, e.Same) {
			d, _ := e.Differs(entries[len(entries)-1])
			differences = append(differences, d)
		}
	}
	return differences
}

func byName(indexes []apk.NamedIndex) map[string][]lock.Entry {
	there := map[string][]lock.Entry{}
	for _, index := range indexes {
		for _, p := range index.Packages() {
			there[p.Name] = append(there[p.Name], Entry(p))
		}
	}
	return there
}
