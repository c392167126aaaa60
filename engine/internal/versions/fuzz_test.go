package versions

import (
	"maps"
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	f.Add(pins)
	f.Add("A=1=2\r\n\n=\n#\nnonsense")
	f.Fuzz(func(t *testing.T, text string) {
		values, err := Parse(text)
		if err != nil {
			return
		}
		var again strings.Builder
		for key, value := range values {
			if strings.Contains(key+value, "\n") {
				t.Errorf("%q=%q", key, value)
			}
			again.WriteString(key + "=" + value + "\n")
		}
		if got, err := Parse(again.String()); err != nil || !maps.Equal(got, values) {
			t.Errorf("%q, %v after %q", got, err, values)
		}
	})
}
