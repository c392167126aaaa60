package outline

import (
	"strings"
	"testing"

	"bee/core/printable"
)

func TestParse(t *testing.T) {
	root := Parse([]byte("Outer one\r\n" +
		"   Key: value\n" +
		"   ---------\n" +
		"   Heading\n" +
		"   ---------\n" +
		"   key      : 1:0\n" +
		"   \tdeep \x01: \n" +
		"\n" +
		"   Without:colon\n" +
		"Outer two : x: y\n"))
	one := root.Find("outer ONE")
	if one == nil || len(root.Children) != 2 {
		t.Fatalf("%+v", root.Children)
	}
	heading := one.Find("Heading")
	if heading == nil {
		t.Fatalf("%+v", one.Children)
	}
	for _, c := range []struct{ what, got, want string }{
		{"value", one.Get("none", "Key"), "value"},
		{"below a heading", heading.Get("Key"), "1:0"},
		{"no pair", heading.Find("Without:colon").Value, ""},
		{"two colons", root.Get("Outer two"), "x: y"},
		{"not there", root.Get("Key"), ""},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.what, c.got, c.want)
		}
	}
	if heading.Find("Key").Find(`deep \x01`) == nil {
		t.Errorf("%+v", heading.Find("Key"))
	}
	n := 0
	root.All(func(*Node) { n++ })
	if n != 7 {
		t.Errorf("%d lines", n)
	}
}

// Every line of any text is one node, in its place, and printable.
func FuzzParse(f *testing.F) {
	f.Add("a: 1\n  b\n ---\n c\n ---\n  d : 2\n")
	f.Fuzz(func(t *testing.T, s string) {
		lines := 0
		for line := range strings.SplitSeq(strings.ReplaceAll(s, "\t", " "), "\n") {
			if text := strings.TrimSpace(line); text != "" && !dashes(text) {
				lines++
			}
		}
		Parse([]byte(s)).All(func(n *Node) {
			lines--
			if printable.Again(n.Name) != n.Name || printable.Again(n.Value) != n.Value {
				t.Errorf("%q: %q", n.Name, n.Value)
			}
			for _, c := range n.Children {
				if c.rank <= n.rank {
					t.Errorf("%q is below %q", c.Name, n.Name)
				}
			}
		})
		if lines != 0 {
			t.Errorf("%d lines are lost", lines)
		}
	})
}
