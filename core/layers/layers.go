// Package layers has the list of the squashfs layers that a medium has to have, with their
// digests. It comes with what is booted, so that no other medium's are taken for them.
//
// A line of the list is what sha256sum writes of a layer. Where the layer ends in a hash tree of
// dm-verity, which lets the kernel check each block as it is read, two words follow: the tree's
// root, and where the tree begins, in bytes.
//
//	b02c…  00-base.squashfs  efc2…  117231616
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
	"strconv"
	"strings"
)

const (
	// File is where the list is in a system, from its root.
	File = "etc/bee/layers"
	// Folder is where the layers are on a medium.
	Folder = "live"
	// LeftOut has the names of layers that a running system was started without, a line each; it
	// is there only where there are any.
	LeftOut = "run/live/left-out"

	maxLayers = 99
)

// Layers, without their suffix, that are of use to machines with GPUs of NVIDIA's alone.
const (
	NVIDIA  = "50-nvidia"
	GPUBurn = "60-gpu-burn"
)

// Suffix is that of a layer's file.
const Suffix = ".squashfs"

// Layer is a file NN-name.squashfs; layers lie over each other in the order of their names.
type Layer struct {
	Name   string
	SHA256 string // of the whole file, hexadecimal
	// Verity is its hash tree; nil where it has none.
	Verity *Verity
}

// ForGPUs tells whether a layer is of no use to a machine without GPUs.
func (l Layer) ForGPUs() bool { return l.Name == NVIDIA+Suffix || l.Name == GPUBurn+Suffix }

// Verity is a hash tree of dm-verity at the end of a layer: format 1 without a superblock or salt,
// of SHA-256 over blocks of BlockSize.
type Verity struct {
	Root  string // hexadecimal
	Start int64  // in bytes: the size of what it is over
}

// BlockSize is what a hash tree has a digest of, and that of its own blocks.
const BlockSize = 4096

var line = regexp.MustCompile(`^([0-9a-f]{64})  ([0-9]{2}-[a-z0-9-]+\.squashfs)(?:  ([0-9a-f]{64})  ([0-9]{1,15}))?$`)

// Parse reads a list, the lowest layer first. name is what errors call it.
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
		layer := Layer{Name: parts[2], SHA256: parts[1]}
		if parts[3] != "" {
			start, _ := strconv.ParseInt(parts[4], 10, 64) // the pattern is of digits, and few
			if start == 0 || start%BlockSize != 0 {
				return nil, fmt.Errorf("%s: %s: a hash tree at %d, which is not between two blocks of %d bytes", name, layer.Name, start, BlockSize)
			}
			layer.Verity = &Verity{parts[3], start}
		}
		if all = append(all, layer); len(all) > maxLayers {
			return nil, fmt.Errorf("%s: more than %d layers", name, maxLayers)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: no layers", name)
	}
	return all, nil
}

// ErrDamaged is that a layer is not what it has to be.
var ErrDamaged = errors.New("damaged, or of another boot")

// Check reads the layers in a folder, and names those that are not what they have to be. Of one
// with a hash tree it reads the root alone: whoever reads the rest checks it by the tree.
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
	if l.Verity == nil {
		return l.Copy(io.Discard, file, path)
	}
	var top [BlockSize]byte
	if _, err := file.ReadAt(top[:], l.Verity.Start); err != nil {
		return fmt.Errorf("%s cannot be read: %w", path, err)
	}
	return compare(path, "the root of its hash tree", sha256.Sum256(top[:]), l.Verity.Root)
}

// Copy copies a whole layer, and fails where that was not what it has to be: then what was written
// is not either. name is what errors call it.
func (l Layer) Copy(to io.Writer, from io.Reader, name string) error {
	hash := sha256.New()
	if _, err := io.Copy(io.MultiWriter(to, hash), from); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return compare(name, "its SHA-256", [sha256.Size]byte(hash.Sum(nil)), l.SHA256)
}

func compare(name, what string, got [sha256.Size]byte, want string) error {
	if got := hex.EncodeToString(got[:]); got != want {
		return fmt.Errorf("%s is %w: %s is %s, not %s", name, ErrDamaged, what, got, want)
	}
	return nil
}
