package baseline

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v4"

	"bee/core/printable"
	"bee/core/yamldoc"
)

// Parse reads a baseline. The error names every place that is wrong, by line, and
// what may stand there; file is what it calls the file.
func Parse(file string, text []byte) (*Baseline, error) {
	root, err := yamldoc.Read(file, text)
	if err != nil {
		return nil, err
	}
	d := decoder{yamldoc.Faults{File: file}}
	var b Baseline
	if root != nil && !yamldoc.IsNull(root) {
		makePrintable(root)
		d.value(root, reflect.ValueOf(&b).Elem(), "")
	}
	if reflect.ValueOf(b).IsZero() && len(d.Errors) == 0 {
		return nil, fmt.Errorf("%s: it asks for nothing; it may hold %s", file, strings.Join(keys(reflect.TypeFor[Baseline]()), ", "))
	}
	if err := errors.Join(d.Errors...); err != nil {
		return nil, err
	}
	return &b, nil
}

// makePrintable does so with all words of a document, which may have come from anybody.
func makePrintable(n *yaml.Node) {
	n.Value = printable.Again(n.Value)
	for _, inner := range n.Content {
		makePrintable(inner)
	}
}

// decoder fills in a baseline, and collects what is wrong.
type decoder struct{ yamldoc.Faults }

// value reads a value. path is where it is in the document.
func (d *decoder) value(n *yaml.Node, into reflect.Value, path string) {
	if !d.HasValue(n, path) {
		return
	}
	single := into.Kind() == reflect.Pointer
	if single {
		into.Set(reflect.New(into.Type().Elem()))
		into = into.Elem()
	}
	l, isLimit := into.Addr().Interface().(limit)
	switch {
	case isLimit && n.Kind == yaml.SequenceNode && into.Kind() == reflect.Slice && len(n.Content) > 0:
		for i, item := range n.Content {
			if item.Kind != yaml.ScalarNode {
				d.Add(item, fmt.Sprintf("%s[%d]", path, i), "want one value")
			} else if err := l.parse(item.Value); err != nil {
				d.Add(item, fmt.Sprintf("%s[%d]", path, i), "%w", err)
			}
		}
	case isLimit && n.Kind != yaml.ScalarNode:
		d.Add(n, path, "want one value")
	case isLimit:
		if err := l.parse(n.Value); err != nil {
			d.Add(n, path, "%w", err)
		}
	case into.Kind() == reflect.Slice:
		d.list(n, into, path)
	case single && n.Kind == yaml.MappingNode && len(n.Content) == 0:
		// In a list, {} asks for one more, whatever it is.
		d.Add(n, path, "asks for nothing: leave it out, or give it some of: %s", strings.Join(keys(into.Type()), ", "))
	default:
		d.mapping(n, into, path)
	}
}

func (d *decoder) list(n *yaml.Node, into reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		d.Add(n, path, "want a list, each with some of: %s", strings.Join(keys(into.Type().Elem()), ", "))
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.value(item, into.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
}

func (d *decoder) mapping(n *yaml.Node, into reflect.Value, path string) {
	d.Mapping(n, path, keys(into.Type()), func(key int, value *yaml.Node, at string) { d.value(value, into.Field(key), at) })
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
