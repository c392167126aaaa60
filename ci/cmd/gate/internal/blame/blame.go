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
	script = folder + "/smoketest.sh"
)

// Position is a line of a file. The file is relative to the top of the repository.
type Position struct {
	File string
	Line int
}

// Find is the line that defines a check: the function of the shell script, or the
// name in a Go file. A check that is found nowhere is blamed on the script.
func Find(repository fs.FS, check string) Position {
	if line := lineOf(repository, script, strings.ReplaceAll(check, "-", "_")+"() {", true); line > 0 {
		return Position{script, line}
	}
	found := Position{script, 1}
	fs.WalkDir(repository, folder, func(file string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
			return nil // what cannot be read is not to blame
		}
		if line := lineOf(repository, file, `"`+check+`"`, false); line > 0 {
			found = Position{file, line}
			return fs.SkipAll
		}
		return nil
	})
	return found
}

// lineOf is the number of the first line that has the text, or is the text; 0 where
// there is none.
func lineOf(repository fs.FS, file, text string, whole bool) int {
	data, err := fs.ReadFile(repository, file)
	if err != nil {
		return 0
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if line == text || !whole && strings.Contains(line, text) {
			return n
		}
	}
	return 0
}
