package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bee/core/hostile"
	"bee/core/manifest"
	"bee/core/sums"
	"bee/iso/manifest/internal/image"
)

// Whatever a command line or the name of an ISO holds, what is told of it is printable.
func TestHostile(t *testing.T) {
	hostile.Refused(t, command, exitStatus, func(text string) [][]string {
		return [][]string{{"--" + text}, {filepath.Join(t.TempDir(), text)}, {"--memory", filepath.Join("/dev/null", text), "none.iso"}}
	})
}

// What is written is listed in SHA256SUMS, with the ISO.
func TestWrite(t *testing.T) {
	folder := t.TempDir()
	const name, iso = "bee.iso", "an ISO"
	if err := os.WriteFile(filepath.Join(folder, name), []byte(iso), 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(iso))
	digest := hex.EncodeToString(sum[:])
	contents := &image.Contents{Manifest: manifest.Manifest{
		SchemaVersion: manifest.SchemaVersion,
		ISO:           manifest.Image{SHA256: digest},
		Release:       map[string]string{"BEE_DATE": "2026-11-05T12:00:00Z"},
		Layers:        []manifest.Layer{{Path: "/live/00-base.squashfs", Files: []manifest.File{{Path: "/a\n", SizeBytes: new(int64)}, {Path: "/b", SizeBytes: new(int64)}}}},
	}, Layers: []image.Layer{{
		Files:  []manifest.File{{Path: "/a\n", SizeBytes: new(int64), SHA256: digest}, {Path: "/b", SizeBytes: new(int64), SHA256: digest}},
		Owners: map[string]string{"/b": ""},
	}}}
	var progress bytes.Buffer
	if err := write(contents, name, folder, &progress); err != nil {
		t.Fatal(err)
	}
	names, err := sums.Check(folder)
	if want := []string{name, "bee.iso.manifest.json", "bee.iso.spdx.json", "bee.iso.cdx.json"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("got %q, %v", names, err)
	}
	if want := "1 of 2 files belong to one of 1 components\nbelongs to none: /live/00-base.squashfs/a"; !strings.HasPrefix(progress.String(), want) {
		t.Errorf("got %q", &progress)
	}
	if _, err := manifest.Read(filepath.Join(folder, "bee.iso.manifest.json")); err != nil {
		t.Error(err)
	}
}
