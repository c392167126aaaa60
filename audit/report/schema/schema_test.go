package schema

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"
	jsonschema6 "github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"bee/audit/judge/baseline"
	"bee/audit/judge/compare"
	"bee/audit/report"
)

var update = flag.Bool("update", false, "write the schemas anew")

// The published schemas are those of the types.
func TestCurrent(t *testing.T) {
	// Comments are looked up by import path, from the module's root.
	t.Chdir("..")
	for _, c := range []struct {
		name, title, tag string
		value            any
		have             []byte
	}{
		{"report", "Hardware audit report, schema version " + report.SchemaVersion, "json", &report.Report{}, JSON},
		{"baseline", "Baseline for hardware audits", "yaml", &baseline.Baseline{}, Baseline},
		{"comparison", "Comparison of hardware audit reports", "json", &compare.Comparison{}, Comparison},
	} {
		r := &jsonschema.Reflector{FieldNameTag: c.tag, Mapper: limit, Namer: typeName}
		for _, dir := range []string{"report", "baseline", "compare"} {
			if err := r.AddGoComments("bee/audit", dir, jsonschema.WithFullComment()); err != nil {
				t.Fatal(err)
			}
		}
		s := r.Reflect(c.value)
		s.ID, s.Title = "", c.title
		for name, limit := range limits {
			if c.name == "baseline" {
				s.Definitions[name] = limit
			}
		}
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		if err := e.Encode(s); err != nil {
			t.Fatal(err)
		}
		file := "schema/" + c.name + ".schema.json"
		if *update {
			if err := os.WriteFile(file, want.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if !bytes.Equal(c.have, want.Bytes()) {
			t.Errorf("%s is not the schema of the types: run `go generate ./schema`", file)
		}
	}
}

// limits are the values of a baseline that are more than their types say.
var limits = jsonschema.Definitions{
	"Text": {
		OneOf: []*jsonschema.Schema{
			{Type: "string", MinLength: pointer(uint64(1))}, {Type: "number"}, {Type: "boolean"},
			{Type: "array", Items: &jsonschema.Schema{Ref: "#/$defs/Text"}, MinItems: pointer(uint64(1))},
		},
		Description: "What a text has to be, or a list of which one has to match. * stands for any\ntext, ? for one character; case does not matter, nor how much space there is.",
	},
	"Number": {
		OneOf:       []*jsonschema.Schema{{Type: "number", Minimum: "0"}, {Type: "string", Pattern: `^[0-9.]+\+?$`}},
		Description: "What a number has to be, or with a plus behind it (25000+) at least that.",
	},
	"MemorySize": size("64 GiB", "Size in powers of 1024, also where the unit is GB."),
	"DriveSize":  size("3.84 TB", "Size as the drive is sold: 1 % more or less is right."),
	"GPUSize":    size("80 GB", "Size as the GPU is sold, in powers of 1000 or 1024: all between, and 2 % more\nor less, is right."),
	"Severity":   {Type: "string", Enum: []any{"none", "info", "warning", "critical"}},
}

func size(example, description string) *jsonschema.Schema {
	return &jsonschema.Schema{
		Type: "string", Pattern: `^[0-9.]+ *([kKmMgGtTpP][iI]?)?[bB]\+?$`, Examples: []any{example},
		Description: description + " A plus behind it: at least.",
	}
}

func limit(t reflect.Type) *jsonschema.Schema {
	name := t.Name()
	if name == "Count" {
		name = "Number"
	}
	if _, ok := limits[name]; ok && strings.HasSuffix(t.PkgPath(), "/baseline") {
		return &jsonschema.Schema{Ref: "#/$defs/" + name}
	}
	return nil
}

// typeName names a list by what is in it: the name of a generic type is no JSON
// pointer.
func typeName(t reflect.Type) string {
	if strings.HasPrefix(t.Name(), "List[") {
		return t.Elem().Name() + "List"
	}
	return t.Name()
}

// What can be read as a baseline is one by the schema, too, and the other way
// round.
func TestBaseline(t *testing.T) {
	document, err := jsonschema6.UnmarshalJSON(bytes.NewReader(Baseline))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema6.NewCompiler()
	if err := compiler.AddResource("baseline", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("baseline")
	if err != nil {
		t.Fatal(err)
	}
	for text, good := range map[string]bool{
		"system: {product_name: [a, 'b*']}\nbios: {version: 1.10}":                        true,
		"drives: [{count: 2+, size: 3.84 TB, rotational: false}, {}]\ngpus: []":           true,
		"memory: {total: 1.5 TiB, slots: 32}\npci_devices: [{device_id: 1592}]":           true,
		"gpus: [{count: 8, memory_total: 80 GB+, limit_watts: 700}]\nworst_finding: info": true,
		"drive: []":                      false,
		"drives: {}":                     false,
		"drives: [{modle: x}]":           false,
		"drives: [{size: big}]":          false,
		"drives: [{rotational: 'yes'}]":  false,
		"gpus: [{count: -1}]":            false,
		"gpus: [{count: some}]":          false,
		"system: {product_name: []}":     false,
		"system: {product_name: {a: b}}": false,
		"worst_finding: fatal":           false,
	} {
		var value any
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		_, parsed := baseline.Parse("file", []byte(text))
		valid := schema.Validate(value)
		if (parsed == nil) != good || (valid == nil) != good {
			t.Errorf("%s: good is %v, parser: %v, schema: %v", text, good, parsed, valid)
		}
	}
}

func pointer[T any](v T) *T { return &v }

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
