package vulnerabilities

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.yaml.in/yaml/v4"

	"bee/core/bounded"
	"bee/core/printable"
	"bee/core/yamldoc"
)

// Exception is a vulnerability that does not count, for a reason and until a day. Without ID it
// is all of a package that have no fix yet.
type Exception struct {
	ID      string
	Package string
	Reason  string
	// Until is the last day of it.
	Until time.Time
	// Line of the file that it is at.
	Line int
}

// Keys of an exception.
const (
	keyID = iota
	keyPackage
	keyReason
	keyUntil
)

var exceptionKeys = []string{keyID: "id", keyPackage: "package", keyReason: "reason", keyUntil: "until"}

// ReadExceptions reads a list in YAML. The error is about all that is wrong with it.
func ReadExceptions(path string) ([]Exception, error) {
	data, err := bounded.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseExceptions(path, data)
}

func parseExceptions(file string, data []byte) (all []Exception, err error) {
	root, err := yamldoc.Read(file, data)
	if err != nil || root == nil || yamldoc.IsNull(root) {
		return nil, err
	}
	faults := yamldoc.Faults{File: file}
	faults.Mapping(root, "", []string{"exceptions"}, func(_ int, list *yaml.Node, path string) {
		if list.Kind != yaml.SequenceNode {
			faults.Add(list, path, "want a list of exceptions")
			return
		}
		for i, n := range list.Content {
			all = append(all, parseException(&faults, n, fmt.Sprintf("%s[%d]", path, i)))
		}
	})
	return all, errors.Join(faults.Errors...)
}

// parseException reads one. Without a key that is misspelt, it would cover more.
func parseException(faults *yamldoc.Faults, n *yaml.Node, path string) Exception {
	e := Exception{Line: n.Line}
	found := len(faults.Errors)
	faults.Mapping(n, path, exceptionKeys, func(key int, value *yaml.Node, path string) {
		if !faults.HasValue(value, path) {
			return
		}
		if value.Kind != yaml.ScalarNode {
			faults.Add(value, path, "want one text")
			return
		}
		switch text := printable.Again(value.Value); key {
		case keyID:
			e.ID = text
		case keyPackage:
			e.Package = text
		case keyReason:
			e.Reason = text
		case keyUntil:
			var err error
			if e.Until, err = time.Parse(time.DateOnly, text); err != nil {
				faults.Add(value, path, "%q is no day such as 2027-01-31", text)
			}
		}
	})
	if len(faults.Errors) == found && (e.ID == "" && e.Package == "" || e.Reason == "" || e.Until.IsZero()) {
		faults.Add(n, path, "an exception needs id, package or both, reason, and until, a day such as 2027-01-31")
	}
	return e
}

// covers tells whether an exception is about a finding, had it not ended.
func (e Exception) covers(f Finding) bool {
	if e.Package != "" && e.Package != f.Package {
		return false
	}
	if e.ID == "" {
		return f.Fixed == ""
	}
	return slices.Contains(f.Names, e.ID)
}

// ended tells whether the last day of an exception is over.
func (e Exception) ended(now time.Time) bool { return !now.Before(e.Until.AddDate(0, 0, 1)) }

// String names what an exception is about.
func (e Exception) String() string {
	switch {
	case e.ID == "":
		return "what has no fix of " + e.Package
	case e.Package == "":
		return e.ID
	}
	return e.ID + " of " + e.Package
}

// Excepted is a finding that does not count.
type Excepted struct {
	Finding
	Reason string `json:"reason"`
	Until  string `json:"until"`
}

// Result is what is left of what was found.
type Result struct {
	// SchemaVersion is the version of the JSON's format. A field that goes or changes its meaning
	// raises it; a new one does not.
	SchemaVersion int        `json:"schema_version"`
	Counting      []Finding  `json:"vulnerabilities"`
	Excepted      []Excepted `json:"excepted"`
	// Ended are exceptions whose last day is over and that would cover something, Unused those
	// that cover nothing.
	Ended  []Exception `json:"-"`
	Unused []Exception `json:"-"`
}

// Except sets apart the findings that exceptions cover.
func Except(found []Finding, exceptions []Exception, now time.Time) Result {
	r := Result{SchemaVersion: 1, Counting: []Finding{}, Excepted: []Excepted{}}
	used := make([]bool, len(exceptions))
	for _, f := range found {
		by := -1
		for i, e := range exceptions {
			if !e.covers(f) {
				continue
			}
			used[i] = true
			if by < 0 && !e.ended(now) {
				by = i
			}
		}
		if by < 0 {
			r.Counting = append(r.Counting, f)
			continue
		}
		e := exceptions[by]
		r.Excepted = append(r.Excepted, Excepted{f, e.Reason, e.Until.Format(time.DateOnly)})
	}
	for i, e := range exceptions {
		switch {
		case !used[i]:
			r.Unused = append(r.Unused, e)
		case e.ended(now):
			r.Ended = append(r.Ended, e)
		}
	}
	return r
}
