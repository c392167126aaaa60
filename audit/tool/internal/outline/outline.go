// Package outline reads text that is laid out for people: names with values behind a colon,
// below headings, further in what belongs to what stands above it.
package outline

import (
	"slices"
	"strings"

	"bee/core/printable"
)

// Node is a line, with the lines that belong to it.
type Node struct {
	// Name is what stands before the colon, or the whole line where there is none.
	Name string
	// Value is what stands behind it.
	Value    string
	Children []*Node

	rank int
}

// Parse returns the lines of a text, below a node without a name. A line without a colon that
// is between two rows of dashes is a heading: what follows belongs to it, if it is no further
// out.
func Parse(out []byte) *Node {
	root := &Node{rank: -2}
	lines := strings.Split(strings.ReplaceAll(string(out), "\t", " "), "\n")
	lines = slices.DeleteFunc(lines, func(s string) bool { return strings.TrimSpace(s) == "" })
	open := []*Node{root}
	for i, line := range lines {
		text := strings.TrimSpace(line)
		if dashes(text) {
			continue
		}
		n := &Node{Name: printable.Escape([]byte(text)), rank: 2 * (len(line) - len(strings.TrimLeft(line, " ")))}
		if name, value, pair := strings.Cut(text+" ", ": "); pair {
			n.Name, n.Value = printable.Escape([]byte(strings.TrimSpace(name))), printable.Escape([]byte(strings.TrimSpace(value)))
		} else if i > 0 && dashes(strings.TrimSpace(lines[i-1])) && i+1 < len(lines) && dashes(strings.TrimSpace(lines[i+1])) {
			n.rank--
		}
		for open[len(open)-1].rank >= n.rank {
			open = open[:len(open)-1]
		}
		above := open[len(open)-1]
		above.Children = append(above.Children, n)
		open = append(open, n)
	}
	return root
}

func dashes(s string) bool { return len(s) > 2 && strings.Trim(s, "-") == "" }

// Get returns the value of the first line of one of the names that belongs to the node, ""
// where there is none. Versions of a tool differ in how they write names.
func (n *Node) Get(names ...string) string {
	if c := n.Find(names...); c != nil {
		return c.Value
	}
	return ""
}

// Find returns the first line of one of the names that belongs to the node, nil where there
// is none.
func (n *Node) Find(names ...string) *Node {
	for _, name := range names {
		for _, c := range n.Children {
			if strings.EqualFold(c.Name, name) {
				return c
			}
		}
	}
	return nil
}

// All calls f with every line below the node.
func (n *Node) All(f func(*Node)) {
	for _, c := range n.Children {
		f(c)
		c.All(f)
	}
}
