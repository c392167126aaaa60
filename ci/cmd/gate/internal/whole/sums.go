package whole

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// SumsFile is the name of the list of digests, in the form of sha256sum(1).
const SumsFile = "SHA256SUMS"

// Summed fills a folder, as Folder does, from a source whose files its SHA256SUMS lists.
// Where the folder has these very files, nothing is written.
func Summed(ctx context.Context, path string, from Source) error {
	wanted, err := from.Contents(ctx, SumsFile)
	if err != nil {
		return err
	}
	held, err := os.ReadFile(filepath.Join(path, SumsFile))
	if err == nil && string(held) == wanted && CheckSums(path) == nil {
		return nil
	}
	return Folder(ctx, path, from, CheckSums)
}

// CheckSums checks that each file that a folder's SHA256SUMS names is the one that it is
// the digest of.
func CheckSums(folder string) error {
	text, err := os.ReadFile(filepath.Join(folder, SumsFile))
	if err != nil {
		return err
	}
	sums, err := parseSums(string(text))
	if err != nil {
		return err
	}
	for _, s := range sums {
		got, err := digest(filepath.Join(folder, s.name))
		if err != nil {
			return err
		}
		if got != s.digest {
			return fmt.Errorf("%s is not whole: its SHA-256 is %s, but %s says %s", s.name, got, SumsFile, s.digest)
		}
	}
	return nil
}

type sum struct{ digest, name string }

// parseSums reads lines of a digest, two blanks and the name of a file beside it.
func parseSums(text string) ([]sum, error) {
	var sums []sum
	for line := range strings.Lines(text) {
		digest, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if bytes, err := hex.DecodeString(digest); !ok || err != nil || len(bytes) != sha256.Size || !filepath.IsLocal(name) {
			return nil, fmt.Errorf("%s: %q is not a SHA-256 digest and the name of a file", SumsFile, line)
		}
		sums = append(sums, sum{digest, name})
	}
	if sums == nil {
		return nil, errors.New(SumsFile + " is empty")
	}
	return sums, nil
}

func digest(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
