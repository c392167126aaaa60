// Package jsonerror words what encoding/json has against a document for people who do
// not know the types of a program.
package jsonerror

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// Reword says of a value that cannot stand where it does what has to be there, in JSON's
// words. Other errors are as they were.
func Reword(err error) error {
	var mistyped *json.UnmarshalTypeError
	if !errors.As(err, &mistyped) {
		return err
	}
	place := mistyped.Field
	if place == "" {
		place = "it"
	}
	got, _, _ := strings.Cut(mistyped.Value, " ") // behind a number is which
	return fmt.Errorf("%s is %s, not %s", place, words[got], want(mistyped.Type))
}

// words are those of [json.UnmarshalTypeError.Value].
var words = map[string]string{
	"object": "an object", "array": "an array", "string": "a string", "number": "a number", "bool": "true or false",
}

func want(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return words["string"]
	case reflect.Bool:
		return words["bool"]
	case reflect.Slice, reflect.Array:
		return words["array"]
	case reflect.Float32, reflect.Float64:
		return words["number"]
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number without a sign"
	}
	return words["object"]
}
