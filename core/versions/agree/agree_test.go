package agree

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"bee/core/versions"
)

func TestRepository(t *testing.T) {
	v, err := versions.Load("../../..")
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(v, os.DirFS("../../..")); err != nil {
		t.Error(err)
	}
}

func TestCheckNamesEveryFile(t *testing.T) {
	v, err := versions.Load("../../..")
	if err != nil {
		t.Fatal(err)
	}
	v.Go, v.Dagger = "1.26.8", "v0.19.7"
	text := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	repo := fstest.MapFS{
		"go.work":          text("go 1.25\n"),
		"dagger.json":      text(`{"source": "ci", "engineVersion": "v0.19.6"}`),
		"ci/go.mod":        text("module ci\ngo 1.26\nreplace core => ../core\nreplace other/core => other/core v1.0.0\n"),
		"core/go.mod":      text("module core\ngo 1.26\n"),
		"program/go.mod":   text("module program\ngo 1.24\nrequire dagger.io/dagger v0.18.0\n"),
		"good/go.mod":      text("module good\ngo 1.26\nrequire dagger.io/dagger v0.19.7\n"),
		".hidden/go.mod":   text("module hidden\ngo 1.1\n"),
		"dist/dagger.json": text("{}"),
	}
	err = Check(v, repo)
	if err == nil {
		t.Fatal("no error")
	}
	want := []string{
		"dagger.json: engineVersion is v0.19.6, but DAGGER_VERSION wants v0.19.7",
		"ci/go.mod: go is 1.26, but Dagger wants 1.25",
		"core/go.mod: go is 1.26, but Dagger wants 1.25",
		"go.work: go is 1.25, but GO_VERSION wants 1.26",
		"program/go.mod: go is 1.24, but GO_VERSION wants 1.26",
		"program/go.mod: dagger.io/dagger is v0.18.0, but DAGGER_VERSION wants v0.19.7",
	}
	if got := err.Error(); got != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
}
