package fleet

import (
	"testing"

	"github.com/invopop/jsonschema"

	"bee/core/schematest"
)

// The published schema is that of the types.
func TestSchemaIsCurrent(t *testing.T) {
	schematest.Current(t, "fleet.schema.json", "Hardware audit reports of many machines", &Fleet{}, &jsonschema.Reflector{}, nil)
}
