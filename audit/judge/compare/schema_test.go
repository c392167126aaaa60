package compare

import (
	"testing"

	"github.com/invopop/jsonschema"

	"bee/core/schematest"
)

// The published schema is that of the types.
func TestSchemaIsCurrent(t *testing.T) {
	schematest.Current(t, "comparison.schema.json", "Comparison of hardware audit reports", &Comparison{}, &jsonschema.Reflector{}, nil)
}
