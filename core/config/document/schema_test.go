package document

import (
	"bytes"
	"os"
	"testing"

	invopop "github.com/invopop/jsonschema"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"bee/core/config"
	"bee/core/schematest"
)

const schemaFile = "bee.schema.json"

// The published schema, for editors and those who make documents by program, is that of the types.
func TestSchemaIsCurrent(t *testing.T) {
	schematest.Current(t, schemaFile, "bee.yaml, the configuration of a machine that bee audits", &config.Config{}, &invopop.Reflector{}, func(s *invopop.Schema) {
		gpus, _ := s.Definitions["Burn"].Properties.Get("gpus")
		gpus.Items = &invopop.Schema{OneOf: []*invopop.Schema{{Type: "string"}, {Type: "integer"}}}
	})
}

// What is right by the schema is so for the parser, and the other way round, as far as a schema says.
func TestSchemaIsTheParsers(t *testing.T) {
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(schemaFile, parsed); err != nil {
		t.Fatal(err)
	}
	schema := compiler.MustCompile(schemaFile)
	for text, good := range map[string]bool{
		full:                                 true,
		"burn: {}":                           true,
		"than: shell":                        false,
		"then: halt":                         false,
		"ssh: {keys: []}":                    false,
		"burn: {quick: 'no'}":                false,
		"burn: []":                           false,
		"network: eth0":                      false,
		"network: [{}]":                      false,
		"results: {url: 'http://a.example'}": false,
		"results: {method: DELETE}":          false,
		"results: {partition: /dev/sda1}":    false,
	} {
		var value any
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		_, wrong := Parse("file", []byte(text))
		valid := schema.Validate(value)
		if (wrong == nil) != good || (valid == nil) != good {
			t.Errorf("%s: good is %v, parser: %v, schema: %v", text, good, wrong, valid)
		}
	}
}
