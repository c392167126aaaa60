// Package versions reads the KEY=VALUE files at the root of the repository:
// VERSIONS, which pins every input of bee, and VERSIONS.local, with which one
// site overrides some of them.
package versions

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Names of the two files, relative to the root of the repository.
const (
	File      = "VERSIONS"
	LocalFile = "VERSIONS.local"
)

// Versions holds the keys that the local engine depends on.
type Versions struct {
	Dagger   string    // DAGGER_VERSION, with its v: v0.19.7
	Go       string    // GO_VERSION, without a prefix: 1.26.8
	Release  string    // DEBIAN_RELEASE: trixie
	Snapshot time.Time // DEBIAN_SNAPSHOT, the date of every file in the images

	// All keys of VERSIONS, for the few that are looked at by name.
	All map[string]string
}

// Load reads VERSIONS below root, with the site's own overrides applied, and
// checks the keys that the engine needs.
func Load(root string) (Versions, error) {
	path := filepath.Join(root, File)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Versions{}, fmt.Errorf("%s not found: run this from the root of the repository", path)
	}
	if err != nil {
		return Versions{}, err
	}
	all, err := Parse(string(text))
	if err != nil {
		return Versions{}, fmt.Errorf("%s: %w", path, err)
	}
	local := filepath.Join(root, LocalFile)
	text, err = os.ReadFile(local)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Versions{}, err
	}
	overrides, err := Parse(string(text))
	if err != nil {
		return Versions{}, fmt.Errorf("%s: %w", local, err)
	}
	for _, key := range []string{"DAGGER_VERSION", "GO_VERSION", "DEBIAN_RELEASE", "DEBIAN_SNAPSHOT"} {
		if value, ok := overrides[key]; ok {
			all[key] = value
		}
		if all[key] == "" {
			return Versions{}, fmt.Errorf("%s: %s is missing", path, key)
		}
	}
	snapshot, err := time.Parse("20060102T150405Z", all["DEBIAN_SNAPSHOT"])
	if err != nil {
		return Versions{}, fmt.Errorf("%s: DEBIAN_SNAPSHOT=%s is not a time like 20260131T000000Z", path, all["DEBIAN_SNAPSHOT"])
	}
	return Versions{
		Dagger:   all["DAGGER_VERSION"],
		Go:       all["GO_VERSION"],
		Release:  all["DEBIAN_RELEASE"],
		Snapshot: snapshot,
		All:      all,
	}, nil
}

// Parse reads KEY=VALUE lines. Blank lines and lines that begin with # are
// skipped.
func Parse(text string) (map[string]string, error) {
	values := map[string]string{}
	scanner := bufio.NewScanner(strings.NewReader(text))
	for number := 1; scanner.Scan(); number++ {
		line := strings.TrimSpace(scanner.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("line %d: %q is not KEY=VALUE", number, line)
		}
		values[strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	return values, scanner.Err()
}
