// Package schematest holds published schemas to the types that they are made from.
package schematest

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/invopop/jsonschema"
	"golang.org/x/mod/modfile"
)

var update = flag.Bool("update", false, "write schemas anew")

// Current checks that the file, in the folder of the test, holds the schema that r
// makes of the value's type; with -update it writes the file. title is the schema's.
// change, where it is not nil, completes the schema.
func Current(t *testing.T, file, title string, value any, r *jsonschema.Reflector, change func(*jsonschema.Schema)) {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(dir, file)
	// Comments are looked up by import path, from the module's root.
	root := dir
	for _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil; _, err = os.Stat(filepath.Join(root, "go.mod")) {
		if root == filepath.Dir(root) {
			t.Fatalf("no go.mod above %s", dir)
		}
		root = filepath.Dir(root)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(root)
	if err := r.AddGoComments(modfile.ModulePath(mod), ".", jsonschema.WithFullComment()); err != nil {
		t.Fatal(err)
	}
	s := r.Reflect(value)
	s.ID, s.Title = "", title
	if change != nil {
		change(s)
	}
	var want bytes.Buffer
	e := json.NewEncoder(&want)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want.Bytes()) {
		t.Errorf("%s is not the schema of the types: run `go generate ./...`", file)
	}
}
