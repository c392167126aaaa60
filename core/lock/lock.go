// Package lock reads and writes the list of packages, with their versions and
// checksums, that the Alpine base is built of (iso/alpine/packages.lock), and tells how
// two such lists differ.
package lock

import (
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

const header = `# The packages that the Alpine base is built of: name, version, checksum.
# The checksum is the one of the repository's index (C:), so that a package that is
# rebuilt under its old version shows. "alpine lock" writes this file, "alpine
# compare" tells how a repository differs from it, "alpine mirror" fetches it all.
# Where two repositories have a package, the higher version is the one that counts.
`

// Entry is a locked package.
type Entry struct {
	Name, Version string
	// Checksum as in an index: Q1, then the Base64 of a SHA-1.
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
		fmt.Fprintln(&b, e.Name, e.Version, e.Checksum)
	}
	_, err := io.WriteString(w, b.String())
	return err
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
		return nil, fmt.Errorf("%w; \"alpine lock\" writes a right one", err)
	}
	return l, nil
}

func parse(name, text string) (Lock, error) {
	const fields = 3
	var entries []Entry
	lines := map[string]int{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		words := strings.Split(line, " ")
		if len(words) != fields || slices.Contains(words, "") {
			return nil, fmt.Errorf("%s:%d: %q is not name, version and checksum with single blanks between them", name, number, line)
		}
		e := Entry{words[0], words[1], words[2]}
		if err := checkSum(e.Checksum); err != nil {
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

func checkSum(text string) error {
	const sha1Bytes = 20
	encoded, found := strings.CutPrefix(text, "Q1")
	sum, err := base64.StdEncoding.DecodeString(encoded)
	if !found || err != nil || len(sum) != sha1Bytes {
		return fmt.Errorf("%q is no checksum of an index: Q1, then a SHA-1 in Base64", text)
	}
	return nil
}
