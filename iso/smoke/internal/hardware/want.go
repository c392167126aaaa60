package hardware

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"bee/core/check"
	"bee/core/machine"
	"bee/core/printable"
)

// want is something that the audit's report has to hold.
type want struct {
	// check that fails where it does not.
	check string
	// path of an object in the report, or of lists of objects: "board.system",
	// "network.interfaces.neighbours".
	path string
	// fields that the object, or one object of the list, has.
	fields fields
}

// fields of a JSON object and their values; [absent] is for a field that must
// not be there.
type fields map[string]any

type missing struct{}

func (missing) String() string { return "absent" }

var absent = missing{}

// Check compares the audit's report with a machine: a check for each kind of part.
func Check(m machine.Machine, report []byte) []check.Check {
	var wants []want
	for _, p := range parts(m, Network{}, new(files)) {
		wants = append(wants, p.wants...)
	}
	return checkAll(wants, report)
}

// checkAll makes one check of all wants that name it.
func checkAll(wants []want, report []byte) []check.Check {
	var document any
	err := json.Unmarshal(printable.AgainJSON(report), &document)
	var checks []check.Check
	for _, name := range names(wants) {
		c := check.Check{Name: name, Status: check.Pass}
		found := 0
		for _, w := range wants {
			if w.check != name {
				continue
			}
			problem := ""
			if err != nil {
				problem = fmt.Sprintf("the report is no JSON: %v", err)
			} else {
				problem = w.missing(document)
			}
			if problem != "" {
				c.Status, c.Detail = check.Fail, problem
				break
			}
			found++
			c.Detail = fmt.Sprintf("%d found as given to QEMU", found)
		}
		checks = append(checks, c)
	}
	return checks
}

// names of the checks, in the order of the wants.
func names(wants []want) []string {
	var names []string
	for _, w := range wants {
		if !slices.Contains(names, w.check) {
			names = append(names, w.check)
		}
	}
	return names
}

// missing says what the report lacks, "" where it has all.
func (w want) missing(document any) string {
	objects := []any{document}
	for name := range strings.SplitSeq(w.path, ".") {
		var below []any
		for _, o := range objects {
			object, _ := o.(map[string]any)
			if list, isList := object[name].([]any); isList {
				below = append(below, list...)
			} else {
				below = append(below, object[name])
			}
		}
		objects = below
	}
	best, problem := -1, fmt.Sprintf("nothing in %s", w.path)
	for _, o := range objects {
		object, ok := o.(map[string]any)
		if !ok {
			continue
		}
		good, different := w.fields.compare(object)
		if different == "" {
			return ""
		}
		if good > best {
			best, problem = good, fmt.Sprintf("%s has nothing with %s; the nearest: %s", w.path, w.fields, different)
		}
	}
	return problem
}

// compare counts the fields that an object has as wanted, and says which one
// differs.
func (f fields) compare(object map[string]any) (good int, different string) {
	for _, name := range slices.Sorted(maps.Keys(f)) {
		got, there := object[name]
		if f[name] == any(absent) && !there || there && fmt.Sprint(got) == number(f[name]) {
			good++
		} else if !there {
			different = name + " is absent"
		} else {
			different = fmt.Sprintf("%s is %v", name, got)
		}
	}
	return good, different
}

// number prints a value as a decoded JSON document holds it.
func number(v any) string {
	if n, ok := v.(int); ok {
		v = float64(n)
	}
	return fmt.Sprint(v)
}

func (f fields) String() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(f)) {
		all = append(all, fmt.Sprintf("%s %v", name, f[name]))
	}
	return strings.Join(all, ", ")
}
