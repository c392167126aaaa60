// Package comparison is what comes out where two ISOs are compared that are to be builds of one
// commit: what differs, and what is set aside, as iso/compare tells it.
package comparison

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"bee/core/printable"
)

// Reason is why something of two ISOs is not the same.
type Reason string

// The reasons.
const (
	Time    Reason = "time"    // only times differ
	Order   Reason = "order"   // the same lines or entries, in another order
	Path    Reason = "path"    // the same but for where it was built
	Version Reason = "version" // of a package or program
	Missing Reason = "missing" // only on the published ISO
	Extra   Reason = "extra"   // only on the rebuilt ISO
	Mode    Reason = "mode"    // mode, owner or another attribute
	Content Reason = "content" // anything else
)

// SchemaVersion is that of Result as JSON.
const SchemaVersion = 1

// Result is what a comparison came to.
type Result struct {
	SchemaVersion int `json:"schema_version"`
	// SHA-256 of the two ISOs.
	Published string `json:"published"`
	Rebuilt   string `json:"rebuilt"`
	// Whether nothing differs but for what is set aside.
	Equal bool `json:"equal"`
	// How many files of the medium there are on the published ISO.
	Files       int          `json:"files"`
	Differences []Difference `json:"differences"`
	SetAside    []SetAside   `json:"set_aside"`
}

// Difference is something that is not the same. Path leads through what files are in: layer, then
// path in it.
type Difference struct {
	Path   string `json:"path"`
	Reason Reason `json:"reason"`
	Detail string `json:"detail"`
}

// SetAside is something that is not the same, and need not be.
type SetAside struct {
	Path string `json:"path"`
	Why  string `json:"why"`
}

// String is one line.
func (d Difference) String() string { return line(d.Path, string(d.Reason), d.Detail) }

// String is one line.
func (s SetAside) String() string { return line(s.Path, s.Why, "") }

func line(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), ": ")
}

// Text is the result for people.
func (r *Result) Text() string {
	var b strings.Builder
	for _, s := range r.SetAside {
		fmt.Fprintf(&b, "set aside  %s\n", s)
	}
	for _, d := range r.Differences {
		fmt.Fprintf(&b, "DIFFERS    %s\n", d)
	}
	switch {
	case !r.Equal:
		fmt.Fprintf(&b, "DIFFERENT: %d differences\n", len(r.Differences))
	case r.Published == r.Rebuilt:
		fmt.Fprintf(&b, "EQUAL: both are sha256 %s\n", r.Published)
	default:
		fmt.Fprintf(&b, "EQUAL but for what is set aside: %d files of the medium and what is in them\n", r.Files)
	}
	return b.String()
}

// WriteJSON writes the result for programs.
func (r *Result) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// Parse reads a result as WriteJSON writes it.
func Parse(text []byte) (*Result, error) {
	var r Result
	if err := json.Unmarshal(printable.AgainJSON(text), &r); err != nil {
		return nil, fmt.Errorf("the comparison of two ISOs: %w", err)
	}
	if r.SchemaVersion != SchemaVersion {
		return nil, fmt.Errorf("the comparison of two ISOs: schema version %d; version %d is known", r.SchemaVersion, SchemaVersion)
	}
	return &r, nil
}
