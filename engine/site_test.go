package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bee/core/versions"
	"bee/engine/internal/override"
)

// What the block sets follows from the pins: they are read without it.
func TestPins(t *testing.T) {
	root := t.TempDir()
	if _, err := pins(root); err == nil || err.Error() != "VERSIONS not found: run this from the root of the repository" {
		t.Errorf("without the file: %v", err)
	}
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join("..", versions.File))
	if err != nil {
		t.Fatal(err)
	}
	put(versions.File, string(text))
	local, err := override.Edit("", []override.Line{{Key: "BASE", Value: "debian"}, {Key: "KERNEL_VERSION", Value: "7.1"}})
	if err != nil {
		t.Fatal(err)
	}
	put(versions.LocalFile, local+"KERNEL_VERSION=6.18\n")
	pinned, err := versions.Parse(string(text), "")
	if err != nil {
		t.Fatal(err)
	}
	v, err := pins(root)
	if err != nil || v.Base != pinned.Base || v.Kernel != "6.18" {
		t.Errorf("got %+v, %v", v, err)
	}
	put(versions.LocalFile, local+"KERNEL=6.18\n")
	if _, err := pins(root); err == nil || !strings.HasPrefix(err.Error(), "VERSIONS.local:7: KERNEL: unknown key") {
		t.Errorf("unknown key: %v", err)
	}
}
