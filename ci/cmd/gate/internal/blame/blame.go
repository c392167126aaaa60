// Package blame finds the lines of the repository that checks come from.
package blame

import (
	"io/fs"
	"path"
	"strings"
)

// The smoke test's sources, below the top of the repository.
const (
	folder = "iso/smoke"
	inside = folder + "/selftest" // the checks from the inside
	script = folder + "/smoketest.sh"
)

// Position is a line of a file. The file is relative to the top of the repository.
type Position struct {
	File string
	Line int
}

// Find is the line that defines a check: the function that is named as the check from
// the inside is, or the name in another Go file. A check that is found nowhere is
// blamed on the script that calls them.
func Find(repository fs.FS, check string) Position {
	function := "func " + strings.ReplaceAll(check, "-", "") + "("
	if found, ok := find(repository, inside, func(line string) bool { return strings.HasPrefix(strings.ToLower(line), function) }); ok {
		return found
	}
	if found, ok := find(repository, folder, func(line string) bool { return strings.Contains(line, `"`+check+`"`) }); ok {
		return found
	}
	return Position{script, 1}
}

// find is the first line of a Go file below a folder that is wanted.
func find(repository fs.FS, folder string, wanted func(line string) bool) (found Position, ok bool) {
	fs.WalkDir(repository, folder, func(file string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
			return nil // what cannot be read is not to blame
		}
		data, _ := fs.ReadFile(repository, file)
		n := 0
		for line := range strings.Lines(string(data)) {
			n++
			if wanted(line) {
				found, ok = Position{file, n}, true
				return fs.SkipAll
			}
		}
		return nil
	})
	return found, ok
}
