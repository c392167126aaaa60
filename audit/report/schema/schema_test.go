package schema

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"

	"bee/audit/report"
	"bee/core/schematest"
)

// The published schema is that of the types.
func TestSchemaIsCurrent(t *testing.T) {
	schematest.Current(t, "report.schema.json", "Hardware audit report, schema version "+report.SchemaVersion, &report.Report{}, &jsonschema.Reflector{}, nil)
}

const minimal = `{"schema_version": "1.0", "audit": {"version": "1"}, "started_at": "2026-01-02T03:04:05Z",
	"finished_at": "2026-01-02T03:04:06Z", "host": {}, "collectors": [], "errors": []}`

func TestValidate(t *testing.T) {
	if err := Validate([]byte(minimal)); err != nil {
		t.Errorf("a minimal report: %v", err)
	}
	for name, c := range map[string]struct{ from, to, want string }{
		"no JSON":       {minimal, `{"schema`, "not JSON"},
		"other JSON":    {minimal, `[]`, "want object"},
		"missing field": {`"errors": []`, `"cpu": {"sockets": []}`, "'errors'"},
		"unknown field": {`"host": {}`, `"host": {"hots": "x"}`, "'/host': additional properties 'hots' not allowed"},
		"wrong type":    {`"collectors": []`, `"collectors": 5`, "'/collectors': got number, want array"},
		"wrong word":    {`"collectors": []`, `"collectors": [{"name": "cpu", "status": "lost", "duration_seconds": 0}]`, "/collectors/0/status"},
		"wrong time":    {"2026-01-02T03:04:05Z", "yesterday", "/started_at"},
		"newer format":  {`"1.0"`, `"1.99"`, "schema version 1.99"},
		"other major":   {`"1.0"`, `"0.9"`, "/schema_version"},
	} {
		err := Validate([]byte(strings.Replace(minimal, c.from, c.to, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

func TestValidateFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.json")
	if err := ValidateFile(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a missing file: %v", err)
	}
	if err := os.WriteFile(file, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := ValidateFile(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("an empty object: %v", err)
	}
}
