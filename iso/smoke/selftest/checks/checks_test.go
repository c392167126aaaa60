package checks

import (
	"fmt"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"bee/core/check"
	"bee/iso/smoke/selftest/live"
)

// A check is blamed on the function that is named as it is.
func TestNames(t *testing.T) {
	kebab := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	seen := map[string]bool{}
	for _, e := range table {
		if !kebab.MatchString(e.name) || seen[e.name] {
			t.Errorf("%s is no name, or that of two", e.name)
		}
		seen[e.name] = true
		function := runtime.FuncForPC(reflect.ValueOf(e.look).Pointer()).Name()
		if want := "checks." + strings.ReplaceAll(e.name, "-", ""); !strings.HasSuffix(strings.ToLower(function), want) {
			t.Errorf("%s is made by %s", e.name, function)
		}
	}
	if names := Names(); len(names) != len(table) || names[0] != table[0].name {
		t.Errorf("names are %v", names)
	}
}

// On a machine that is nothing but an empty folder, no check is lost, none breaks off,
// and none passes.
func TestEmptyMachine(t *testing.T) {
	var output strings.Builder
	var all []check.Check
	Run(system(t, nil, nil), func(c check.Check) {
		all = append(all, c)
		fmt.Fprintln(&output, c)
	})
	fmt.Fprintln(&output, check.Count(all))
	parsed, err := check.Parse(output.String(), 1)
	if err != nil || !slices.Equal(parsed, all) {
		t.Errorf("%v: %s", err, output.String())
	}
	var names []string
	for _, c := range all {
		names = append(names, c.Name)
		if c.Status == check.Pass || strings.Contains(c.Detail, "came to no end") {
			t.Error(c)
		}
	}
	if !slices.Equal(names, Names()) {
		t.Errorf("made %v, not %v", names, Names())
	}
}

func TestNoEnd(t *testing.T) {
	defer func(before time.Duration) { limit = before }(limit)
	limit = 50 * time.Millisecond
	var list []int
	for name, c := range map[string]struct {
		look func(*live.System) outcome
		want string
	}{
		"nothing":   {func(*live.System) outcome { return outcome{} }, "FAIL check: the check came to no end"},
		"panics":    {func(*live.System) outcome { return pass("%d", list[0]) }, "FAIL check: the check came to no end: runtime error: index out of range [0] with length 0"},
		"exits":     {func(*live.System) outcome { runtime.Goexit(); return pass("") }, "FAIL check: the check came to no end"},
		"hangs":     {func(*live.System) outcome { select {} }, "FAIL check: the check came to no end within 50ms"},
		"no reason": {func(*live.System) outcome { return fail(" \n") }, "FAIL check: for no known reason"},
		"lines":     {func(*live.System) outcome { return skip("a\n\tb \r\n") }, "SKIP check: a b"},
		"good":      {func(*live.System) outcome { return pass("") }, "PASS check"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := line(nil, c.look); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestLast(t *testing.T) {
	for text, want := range map[string]string{"": "", "a\n": "a", "a\nb\nc\n": "b\nc", "a\n\n\n": "a"} {
		if got := last(2, text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
