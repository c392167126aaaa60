package tolerant

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"testing"
)

func TestNumber(t *testing.T) {
	for in, want := range map[string]string{
		`5`: "5 5", `"5"`: "5 5", `" 1,234 "`: "1234 1234", `{"value": 7, "string": "x"}`: "7 7", `-3`: "none -3",
		`18446744073709551615`: "18446744073709551615 none", `"0x1b"`: "27 27", `"010"`: "10 10", `"0b1"`: "none none", `"+5"`: "none none",
		`340282366920938463463374607431768211455`: "none none", `null`: "none none", `"n/a"`: "none none",
		`12.0`: "12 12", `"12.00"`: "12 12", `1.2e1`: "12 12", `{"value": 12.0}`: "12 12", `-3.0`: "none -3", `1920383410176.0`: "1920383410176 1920383410176",
		`1.8446744073709552e19`: "none none", `1e400`: "none none", `"0x1p3"`: "none none", `"1_0.0"`: "none none", `"Inf"`: "none none", `0.0`: "0 0",
		`1.5`: "none none", `12.5e0`: "none none", `[]`: "none none", `{}`: "none none", `{"value": {"value": 1}}`: "none none", `true`: "none none",
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

func TestNaN(t *testing.T) {
	for in, want := range map[string]string{
		`{"a": nan, "b": -nan, "c": 5}`: "none none 5", `{"a":Infinity,"b":-INF,"c":"inf"}`: "none none none",
		`{"a": 1, "x": "nan \" nan", "c": 2, "b": NaN}`: "1 none 2", `{"a": 3, "x": [true, false, null, -nan], "c": 1e2}`: "3 none 100",
	} {
		var v struct{ A, B, C Number }
		if err := Unmarshal([]byte(in), &v); err != nil {
			t.Errorf("%s: %v", in, err)
		}
		if got := show(v.A.Uint()) + " " + show(v.B.Uint()) + " " + show(v.C.Uint()); got != want {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
	for _, in := range []string{`nano`, `{"a": nano}`, `{"a": "`, `{"a": "\`} {
		if err := Unmarshal([]byte(in), new(any)); err == nil {
			t.Errorf("%s is taken", in)
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

// No JSON value is an error, and a plain number that fits comes out as it is.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`5`, `"1,234"`, `{"value": 7}`, `-3`, `18446744073709551615`, `"0x1b"`, `[]`, `{"value": {"value": 1}}`, `true`, `null`, `"\xff"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		_ = Unmarshal(in, new(any))
		if !json.Valid(in) {
			return
		}
		if clean := withoutNaN(in); !bytes.Equal(clean, in) {
			t.Errorf("%q becomes %q", in, clean)
		}
		var v struct {
			N Number
			B Bool
			S String
		}
		object := slices.Concat([]byte(`{"N": `), in, []byte(`, "B": `), in, []byte(`, "S": `), in, []byte(`}`))
		if err := json.Unmarshal(object, &v); err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		plain := string(bytes.TrimSpace(in))
		if u, err := strconv.ParseUint(plain, 10, 64); err == nil && (v.N.Uint() == nil || *v.N.Uint() != u) {
			t.Errorf("%s is %s", in, show(v.N.Uint()))
		}
		if i, err := strconv.ParseInt(plain, 10, 64); err == nil && (v.N.Int() == nil || *v.N.Int() != i) {
			t.Errorf("%s is %s", in, show(v.N.Int()))
		}
		if u, i := v.N.Uint(), v.N.Int(); u != nil && i != nil && (*i < 0 || uint64(*i) != *u) {
			t.Errorf("%s is both %d and %d", in, *u, *i)
		}
	})
}

func show[T any](p *T) string {
	if p == nil {
		return "none"
	}
	return fmt.Sprint(*p)
}
