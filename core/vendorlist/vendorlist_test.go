package vendorlist

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

var (
	sum  = strings.Repeat("0f", 32)
	some = []Program{{"sas3ircu", "", sum}, {"storcli64", "007.2705.0000.0000", strings.Repeat("a1", 32)}}
)

func TestList(t *testing.T) {
	text := Text(some)
	if want := "sas3ircu - " + sum + "\nstorcli64 007.2705.0000.0000 " + some[1].SHA256 + "\n"; text != want {
		t.Errorf("got %q", text)
	}
	if again, err := Parse(text); err != nil || !slices.Equal(again, some) {
		t.Errorf("read back: %v, error %v", again, err)
	}
	if none, err := Parse(Text(nil)); err != nil || none != nil {
		t.Errorf("of none: %v, error %v", none, err)
	}
	for _, bad := range []string{"storcli64\n", "storcli64 1 2\n", "a b c " + sum + "\n", "../x 1 " + sum + "\n", "x \x1b[2J " + sum + "\n", "x  " + sum + "\n"} {
		if got, err := Parse(bad); err == nil || !strings.HasPrefix(err.Error(), File+": ") {
			t.Errorf("%q: got %v, error %v", bad, got, err)
		}
	}
}

func TestOf(t *testing.T) {
	files := sum + "  sas3ircu\n" + some[1].SHA256 + "  storcli64\n" + sum + "  storcli64.version\n"
	got, err := Of(files, map[string]string{"storcli64.version": "007.2705.0000.0000\n"})
	if err != nil || !slices.Equal(got, some) {
		t.Errorf("got %v, error %v", got, err)
	}
	for want, versions := range map[string]map[string]string{
		"arcconf.version says the version of arcconf, which is not there":                         {"arcconf.version": "4.1"},
		`storcli64.version: "" is no version: `:                                                   {"storcli64.version": "\n"},
		`storcli64.version: "Ver 007 of\n2024" is no version: it has to be of at most 80 letters`: {"storcli64.version": "Ver 007 of\n2024"},
	} {
		if got, err := Of(files, versions); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, error %v", maps.Keys(versions), got, err)
		}
	}
	if _, err := Of(sum+"  two words\n", nil); err == nil || !strings.Contains(err.Error(), `"two words" is no name`) {
		t.Errorf("error %v", err)
	}
}

// What is read is written as it was read.
func FuzzParse(f *testing.F) {
	f.Add(Text(some))
	f.Add("storcli64 - " + sum)
	f.Fuzz(func(t *testing.T, text string) {
		programs, err := Parse(text)
		if err != nil {
			return
		}
		if again := Text(programs); strings.TrimSuffix(again, "\n") != strings.TrimSuffix(text, "\n") {
			t.Errorf("%q became %q", text, again)
		}
	})
}
