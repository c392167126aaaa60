// Package sums is SHA256SUMS, a folder's list of the digests of its files, in the form of
// sha256sum(1).
package sums

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// File is the name of the list.
const File = "SHA256SUMS"

// Check checks that each file that a folder's list names is the one that it is the digest
// of, and returns their names.
func Check(folder string) (names []string, err error) {
	text, err := os.ReadFile(filepath.Join(folder, File))
	if err != nil {
		return nil, err
	}
	sums, err := Parse(string(text))
	if err != nil {
		return nil, err
	}
	for _, s := range sums {
		got, err := DigestFile(filepath.Join(folder, s.Name))
		if err != nil {
			return nil, err
		}
		if got != s.Digest {
			return nil, fmt.Errorf("%s is not whole: its SHA-256 is %s, but %s says %s", s.Name, got, File, s.Digest)
		}
		names = append(names, s.Name)
	}
	return names, nil
}

// Sum is the SHA-256 of a file, in hex, and the name of the file.
type Sum struct{ Digest, Name string }

// String is the line of the list.
func (s Sum) String() string { return s.Digest + "  " + s.Name + "\n" }

// Parse reads lines of a digest, two blanks and the name of a file in the list's folder, or
// below it.
func Parse(text string) ([]Sum, error) {
	var sums []Sum
	for line := range strings.Lines(text) {
		digest, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if bytes, err := hex.DecodeString(digest); !ok || err != nil || len(bytes) != sha256.Size || !filepath.IsLocal(name) {
			return nil, fmt.Errorf("%s: %q is not a SHA-256 digest and the name of a file", File, line)
		}
		sums = append(sums, Sum{digest, name})
	}
	if sums == nil {
		return nil, errors.New(File + " is empty")
	}
	return sums, nil
}

// DigestFile is the SHA-256 of a file, in hex.
func DigestFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	return Digest(file)
}

// Digest is the SHA-256 of what is read, in hex.
func Digest(from io.Reader) (string, error) {
	hash := sha256.New()
	if _, err := io.Copy(hash, from); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
