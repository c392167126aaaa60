// Package yamldoc reads the only document of a YAML file that people write.
package yamldoc

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v4"

	"bee/core/printable"
)

// Read returns the document, nil where there is none. file is what errors call the file.
func Read(file string, text []byte) (*yaml.Node, error) {
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
			return all[0].Content[0], nil
		case err != nil:
			return nil, noYAML(file, err)
		}
	}
	return nil, fmt.Errorf("%s:%d: a second document begins here: want one in a file", file, all[1].Line)
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

// IsNull tells whether a value is left out, as behind "key:".
func IsNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }
