// Package digest reads packages' files for their SHA-256, which no index of apk's has.
package digest

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"bee/core/lock"
	"bee/core/sums"
	"bee/iso/alpine/internal/repository"
)

// Files adds to the packages of a lock the SHA-256 of their files, as the first of the
// repositories that has one has it. The error names all that none has.
func Files(l lock.Lock, repositories []*repository.Repository) error {
	var missing []string
	for i, e := range l {
		name := e.Name + "-" + e.Version + ".apk"
		sum, err := find(name, repositories)
		if errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, name)
			continue
		}
		if err != nil {
			return err
		}
		l[i].SHA256 = sum
	}
	if len(missing) > 0 {
		return fmt.Errorf("no repository that is a folder has %s: \"alpine mirror\" makes such folders", strings.Join(missing, ", "))
	}
	return nil
}

func find(name string, repositories []*repository.Repository) (string, error) {
	for _, r := range repositories {
		path, found := r.Path(name)
		if !found {
			continue
		}
		sum, err := sums.DigestFile(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return sum, err
		}
	}
	return "", fs.ErrNotExist
}
