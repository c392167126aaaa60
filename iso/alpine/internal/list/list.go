// Package list reads lists of package names.
package list

import (
	"fmt"
	"os"
	"strings"
)

// Read returns the names of a file: one or more in a line, with # before comments.
// A name may have what apk's world file allows, such as name>1.2 or !name.
func Read(path string) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var names []string
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "#")
		names = append(names, strings.Fields(line)...)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: no package name in this list", path)
	}
	return names, nil
}
