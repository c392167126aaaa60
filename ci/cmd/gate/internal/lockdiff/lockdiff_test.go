package lockdiff

import (
	"slices"
	"testing"
)

func TestChanges(t *testing.T) {
	const was = "# The packages.\na 1-r0 Q1a\nb 1-r0 Q1b\nc 1-r0 Q1c\nd 1-r0 Q1d\n"
	const is = "# Other words.\na 1-r0 Q1a\nb 2-r0 Q1x\nc 1-r0 Q1y\n\ne 5-r1 Q1e\n"
	want := []string{"b 1-r0 is now 2-r0", "c 1-r0 was built anew", "d 1-r0 is gone", "e 5-r1 is new"}
	if got := Changes(was, is); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Changes(was, was); got != nil {
		t.Errorf("no change: %q", got)
	}
}
