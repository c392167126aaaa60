// Package lock reads and writes the list of packages, with their versions and digests, that a
// base is built of (iso/alpine/packages.lock, iso/debian/packages.lock), and tells how two such
// lists differ.
package lock

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

const header = `# The packages that a base of bee is built of: name, version, architecture, layers, SHA-256.
# Layers are what of the ISO a package goes into or is needed for: base, nvidia, cuda, and tools,
# which build and test it. Behind the SHA-256 of Alpine's packages there is the checksum that the
# repository's index has (C:), as the index has no SHA-256.
# This writes the file: dagger call --base BASE lock export --path iso/BASE/packages.lock
`

// Names of the layers.
const (
	Base   = "base"
	NVIDIA = "nvidia"
	CUDA   = "cuda"
	Tools  = "tools"
)

var layers = []string{Base, NVIDIA, CUDA, Tools}

// unknown is the SHA-256 of a package whose file nobody has read yet.
const unknown = "-"

// Entry is a locked package.
type Entry struct {
	Name, Version, Architecture string
	// Layers are their names, sorted, with commas between them.
	Layers string
	// SHA256 of the package's file, in hexadecimal; empty where it is not known.
	SHA256 string
	// Checksum as in an index of Alpine's: Q1, then the Base64 of a SHA-1. Empty elsewhere.
	Checksum string
}

// Lock is a list of packages, sorted by name.
type Lock []Entry

// Of is the lock of entries, which have different names.
func Of(entries ...Entry) Lock {
	l := slices.Clone(Lock(entries))
	slices.SortFunc(l, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return l
}

// Union is the lock of what is in layers, by their names. A package may be in several of them,
// and has to be the same in all.
func Union(of map[string][]Entry) (Lock, error) {
	union := map[string]Entry{}
	for _, layer := range slices.Sorted(maps.Keys(of)) {
		if err := checkLayers(layer); err != nil {
			return nil, err
		}
		for _, e := range of[layer] {
			other, found := union[e.Name]
			if !found {
				e.Layers = layer
				union[e.Name] = e
				continue
			}
			if e.Layers = other.Layers; e != other {
				return nil, fmt.Errorf("%s takes %s %s, and %s %s: no lock can have both", other.Layers, e.Name, other.Version, layer, e.Version)
			}
			if !strings.HasSuffix(","+other.Layers, ","+layer) { // by another list of it
				other.Layers += "," + layer
			}
			union[e.Name] = other
		}
	}
	return Of(slices.Collect(maps.Values(union))...), nil
}

// Only is what of the lock is in any of the layers.
func (l Lock) Only(of []string) (Lock, error) {
	for _, layer := range of {
		if err := checkLayers(layer); err != nil {
			return nil, err
		}
	}
	var only Lock
	for _, e := range l {
		if slices.ContainsFunc(strings.Split(e.Layers, ","), func(layer string) bool { return slices.Contains(of, layer) }) {
			only = append(only, e)
		}
	}
	return only, nil
}

// Entry returns the one of this name.
func (l Lock) Entry(name string) (Entry, bool) {
	at, found := slices.BinarySearchFunc(l, name, func(e Entry, name string) int { return strings.Compare(e.Name, name) })
	if !found {
		return Entry{}, false
	}
	return l[at], true
}

// Write writes the lock file. Equal locks give equal bytes.
func (l Lock) Write(w io.Writer) error {
	var b strings.Builder
	b.WriteString(header)
	for _, e := range l {
		fmt.Fprintln(&b, e)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// String is the line of the lock file.
func (e Entry) String() string {
	words := []string{e.Name, e.Version, e.Architecture, e.Layers, e.SHA256}
	if e.SHA256 == "" {
		words[4] = unknown
	}
	if e.Checksum != "" {
		words = append(words, e.Checksum)
	}
	return strings.Join(words, " ")
}

// Read reads the lock file at path, as Parse does.
func Read(path string) (Lock, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, string(text))
}

// Parse reads the text of a lock file, whose name is for errors. An error names the
// line that is wrong.
func Parse(name, text string) (Lock, error) {
	l, err := parse(name, text)
	if err != nil {
		return nil, fmt.Errorf("%w; \"dagger call --base BASE lock\" writes a right one", err)
	}
	return l, nil
}

func parse(name, text string) (Lock, error) {
	var entries []Entry
	lines := map[string]int{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		e, err := parseEntry(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, number, err)
		}
		if first, found := lines[e.Name]; found {
			return nil, fmt.Errorf("%s:%d: %s is there twice, first in line %d", name, number, e.Name, first)
		}
		lines[e.Name] = number
		entries = append(entries, e)
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("%s: no package is locked in it", name)
	}
	return Of(entries...), nil
}

func parseEntry(line string) (Entry, error) {
	const without, with = 5, 6 // words, without and with a checksum
	words := strings.Split(line, " ")
	if len(words) != without && len(words) != with || slices.Contains(words, "") {
		return Entry{}, fmt.Errorf("%q is not name, version, architecture, layers and SHA-256, with single blanks between them", line)
	}
	e := Entry{Name: words[0], Version: words[1], Architecture: words[2], Layers: words[3]}
	if err := checkLayers(e.Layers); err != nil {
		return Entry{}, err
	}
	if words[4] != unknown {
		e.SHA256 = words[4]
		if sum, err := hex.DecodeString(e.SHA256); err != nil || len(sum) != sha256Bytes || strings.ToLower(e.SHA256) != e.SHA256 {
			return Entry{}, fmt.Errorf("%q is no SHA-256 of 64 lower-case hexadecimal digits", e.SHA256)
		}
	}
	if len(words) == with {
		e.Checksum = words[5]
		return e, checkSum(e.Checksum)
	}
	return e, nil
}

const sha256Bytes = 32

// checkLayers takes layers in the order in which Union writes them, each once.
func checkLayers(text string) error {
	names := strings.Split(text, ",")
	for i, name := range names {
		if !slices.Contains(layers, name) {
			return fmt.Errorf("layer %q is not known; the layers are: %s", name, strings.Join(layers, ", "))
		}
		if i > 0 && names[i-1] >= name {
			return fmt.Errorf("layers %q are not sorted, each once", text)
		}
	}
	return nil
}

func checkSum(text string) error {
	const sha1Bytes = 20
	encoded, found := strings.CutPrefix(text, "Q1")
	sum, err := base64.StdEncoding.DecodeString(encoded)
	if !found || err != nil || len(sum) != sha1Bytes {
		return fmt.Errorf("%q is no checksum of an index: Q1, then a SHA-1 in Base64", text)
	}
	return nil
}
