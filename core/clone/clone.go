// Package clone tells clones of the repository apart that use one Dagger engine.
//
// Who does so by way of the gate waits for the other (core/claim). Dagger's command line does
// not, and Dagger 0.19 knows a local module by what is in it: of two clones of one commit, the
// second gets the files that the first one has where a function's default is a folder of
// the repository, be they others, or gone. Its defaults in .env belong to what it knows a
// module by. One there that no function asks for makes a module another one in each clone.
// (core/modulesource.go there: CalcDigest, LoadUserDefaults; getModuleFromContentDigest.)
package clone

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// File is the name of the file of defaults, at the top of the repository.
const File = ".env"

const variable = "_CLONE"

// Mark writes the path of the clone whose top is given into its File, for each of its
// modules. Other lines there belong to the user, and stay.
func Mark(top string) error {
	top, err := filepath.Abs(top)
	if err != nil {
		return err
	}
	modules, err := names(filepath.Join(top, "dagger.json"))
	if err != nil {
		return err
	}
	path := filepath.Join(top, File)
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text := mark(string(old), top, modules)
	if text == string(old) {
		return nil
	}
	part := path + ".part"
	if err := os.WriteFile(part, []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(part, path)
}

// mark is the text of the file with the lines that it has to have.
func mark(text, top string, modules []string) string {
	ours := map[string]bool{}
	var lines strings.Builder
	for _, module := range modules {
		name := strings.ToUpper(strings.ReplaceAll(module, "-", "_")) + variable
		ours[name] = true
		fmt.Fprintf(&lines, "%s=%s\n", name, quote(top))
	}
	const why = "# Tells this clone from others of the same commit, for Dagger.\n"
	var kept strings.Builder
	for line := range strings.Lines(text) {
		name, _, _ := strings.Cut(line, "=")
		if !ours[name] && line != why {
			kept.WriteString(line)
		}
	}
	if user := kept.String(); user != "" && !strings.HasSuffix(user, "\n") {
		kept.WriteString("\n")
	}
	return kept.String() + why + lines.String()
}

// quote keeps a path from being anything but itself where Dagger reads it.
func quote(path string) string {
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// names are those of a module and of the modules that it depends on.
func names(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var module struct {
		Name         string
		Dependencies []struct{ Name string }
	}
	err = json.Unmarshal(text, &module)
	if err == nil && module.Name == "" {
		err = errors.New("it has no name")
	}
	if err != nil {
		return nil, fmt.Errorf("%s is no description of a Dagger module: %w", path, err)
	}
	found := []string{module.Name}
	for _, dependency := range module.Dependencies {
		found = append(found, dependency.Name)
	}
	return found, nil
}
