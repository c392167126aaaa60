// Package layers has the list of the squashfs layers that a medium has to have, with their
// digests. It comes with what is booted, so that no other medium's are taken for them.
package layers

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

const (
	// File is where the list is in a system, from its root.
	File = "etc/bee/layers"
	// Folder is where the layers are on a medium.
	Folder = "live"

	maxLayers = 99
)

// Layer is a file NN-name.squashfs; layers lie over each other in the order of their names.
type Layer struct {
	Name   string
	SHA256 string // hexadecimal
}

var line = regexp.MustCompile(`^([0-9a-f]{64})  ([0-9]{2}-[a-z0-9-]+\.squashfs)$`)

// Parse reads a list as sha256sum writes it, the lowest layer first. name is what errors
// call it.
func Parse(name, text string) ([]Layer, error) {
	var all []Layer
	for row := range strings.Lines(text) {
		parts := line.FindStringSubmatch(strings.TrimSuffix(row, "\n"))
		if parts == nil {
			return nil, fmt.Errorf("%s: no layer with its digest: %.80q", name, row)
		}
		if len(all) > 0 && all[len(all)-1].Name >= parts[2] {
			return nil, fmt.Errorf("%s: %s does not belong behind %s", name, parts[2], all[len(all)-1].Name)
		}
		if all = append(all, Layer{parts[2], parts[1]}); len(all) > maxLayers {
			return nil, fmt.Errorf("%s: more than %d layers", name, maxLayers)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: no layers", name)
	}
	return all, nil
}

// Check reads the layers in a folder, and names those that are not what they have to be.
func Check(all []Layer, folder string) error {
	var problems []error
	for _, layer := range all {
		problems = append(problems, layer.check(filepath.Join(folder, layer.Name)))
	}
	return errors.Join(problems...)
}

func (l Layer) check(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return fmt.Errorf("%s cannot be read: %w", path, err)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != l.SHA256 {
		return fmt.Errorf("%s is damaged, or of another boot: its SHA-256 is %s, not %s", path, got, l.SHA256)
	}
	return nil
}
