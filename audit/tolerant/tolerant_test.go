package tolerant

import (
	"encoding/json"
	"fmt"
	"testing"
)

func TestNumber(t *testing.T) {
	for in, want := range map[string]string{
		`5`: "5 5", `"5"`: "5 5", `" 1,234 "`: "1234 1234", `{"value": 7, "string": "x"}`: "7 7", `-3`: "none -3",
		`18446744073709551615`: "18446744073709551615 none", `"0x1b"`: "27 27",
		`340282366920938463463374607431768211455`: "none none", `null`: "none none", `"n/a"`: "none none",
		`1.5`: "none none", `[]`: "none none", `{}`: "none none", `{"value": {"value": 1}}`: "none none", `true`: "none none",
	} {
		var v struct{ N Number }
		if err := json.Unmarshal([]byte(`{"N": `+in+`}`), &v); err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got := show(v.N.Uint()) + " " + show(v.N.Int()); got != want {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
}

func TestBool(t *testing.T) {
	for in, want := range map[string]string{
		`true`: "true", `"1"`: "true", `0`: "false", `"0"`: "false", `false`: "false", `null`: "none", `"maybe"`: "none",
	} {
		var v struct{ B Bool }
		if err := json.Unmarshal([]byte(`{"B": `+in+`}`), &v); err != nil {
			t.Errorf("%s: %v", in, err)
		} else if got := show(v.B.Value()); got != want {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
}

func TestString(t *testing.T) {
	var v struct{ A, B, C String }
	if err := json.Unmarshal([]byte(`{"A": "text", "B": 5, "C": null}`), &v); err != nil || v.A != "text" || v.B != "" || v.C != "" {
		t.Errorf("got %+v, error %v", v, err)
	}
}

func show[T any](p *T) string {
	if p == nil {
		return "none"
	}
	return fmt.Sprint(*p)
}
