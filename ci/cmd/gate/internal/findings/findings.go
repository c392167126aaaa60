// Package findings reads what linters found out of what they wrote.
package findings

import (
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/mod/modfile"
)

// Finding is one thing that a linter found. The file is relative to the top of the
// repository; without a line, it is about the whole file.
type Finding struct {
	File    string
	Line    int
	Message string
}

var (
	// FILE:LINE:COLUMN: MESSAGE, as compilers and most linters write it.
	colons = regexp.MustCompile(`^(?:vet: )?(\S+?):(\d+)(?::\d+)?: (.+)$`)
	// What shellcheck writes: the place, the line itself, and what is wrong with it.
	shellcheckPlace = regexp.MustCompile(`^In (\S+) line (\d+):$`)
	shellcheckWords = regexp.MustCompile(`^\s*\^-*\^? ?-* ?(SC\d+ \(\w+\): .+)$`)
	goFile          = regexp.MustCompile(`^\S+\.go$`)
	// What the compiler names before the errors of a package, and what the lint writes
	// after those of a module: both tell which folder names of files begin in.
	goPackage = regexp.MustCompile(`^# \[?([^\s\]]+)\]?`)
	module    = regexp.MustCompile(`^(\S+): vet, staticcheck$`)
)

// unformatted stands before the names of files that are not as gofmt has them.
const unformatted = "gofmt would change:"

// Parse reads what a lint wrote on one stream.
func Parse(repository fs.FS, text string) []Finding {
	modules := modules(repository)
	var all []Finding
	folder := "" // that names of files begin in
	pending := 0 // findings whose folder comes after them
	place := Finding{}
	listing := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if match := goPackage.FindStringSubmatch(line); match != nil {
			folder = folderOf(modules, match[1])
			continue
		}
		if match := module.FindStringSubmatch(line); match != nil {
			for i := pending; i < len(all); i++ {
				all[i].File = locate(repository, modules, match[1], all[i].File)
			}
			pending, folder, listing = len(all), "", false
			continue
		}
		if match := shellcheckPlace.FindStringSubmatch(line); match != nil {
			place = Finding{File: path.Clean(match[1]), Line: number(match[2])}
			continue
		}
		if match := shellcheckWords.FindStringSubmatch(line); match != nil && place.File != "" {
			all = append(all, Finding{place.File, place.Line, match[1]})
			continue
		}
		if line == unformatted {
			listing = true
			continue
		}
		if listing && goFile.MatchString(line) {
			all = append(all, Finding{File: path.Clean(line), Message: "gofmt would change it"})
			pending = len(all)
			continue
		}
		if match := colons.FindStringSubmatch(line); match != nil {
			all = append(all, Finding{locate(repository, modules, folder, match[1]), number(match[2]), match[3]})
		}
	}
	return all
}

func number(digits string) int {
	n, _ := strconv.Atoi(digits) // its form was checked
	return n
}

// modules are the folders of the Go modules of a repository, by the modules' names.
func modules(repository fs.FS) map[string]string {
	folders := map[string]string{}
	fs.WalkDir(repository, ".", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // a folder that cannot be read has no module that was linted
		case entry.Name() == ".git":
			return fs.SkipDir
		case entry.Name() == "go.mod":
			if data, err := fs.ReadFile(repository, file); err == nil {
				folders[modfile.ModulePath(data)] = path.Dir(file)
			}
		}
		return nil
	})
	return folders
}

// folderOf is the folder of the module that a package is of.
func folderOf(modules map[string]string, importPath string) string {
	found, longest := "", 0
	for name, folder := range modules {
		if len(name) > longest && (importPath == name || strings.HasPrefix(importPath, name+"/")) {
			found, longest = folder, len(name)
		}
	}
	return found
}

// locate is the path from the top of the repository of a file that is named from a
// folder or, where that is not known, from the one module that has such a file.
func locate(repository fs.FS, modules map[string]string, folder, file string) string {
	exists := func(file string) bool {
		_, err := fs.Stat(repository, file)
		return err == nil
	}
	if below := path.Join(folder, file); exists(below) {
		return below
	}
	var found []string
	for _, folder := range modules {
		if below := path.Join(folder, file); exists(below) {
			found = append(found, below)
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return path.Clean(file)
}
