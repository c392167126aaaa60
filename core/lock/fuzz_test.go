package lock

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	f.Add("# c\na 1-r0 x86_64 base - Q1AQEBAQEBAQEBAQEBAQEBAQEBAQE=\na+ 1 all base,tools 0000000000000000000000000000000000000000000000000000000000000000\n")
	f.Add("a 1 all base,base -\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := Parse("x", text)
		if err != nil {
			return
		}
		var written strings.Builder
		if err := l.Write(&written); err != nil {
			t.Fatal(err)
		}
		again, err := Parse("x", written.String())
		if err != nil || !slices.Equal(again, l) {
			t.Errorf("%q was written, %v, %v was read", l, again, err)
		}
		for _, e := range l {
			if got, found := l.Entry(e.Name); !found || got != e {
				t.Errorf("entry %q is %q, %v", e, got, found)
			}
		}
	})
}

// FuzzCompare: what differs one way differs the other way, and nothing from itself.
func FuzzCompare(f *testing.F) {
	f.Add("# c\na 1-r0 x86_64 base - Q1AQEBAQEBAQEBAQEBAQEBAQEBAQE=\n", "a 2-r0 x86_64 tools - Q1AQEBAQEBAQEBAQEBAQEBAQEBAQE=\nb 1 all base 0000000000000000000000000000000000000000000000000000000000000000\n")
	f.Fuzz(func(t *testing.T, from, to string) {
		a, err := Parse("a", from)
		if err != nil {
			return
		}
		b, err := Parse("b", to)
		if err != nil {
			return
		}
		if changes := Compare(a, a); len(changes) > 0 {
			t.Errorf("of one lock: %q", changes)
		}
		if there, back := Compare(a, b), Compare(b, a); len(there) != len(back) {
			t.Errorf("%q, and back %q", there, back)
		}
	})
}

func FuzzReadList(f *testing.F) {
	f.Add("# base\nalpine-base linux-lts # kernel\n\tbusybox>1.2 !openssh\n")
	f.Add("# nothing\n")
	path := filepath.Join(f.TempDir(), "list")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		list, err := ReadList("tools=" + path)
		if (err == nil) != (len(list.Names) > 0) {
			t.Fatalf("%q, %v", list.Names, err)
		}
		for _, name := range list.Names {
			if name == "" || strings.ContainsAny(name, "# \t\n") || !strings.Contains(text, name) {
				t.Errorf("name %q", name)
			}
		}
	})
}
