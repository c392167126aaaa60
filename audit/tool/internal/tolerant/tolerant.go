// Package tolerant decodes JSON values whose type changes between versions of
// the tools that print them: numbers and truth values that come bare, quoted,
// or wrapped in an object. A value that it cannot read counts as absent, so
// that one odd field never costs the others.
package tolerant

import (
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"

	"bee/core/printable"
)

// Unmarshal is [json.Unmarshal] for what a tool printed: its strings are made
// printable, and what C prints for a number that is none (nan, -inf) is null.
// With an error come the fields that could be read all the same.
func Unmarshal(out []byte, v any) error {
	out = printable.JSON(out)
	err := json.Unmarshal(out, v)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) { // nothing was read then
		err = json.Unmarshal(withoutNaN(out), v)
	}
	return err
}

var notANumber = regexp.MustCompile(`(?i)^-?(nan|inf(inity)?)$`)

// withoutNaN puts null in the place of numbers that are none, outside of strings.
func withoutNaN(b []byte) []byte {
	out := make([]byte, 0, len(b)+16)
	for len(b) > 0 {
		n, word := 1, letter(b[0])
		switch {
		case b[0] == '"':
			for n < len(b) && b[n] != '"' {
				if b[n] == '\\' {
					n++
				}
				n++
			}
			n = min(n+1, len(b))
		case word:
			for n < len(b) && letter(b[n]) {
				n++
			}
		}
		if word && notANumber.Match(b[:n]) {
			out = append(out, "null"...)
		} else {
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return out
}

func letter(c byte) bool { return c == '-' || c|0x20 >= 'a' && c|0x20 <= 'z' }

// Number is a whole number that fits 64 bits: 5, 5.0, 5e0, "5", "1,234", "0x1b"
// or {"value": 5}. A number beyond 64 bits counts as absent, as does 5.5.
type Number struct {
	present bool
	value   int64
	large   uint64
}

// UnmarshalJSON implements [json.Unmarshaler].
func (n *Number) UnmarshalJSON(b []byte) error {
	*n = Number{}
	s, base := scalar(b), 10
	if hex, ok := strings.CutPrefix(s, "0x"); ok {
		s, base = hex, 16
	}
	if v, err := strconv.ParseUint(s, base, 64); err == nil {
		*n = Number{present: true, value: int64(min(v, 1<<63-1)), large: v}
	} else if v, err := strconv.ParseInt(s, base, 64); err == nil && v <= 0 {
		*n = Number{present: true, value: v}
	} else if v, ok := whole(s); ok {
		*n = v
	}
	return nil
}

var decimal = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// whole reads a whole number that is written as a broken one: versions of tools print
// all as such. Beyond 53 bits it is what they had themselves, a double.
func whole(s string) (Number, bool) {
	f, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil || !decimal.MatchString(s) || f != math.Trunc(f) || f <= -1<<63 || f >= 1<<64:
		return Number{}, false
	case f < 0:
		return Number{present: true, value: int64(f)}, true
	}
	large := uint64(f)
	return Number{present: true, value: int64(min(large, 1<<63-1)), large: large}, true
}

// Uint returns the number, nil where it is absent or negative.
func (n Number) Uint() *uint64 {
	if !n.present || n.value < 0 {
		return nil
	}
	return &n.large
}

// Int returns the number, nil where it is absent.
func (n Number) Int() *int64 {
	if !n.present || n.large > 1<<63-1 {
		return nil
	}
	return &n.value
}

// Or0 returns the number, 0 where it is absent or negative.
func (n Number) Or0() uint64 {
	if v := n.Uint(); v != nil {
		return *v
	}
	return 0
}

// Bool is a truth value: true, "1", 0.
type Bool struct{ present, value bool }

// UnmarshalJSON implements [json.Unmarshaler].
func (t *Bool) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseBool(scalar(b))
	*t = Bool{present: err == nil, value: v}
	return nil
}

// Value returns the truth value, nil where it is absent.
func (t Bool) Value() *bool {
	if !t.present {
		return nil
	}
	return &t.value
}

// String is a text. Anything but a JSON string counts as absent.
type String string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *String) UnmarshalJSON(b []byte) error {
	var s string
	_ = json.Unmarshal(b, &s)
	*t = String(s)
	return nil
}

// scalar returns the text of a bare, quoted or wrapped value.
func scalar(b []byte) string {
	switch b[0] {
	case '"':
		var s string
		_ = json.Unmarshal(b, &s)
		return strings.ReplaceAll(strings.TrimSpace(s), ",", "")
	case '{':
		var wrapped struct{ Value json.RawMessage }
		if json.Unmarshal(b, &wrapped) != nil || len(wrapped.Value) == 0 || wrapped.Value[0] == '{' {
			return ""
		}
		return scalar(wrapped.Value)
	}
	return string(b)
}
