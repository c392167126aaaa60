package baseline

import (
	"reflect"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v4"

	"bee/audit/report/schema"
	"bee/core/schematest"
)

// The published schema is that of the types.
func TestSchemaIsCurrent(t *testing.T) {
	r := &jsonschema.Reflector{FieldNameTag: "yaml", Mapper: limited, Namer: typeName}
	schematest.Current(t, "baseline.schema.json", "Baseline for hardware audits", &Baseline{}, r, func(s *jsonschema.Schema) {
		for name, limit := range limits {
			s.Definitions[name] = limit
		}
		for _, single := range []string{"System", "BIOS", "BMC", "Memory"} {
			s.Definitions[single].MinProperties = pointer(uint64(1))
		}
	})
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
	"MemorySize": sized("64 GiB", "Size in powers of 1024, also where the unit is GB."),
	"DriveSize":  sized("3.84 TB", "Size as the drive is sold: 1 % more or less is right."),
	"GPUSize":    sized("80 GB", "Size as the GPU is sold, in powers of 1000 or 1024: all between, and 2 % more\nor less, is right."),
	"Severity":   {Type: "string", Enum: []any{"none", "info", "warning", "critical"}},
}

func sized(example, description string) *jsonschema.Schema {
	return &jsonschema.Schema{
		Type: "string", Pattern: `^[0-9.]+ *([kKmMgGtTpP][iI]?)?[bB]\+?$`, Examples: []any{example},
		Description: description + " A plus behind it: at least.",
	}
}

func limited(t reflect.Type) *jsonschema.Schema {
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
func TestSchemaIsTheParsers(t *testing.T) {
	schema, err := schema.Compile(Schema)
	if err != nil {
		t.Fatal(err)
	}
	for text, good := range map[string]bool{
		"system: {product_name: [a, 'b*']}\nbios: {version: 1.10}":                        true,
		"drives: [{count: 2+, size: 3.84 TB, rotational: false}, {}]\ngpus: []":           true,
		"memory: {total: 1.5 TiB, slots: 32}\npci_devices: [{device_id: 1592}]":           true,
		"gpus: [{count: 8, memory_total: 80 GB+, limit_watts: 700}]\nworst_finding: info": true,
		"drive: []":  false,
		"drives: {}": false,
		"system: {}": false,
		"worst_finding: info\nbios: {}\nmemory: {}\nbmc: {}": false,
		"drives: [{modle: x}]":                               false,
		"drives: [{size: big}]":                              false,
		"drives: [{rotational: 'yes'}]":                      false,
		"gpus: [{count: -1}]":                                false,
		"gpus: [{count: some}]":                              false,
		"system: {product_name: []}":                         false,
		"system: {product_name: {a: b}}":                     false,
		"worst_finding: fatal":                               false,
	} {
		var value any
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		_, parsed := Parse("file", []byte(text))
		valid := schema.Validate(value)
		if (parsed == nil) != good || (valid == nil) != good {
			t.Errorf("%s: good is %v, parser: %v, schema: %v", text, good, parsed, valid)
		}
	}
}
