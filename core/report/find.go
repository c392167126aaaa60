package report

import (
	"os"
	"path/filepath"
	"strings"
)

// deepest is how far below a folder reports are looked for: a pipeline puts the
// reports of each job into a folder of its own.
const deepest = 2

// Find returns the folders with a report in and below folders, up to two folders deep.
// A folder without any, or that is not there, is returned itself: its report is missing.
// The error is about a folder that cannot be read.
func Find(dirs []string) ([]string, error) {
	var found []string
	for _, dir := range dirs {
		below, err := find(dir, deepest)
		if err != nil {
			return nil, err
		}
		found = append(found, below...)
	}
	return found, nil
}

func find(dir string, depth int) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	var below []string
	for _, entry := range entries {
		if entry.Name() == JSONFile {
			return []string{dir}, nil
		}
		hidden := strings.HasPrefix(entry.Name(), ".") // such as a report that is being written
		if entry.IsDir() && !hidden && depth > 0 {
			more, err := find(filepath.Join(dir, entry.Name()), depth-1)
			if err != nil {
				return nil, err
			}
			below = append(below, more...)
		}
	}
	if below == nil {
		below = []string{dir}
	}
	return below, nil
}
