package lock

import (
	"slices"
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	f.Add("# c\na 1-r0 Q1AQEBAQEBAQEBAQEBAQEBAQEBAQE=\na+ 1 Q1BAQEBAQEBAQEBAQEBAQEBAQEBAQ=\n")
	f.Add("a  1 Q1AQEB\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := parse("x", strings.NewReader(text))
		if err != nil {
			return
		}
		var written strings.Builder
		if err := l.Write(&written); err != nil {
			t.Fatal(err)
		}
		again, err := parse("x", strings.NewReader(written.String()))
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
