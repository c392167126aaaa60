package jsonerror

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

type document struct {
	Name  string          `json:"name"`
	Count uint64          `json:"count"`
	Sum   int             `json:"sum"`
	Share float64         `json:"share"`
	Sure  *bool           `json:"sure"`
	Parts []part          `json:"parts"`
	Other map[string]part `json:"other"`
}

type part struct {
	Model string `json:"model"`
}

func TestReword(t *testing.T) {
	for text, want := range map[string]string{
		`[1]`:                           "it is an array, not an object",
		`"x"`:                           "it is a string, not an object",
		`{"name": 5}`:                   "name is a number, not a string",
		`{"name": {}}`:                  "name is an object, not a string",
		`{"count": "5"}`:                "count is a string, not a whole number without a sign",
		`{"count": -5}`:                 "count is a number, not a whole number without a sign",
		`{"sum": 1.5}`:                  "sum is a number, not a whole number",
		`{"share": true}`:               "share is true or false, not a number",
		`{"sure": "yes"}`:               "sure is a string, not true or false",
		`{"parts": {}}`:                 "parts is an object, not an array",
		`{"parts": [5]}`:                "parts is a number, not an object",
		`{"parts": [{"model": false}]}`: "parts.model is true or false, not a string",
		`{"other": 5}`:                  "other is a number, not an object",
		`{`:                             "unexpected end of JSON input",
	} {
		var d document
		err := Reword(json.Unmarshal([]byte(text), &d))
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if err := Reword(nil); err != nil {
		t.Error(err)
	}
	if err := Reword(io.EOF); err != io.EOF {
		t.Error(err)
	}
}

// Whatever stands where, no word is missing and none is Go's.
func FuzzReword(f *testing.F) {
	f.Add([]byte(`{"parts": [{"model": 1e400}], "other": {"a": []}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var d document
		err := json.Unmarshal(text, &d)
		var mistyped *json.UnmarshalTypeError
		if !errors.As(err, &mistyped) {
			return
		}
		if said := Reword(err).Error(); strings.Contains(said, " is ,") || strings.HasSuffix(said, " ") || strings.Contains(said, "Go ") {
			t.Errorf("%q: %s", text, said)
		}
	})
}
