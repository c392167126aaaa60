package alike

import (
	"reflect"
	"strings"
	"testing"
)

func TestGroup(t *testing.T) {
	got := Group(strings.Fields("bee ant boar badger cat"), func(s string) byte { return s[0] })
	want := [][]string{{"bee", "boar", "badger"}, {"ant"}, {"cat"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	if got := Group(nil, func(s string) string { return s }); got != nil {
		t.Errorf("nothing: %v", got)
	}
}
