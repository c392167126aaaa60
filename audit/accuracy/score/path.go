package score

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"bee/audit/report"
)

// path names a value of a report: the names of fields, with dots between them. Of a list,
// an entry is named by what it has, as in
//
//	memory.slots{locator=DIMM_A1}.size_bytes
//	cpu.packages{id=0}.caches{level=1,type=Data}.size_bytes
//
// and how many there are is memory.slots.count.
type path []step

type step struct {
	field string
	match []condition // of a list: which entry
}

type condition struct{ field, value string }

func (p path) String() string {
	var steps []string
	for _, s := range p {
		text := s.field
		if len(s.match) > 0 {
			var all []string
			for _, c := range s.match {
				all = append(all, c.field+"="+c.value)
			}
			text += "{" + strings.Join(all, ",") + "}"
		}
		steps = append(steps, text)
	}
	return strings.Join(steps, ".")
}

func parsePath(text string) (path, error) {
	var p path
	for rest, more := text, true; more; {
		end := strings.IndexAny(rest, ".{")
		if end < 0 {
			end = len(rest)
		}
		s := step{field: rest[:end]}
		rest = rest[end:]
		if inside, ok := strings.CutPrefix(rest, "{"); ok {
			var conditions string
			if conditions, rest, ok = strings.Cut(inside, "}"); !ok {
				return nil, fmt.Errorf("%s: a } is missing", text)
			}
			for c := range strings.SplitSeq(conditions, ",") {
				field, value, ok := strings.Cut(c, "=")
				if !ok {
					return nil, fmt.Errorf("%s: want {field=value}, or {field=value,field=value}", text)
				}
				s.match = append(s.match, condition{field, value})
			}
		}
		p = append(p, s)
		if rest, more = strings.CutPrefix(rest, "."); !more && rest != "" {
			return nil, fmt.Errorf("%s: want a dot before %q", text, rest)
		}
	}
	return p, nil
}

// typ returns what kind of value a report has there, or why it can have none.
func (p path) typ() (reflect.Type, error) {
	t := reflect.TypeFor[report.Report]()
	for i, s := range p {
		if t.Kind() == reflect.Slice && s.field == "count" && i == len(p)-1 && s.match == nil {
			return reflect.TypeFor[int](), nil
		}
		if t.Kind() != reflect.Struct {
			return nil, fmt.Errorf("%s: there is nothing in %s", p, p[:i])
		}
		next, ok := fields(t)[s.field]
		if !ok {
			return nil, fmt.Errorf("%s: there is no %s; there are: %s", p, s.field, strings.Join(fieldNames(t), ", "))
		}
		t = next
		if s.match == nil {
			continue
		}
		if t.Kind() != reflect.Slice || deref(t.Elem()).Kind() != reflect.Struct {
			return nil, fmt.Errorf("%s: %s is no list of parts, so {…} names none", p, p[:i+1])
		}
		t = deref(t.Elem())
		for _, c := range s.match {
			if _, ok := fields(t)[c.field]; !ok {
				return nil, fmt.Errorf("%s: there is no %s; there are: %s", p, c.field, strings.Join(fieldNames(t), ", "))
			}
		}
	}
	return t, nil
}

// fields are the types of a struct's fields by their names in JSON.
func fields(t reflect.Type) map[string]reflect.Type {
	all := map[string]reflect.Type{}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			for inner, t := range fields(deref(f.Type)) {
				all[inner] = t
			}
		} else {
			all[name] = deref(f.Type)
		}
	}
	return all
}

func fieldNames(t reflect.Type) []string {
	var all []string
	for name := range fields(t) {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

func deref(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}
