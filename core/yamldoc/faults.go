package yamldoc

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Faults are what is wrong with a document.
type Faults struct {
	// File is what errors call it.
	File string
	// Errors are in the order in which they were found, each with its line.
	Errors []error
}

// Add adds what is wrong with a node. path is where it is in the document, empty for its top.
func (f *Faults) Add(n *yaml.Node, path, format string, args ...any) {
	place := fmt.Sprintf("%s:%d: ", f.File, n.Line)
	if path != "" {
		place += path + ": "
	}
	f.Errors = append(f.Errors, fmt.Errorf("%s%w", place, fmt.Errorf(format, args...)))
}

// HasValue tells whether a node has a value of its own. Where it has not, that is a fault.
func (f *Faults) HasValue(n *yaml.Node, path string) bool {
	switch {
	case n.Kind == yaml.AliasNode:
		f.Add(n, path, "aliases (*name) are not read")
	case IsNull(n):
		f.Add(n, path, "is empty: leave it out, or give it a value")
	default:
		return true
	}
	return false
}

// Mapping hands each value of a mapping to take, with the number of its key among those that there
// may be, and its path.
func (f *Faults) Mapping(n *yaml.Node, path string, keys []string, take func(key int, value *yaml.Node, path string)) {
	if n.Kind != yaml.MappingNode {
		f.Add(n, path, "want some of: %s", strings.Join(keys, ", "))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		number := slices.Index(keys, key.Value)
		switch at := strings.TrimPrefix(path+"."+key.Value, "."); {
		case number < 0:
			f.Add(key, at, "no such key; there are: %s", strings.Join(keys, ", "))
		case seen[key.Value]:
			f.Add(key, at, "is there twice")
		default:
			take(number, value, at)
		}
		seen[key.Value] = true
	}
}
