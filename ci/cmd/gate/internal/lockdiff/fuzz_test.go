package lockdiff

import "testing"

func FuzzChanges(f *testing.F) {
	f.Add("# The packages.\na 1-r0 Q1a\nb 1-r0 Q1b\n", "b 2-r0 Q1x\n\nc 1-r0 Q1c\n")
	f.Fuzz(func(t *testing.T, from, to string) {
		if changes := Changes(from, from); changes != nil {
			t.Errorf("of one lock: %q", changes)
		}
		if there, back := Changes(from, to), Changes(to, from); len(there) != len(back) {
			t.Errorf("%q, and back %q", there, back)
		}
	})
}
