package baseline

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Parse reads a baseline. The error names every place that is wrong, by line, and
// what may stand there; file is what it calls the file.
func Parse(file string, text []byte) (*Baseline, error) {
	var document yaml.Node
	if err := yaml.Load(text, &document); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	d := decoder{file: file}
	var b Baseline
	if document.Kind == yaml.DocumentNode && len(document.Content) == 1 {
		d.value(document.Content[0], reflect.ValueOf(&b).Elem(), "")
	}
	if reflect.ValueOf(b).IsZero() && len(d.errors) == 0 {
		return nil, fmt.Errorf("%s: it asks for nothing; it may hold %s", file, strings.Join(keys(reflect.TypeFor[Baseline]()), ", "))
	}
	if err := errors.Join(d.errors...); err != nil {
		return nil, err
	}
	return &b, nil
}

// decoder fills in a baseline, and collects what is wrong.
type decoder struct {
	file   string
	errors []error
}

func (d *decoder) fail(n *yaml.Node, path, format string, args ...any) {
	place := fmt.Sprintf("%s:%d: ", d.file, n.Line)
	if path != "" {
		place += path + ": "
	}
	d.errors = append(d.errors, fmt.Errorf(place+format, args...))
}

// value reads a value. path is where it is in the document.
func (d *decoder) value(n *yaml.Node, into reflect.Value, path string) {
	if n.Kind == yaml.AliasNode {
		d.fail(n, path, "aliases (*name) are not allowed in a baseline")
		return
	}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		d.fail(n, path, "is empty: leave it out, or give it a value")
		return
	}
	if into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		into = into.Elem()
	}
	l, isLimit := into.Addr().Interface().(limit)
	switch {
	case isLimit && n.Kind == yaml.SequenceNode && into.Kind() == reflect.Slice && len(n.Content) > 0:
		for i, item := range n.Content {
			if item.Kind != yaml.ScalarNode {
				d.fail(item, fmt.Sprintf("%s[%d]", path, i), "want one value")
			} else if err := l.parse(item.Value); err != nil {
				d.fail(item, fmt.Sprintf("%s[%d]", path, i), "%w", err)
			}
		}
	case isLimit && n.Kind != yaml.ScalarNode:
		d.fail(n, path, "want one value")
	case isLimit:
		if err := l.parse(n.Value); err != nil {
			d.fail(n, path, "%w", err)
		}
	case into.Kind() == reflect.Slice:
		d.list(n, into, path)
	default:
		d.mapping(n, into, path)
	}
}

func (d *decoder) list(n *yaml.Node, into reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		d.fail(n, path, "want a list, each with some of: %s", strings.Join(keys(into.Type().Elem()), ", "))
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.value(item, into.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
}

func (d *decoder) mapping(n *yaml.Node, into reflect.Value, path string) {
	known := keys(into.Type())
	if n.Kind != yaml.MappingNode {
		d.fail(n, path, "want some of: %s", strings.Join(known, ", "))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		field := slices.Index(known, key.Value)
		switch at := strings.TrimPrefix(path+"."+key.Value, "."); {
		case field < 0:
			d.fail(key, at, "no such key; there are: %s", strings.Join(known, ", "))
		case seen[key.Value]:
			d.fail(key, at, "is there twice")
		default:
			d.value(value, into.Field(field), at)
		}
		seen[key.Value] = true
	}
}

// keys are the keys of a struct, in the order of its fields.
func keys(t reflect.Type) []string {
	var all []string
	for i := range t.NumField() {
		all = append(all, keyOf(t.Field(i)))
	}
	return all
}

func keyOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return name
}
