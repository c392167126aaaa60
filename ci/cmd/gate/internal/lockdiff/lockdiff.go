// Package lockdiff tells how two locks of packages differ.
package lockdiff

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// entry is a package of a lock: a line of name, version and checksum.
type entry struct{ version, checksum string }

func parse(text string) map[string]entry {
	all := map[string]entry{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) >= 3 && words[0][0] != '#' {
			all[words[0]] = entry{words[1], words[2]}
		}
	}
	return all
}

// Changes are the differences between two locks, a line for each package, by name.
func Changes(from, to string) []string {
	was, is := parse(from), parse(to)
	names := maps.Clone(was)
	maps.Copy(names, is)
	var changes []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		a, before := was[name]
		b, after := is[name]
		switch {
		case !before:
			changes = append(changes, fmt.Sprintf("%s %s is new", name, b.version))
		case !after:
			changes = append(changes, fmt.Sprintf("%s %s is gone", name, a.version))
		case a.version != b.version:
			changes = append(changes, fmt.Sprintf("%s %s is now %s", name, a.version, b.version))
		case a != b:
			changes = append(changes, fmt.Sprintf("%s %s was built anew", name, a.version))
		}
	}
	return changes
}
