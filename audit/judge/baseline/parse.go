package baseline

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"bee/core/printable"
)

// Parse reads a baseline. The error names every place that is wrong, by line, and
// what may stand there; file is what it calls the file.
func Parse(file string, text []byte) (*Baseline, error) {
	root, err := document(file, text)
	if err != nil {
		return nil, err
	}
	d := decoder{file: file}
	var b Baseline
	if root != nil && !isNull(root) {
		d.value(root, reflect.ValueOf(&b).Elem(), "")
	}
	if reflect.ValueOf(b).IsZero() && len(d.errors) == 0 {
		return nil, fmt.Errorf("%s: it asks for nothing; it may hold %s", file, strings.Join(keys(reflect.TypeFor[Baseline]()), ", "))
	}
	if err := errors.Join(d.errors...); err != nil {
		return nil, err
	}
	return &b, nil
}

// document reads the only document of a file, nil where there is none.
func document(file string, text []byte) (*yaml.Node, error) {
	loader, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var all [2]yaml.Node
	for i := range all {
		err := loader.Load(&all[i])
		switch {
		case err == io.EOF && (i == 0 || len(all[0].Content) != 1):
			return nil, nil
		case err == io.EOF:
			makePrintable(all[0].Content[0])
			return all[0].Content[0], nil
		case err != nil:
			return nil, noYAML(file, err)
		}
	}
	return nil, fmt.Errorf("%s:%d: a second document begins here: want one baseline in a file", file, all[1].Line)
}

// makePrintable does so with all words of a document, which may have come from anybody.
func makePrintable(n *yaml.Node) {
	n.Value = printable.Again(n.Value)
	for _, inner := range n.Content {
		makePrintable(inner)
	}
}

// noYAML says where text is none, and what to look for there: the parser's words do
// not speak of what people do wrong.
func noYAML(file string, err error) error {
	place, why := file, err.Error()
	var at *yaml.LoadError
	if errors.As(err, &at) {
		why = at.Message
		if at.Mark.Line > 0 {
			place = fmt.Sprintf("%s:%d", file, at.Mark.Line)
		}
	}
	return fmt.Errorf("%s: no YAML: %s; look at the indentation (by spaces), colons and brackets here and above", place, printable.Again(why))
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

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
	d.errors = append(d.errors, fmt.Errorf("%s%w", place, fmt.Errorf(format, args...)))
}

// value reads a value. path is where it is in the document.
func (d *decoder) value(n *yaml.Node, into reflect.Value, path string) {
	if n.Kind == yaml.AliasNode {
		d.fail(n, path, "aliases (*name) are not allowed in a baseline")
		return
	}
	if isNull(n) {
		d.fail(n, path, "is empty: leave it out, or give it a value")
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
	case single && n.Kind == yaml.MappingNode && len(n.Content) == 0:
		// In a list, {} asks for one more, whatever it is.
		d.fail(n, path, "asks for nothing: leave it out, or give it some of: %s", strings.Join(keys(into.Type()), ", "))
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
