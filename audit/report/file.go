package report

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// Write writes the report as indented JSON.
func (r *Report) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// Read reads the report in a file.
func Read(path string) (*Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Decode(f, path)
}

// Decode reads a report, the only thing in the input. name is what errors call
// the input.
func Decode(input io.Reader, name string) (*Report, error) {
	b, err := io.ReadAll(input)
	if err != nil {
		return nil, err
	}
	var r Report
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fmt.Errorf("%s is not an audit report: %w", name, err)
	}
	if r.SchemaVersion == "" {
		return nil, fmt.Errorf("%s is not an audit report: it has no schema_version", name)
	}
	return &r, nil
}
