// Package lock keeps the list of packages, with their versions and checksums, that
// an image is built of, and tells how a repository differs from it.
package lock

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"chainguard.dev/apko/pkg/apk/apk"
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

func (e Entry) is(p *apk.RepositoryPackage) bool {
	return p.Name == e.Name && p.Version == e.Version && p.ChecksumString() == e.Checksum
}

// Lock is a list of packages, sorted by name.
type Lock []Entry

// Of locks packages, which have different names.
func Of(packages []*apk.RepositoryPackage) Lock {
	l := make(Lock, 0, len(packages))
	for _, p := range packages {
		l = append(l, Entry{p.Name, p.Version, p.ChecksumString()})
	}
	l.sort()
	return l
}

func (l Lock) sort() {
	slices.SortFunc(l, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
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

// Read reads a lock file. The error names the line that is wrong.
func Read(path string) (Lock, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	l, err := parse(path, file)
	if err != nil {
		return nil, fmt.Errorf("%w; \"alpine lock\" writes a right one", err)
	}
	return l, nil
}

func parse(name string, r io.Reader) (Lock, error) {
	const fields = 3
	var l Lock
	lines := map[string]int{}
	scanner := bufio.NewScanner(r)
	number := 0
	for scanner.Scan() {
		number++
		line := scanner.Text()
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
		l = append(l, e)
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", name, number+1, err)
	}
	if len(l) == 0 {
		return nil, fmt.Errorf("%s: no package is locked in it", name)
	}
	l.sort()
	return l, nil
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
