package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"bee/core/bounded"
	"bee/core/jsonerror"
	"bee/core/printable"
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
	text, err := bounded.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Decode(text, path)
}

// Decode reads a report, the only thing in the text, and makes it printable: whoever sent it
// may have put anything into it. name is what errors call it. A report of another major
// version of the format is refused: its fields may mean something else.
func Decode(text []byte, name string) (*Report, error) {
	b := printable.AgainJSON(text)
	var r Report
	err := json.Unmarshal(b, &r)
	if err == nil && ours(r.SchemaVersion) && r.Collectors != nil {
		return &r, nil
	}
	// What is it, then? A report of another version is not to be called a wrong one of this.
	var head struct {
		SchemaVersion string          `json:"schema_version"`
		Collectors    json.RawMessage `json:"collectors"`
	}
	if len(bytes.TrimSpace(b)) == 0 {
		return nil, fmt.Errorf("%s is not an audit report: it is empty", name)
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, fmt.Errorf("%s is not an audit report: %w", name, jsonerror.Reword(err))
	}
	if head.SchemaVersion == "" {
		return nil, fmt.Errorf("%s is not an audit report: it has no schema_version", name)
	}
	if !ours(head.SchemaVersion) {
		return nil, fmt.Errorf("%s has schema version %s, and this program knows %s: use the audit program that made it, or a newer one",
			name, head.SchemaVersion, SchemaVersion)
	}
	// The report of another program has a schema_version, too.
	if head.Collectors == nil {
		return nil, fmt.Errorf("%s is not an audit report: it has no collectors", name)
	}
	if err != nil {
		return nil, fmt.Errorf("%s is not an audit report: %w", name, jsonerror.Reword(err))
	}
	return &r, nil
}

// ours reports whether a version of the format is one that this program knows.
func ours(version string) bool {
	major, _, _ := strings.Cut(version, ".")
	known, _, _ := strings.Cut(SchemaVersion, ".")
	return major == known
}
