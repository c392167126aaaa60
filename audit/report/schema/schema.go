// Package schema holds the published JSON Schema of reports, and checks reports
// against it.
//
// The schema is made from the types of package report; after a change to those, run
// `go generate ./...`.
package schema

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"bee/audit/report"
	"bee/core/bounded"
	"bee/core/printable"
)

//go:generate go test . -run ^TestSchemaIsCurrent$ -update

// JSON is the schema of reports, draft 2020-12.
//
//go:embed report.schema.json
var JSON []byte

// Validate checks that a JSON text is an audit report. The error lists every
// place that is wrong and why, in the text's words made printable.
func Validate(text []byte) error {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(printable.AgainJSON(text)))
	if err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	if m, ok := document.(map[string]any); ok {
		if v, ok := m["schema_version"].(string); ok && newer(v) {
			return fmt.Errorf("the report has schema version %s, this program knows %s: use the audit program that made it, or a newer one",
				v, report.SchemaVersion)
		}
	}
	compiled, err := Compile(JSON)
	if err != nil {
		return err
	}
	err = compiled.Validate(document)
	var invalid *jsonschema.ValidationError
	if errors.As(err, &invalid) {
		// Its first line only names the schema.
		_, reasons, _ := strings.Cut(err.Error(), "\n")
		return errors.New(reasons)
	}
	return err
}

// ValidateFile checks that a file is an audit report.
func ValidateFile(path string) error {
	text, err := bounded.ReadFile(path)
	if err != nil {
		return err
	}
	if err := Validate(text); err != nil {
		return fmt.Errorf("%s is not a valid audit report:\n%w", path, err)
	}
	return nil
}

// Compile makes a schema ready to validate with. Formats, as of dates, count.
func Compile(text []byte) (*jsonschema.Schema, error) {
	const name = "schema.json"
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(name, document); err != nil {
		return nil, err
	}
	return c.Compile(name)
}

// newer reports whether a version of the same major number came after ours. Its
// new fields would all be wrong by our schema, which helps nobody.
func newer(version string) bool {
	var major, minor, ourMajor, ourMinor int
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil {
		return false
	}
	fmt.Sscanf(report.SchemaVersion, "%d.%d", &ourMajor, &ourMinor)
	return major > ourMajor || major == ourMajor && minor > ourMinor
}
