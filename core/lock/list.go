package lock

import (
	"fmt"
	"os"
	"strings"
)

// List names packages that a layer takes.
type List struct {
	Layer string
	// File that the names are from.
	File  string
	Names []string
}

// ReadList reads a list as command lines name it, LAYER=FILE. The file has one or more names in a
// line, with # before comments. A name may have what apk's world file allows, such as name>1.2 or
// !name.
func ReadList(argument string) (List, error) {
	layer, file, found := strings.Cut(argument, "=")
	if !found {
		return List{}, fmt.Errorf("list %q is not LAYER=FILE, such as %s=packages.list", argument, Base)
	}
	if err := checkLayers(layer); err != nil {
		return List{}, fmt.Errorf("list %q: %w", argument, err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return List{}, err
	}
	l := List{Layer: layer, File: file}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		l.Names = append(l.Names, strings.Fields(line)...)
	}
	if len(l.Names) == 0 {
		return List{}, fmt.Errorf("%s: no package name in this list", file)
	}
	return l, nil
}
