package image

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bee/core/manifest"
	"bee/iso/manifest/internal/memory"
)

// A base is the distribution that an ISO is made of: it decides where an ISO keeps
// its packages and layers. Each has a file of its own beside this one.
type base struct {
	name string
	// mark is a path on the medium, or a pattern of paths, by which the base is told.
	mark string
	// read adds packages, release and layers.
	read func(*Contents, medium) error
}

// bases in the order in which a medium is looked at: both have layers.
var bases = []base{alpine, debian}

// baseOf tells the base of an ISO.
func baseOf(on medium) (base, error) {
	var marks []string
	for _, b := range bases {
		found, err := on.find(b.mark)
		if err != nil || len(found) > 0 {
			return b, err
		}
		marks = append(marks, fmt.Sprintf("%s (base %s)", b.mark, b.name))
	}
	return base{}, fmt.Errorf("no ISO of bee: there is neither %s on it", strings.Join(marks, " nor "))
}

// medium is an ISO's own file system, unpacked.
type medium struct {
	folder   string
	files    []manifest.MediumFile
	known    memory.Memory
	progress func(string)
}

// digest is the SHA-256 of a file.
func (m medium) digest(name string) string {
	at := slices.IndexFunc(m.files, func(f manifest.MediumFile) bool { return f.Path == name })
	return m.files[at].SHA256
}

// find returns the paths that match a pattern, sorted.
func (m medium) find(pattern string) ([]string, error) {
	found, err := fs.Glob(os.DirFS(m.folder), strings.TrimPrefix(pattern, "/"))
	for i := range found {
		found[i] = "/" + found[i]
	}
	return found, err
}

// one returns the only path that matches a pattern.
func (m medium) one(pattern string) (string, error) {
	found, err := m.find(pattern)
	if err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%d files %s on it, but one is expected", len(found), pattern)
	}
	return found[0], nil
}

// open says that a file is read, which takes a while, and returns where it lies.
func (m medium) open(name string) string {
	m.progress("reading " + name)
	return filepath.Join(m.folder, name)
}

// ifThere has do read a file of the medium, which older ISOs do not have.
func (m medium) ifThere(name string, do func(path string) error) error {
	path := filepath.Join(m.folder, name)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := do(path); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
