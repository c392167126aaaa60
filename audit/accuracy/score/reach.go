package score

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"bee/audit/report"
)

// Unreached lists the fields of a report that no machine had of those that were added: what
// nobody has seen to be right. Their paths are those of the schema, with dots between names.
func (s *Score) Unreached() []string {
	return slices.DeleteFunc(fieldsBelow(reflect.TypeFor[report.Report](), "", nil), func(path string) bool { return s.reached[path] })
}

// fieldsBelow lists the fields that hold a value, not others. What is in a thing of its own
// kind, as one volume in another, has the fields of that.
func fieldsBelow(t reflect.Type, path string, within []reflect.Type) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		return []string{path}
	}
	if slices.Contains(within, t) {
		return nil
	}
	within = append(slices.Clone(within), t)
	var all []string
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			all = append(all, fieldsBelow(f.Type, path, within)...)
		case path == "":
			all = append(all, fieldsBelow(f.Type, name, within)...)
		default:
			all = append(all, fieldsBelow(f.Type, path+"."+name, within)...)
		}
	}
	return all
}

// reach notes which fields a report has, as JSON has them.
func (s *Score) reach(value any, path string) {
	switch v := value.(type) {
	case map[string]any:
		for name, below := range v {
			if path != "" {
				name = path + "." + name
			}
			s.reach(below, name)
		}
	case []any:
		for _, below := range v {
			s.reach(below, path)
		}
	case nil:
	default:
		if s.reached == nil {
			s.reached = map[string]bool{}
		}
		s.reached[path] = true
	}
}
