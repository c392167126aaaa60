// Package findings reads what linters found out of what they wrote.
package findings

import (
	"bufio"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
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
	// A heading, and names of files below it.
	unformatted = regexp.MustCompile(`^gofmt would change:$`)
	goFile      = regexp.MustCompile(`^\S+\.go$`)
	// What go vet names before the findings of a package, and what the lint writes
	// after those of a module: both tell which folder names of files begin in.
	goPackage = regexp.MustCompile(`^# \[?([^\s\]]+)\]?`)
	module    = regexp.MustCompile(`^(\S+): vet, staticcheck$`)
)

// Parse reads what a lint wrote on one stream.
func Parse(repository fs.FS, text string) []Finding {
	var all []Finding
	folder := "" // that names of files begin in
	pending := 0 // findings whose folder comes after them
	place := Finding{}
	listing := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if match := goPackage.FindStringSubmatch(line); match != nil {
			folder = folderOf(repository, match[1])
			continue
		}
		if match := module.FindStringSubmatch(line); match != nil {
			for i := pending; i < len(all); i++ {
				all[i].File = locate(repository, match[1], all[i].File)
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
		if unformatted.MatchString(line) {
			listing = true
			continue
		}
		if listing && goFile.MatchString(line) {
			all = append(all, Finding{File: path.Clean(line), Message: "gofmt would change it"})
			pending = len(all)
			continue
		}
		if match := colons.FindStringSubmatch(line); match != nil {
			all = append(all, Finding{locate(repository, folder, match[1]), number(match[2]), match[3]})
		}
	}
	return all
}

func number(digits string) int {
	n, _ := strconv.Atoi(digits) // its form was checked
	return n
}

// locate is the path from the top of the repository, where the file is there.
func locate(repository fs.FS, folder, file string) string {
	below := path.Join(folder, file)
	if _, err := fs.Stat(repository, below); err == nil {
		return below
	}
	return path.Clean(file)
}

// folderOf is the folder of the Go module that a package is of.
func folderOf(repository fs.FS, importPath string) string {
	found, longest := "", 0
	fs.WalkDir(repository, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != "go.mod" {
			return nil // a folder that cannot be read has no module that was linted
		}
		if name := moduleName(repository, file); len(name) > longest && (importPath == name || strings.HasPrefix(importPath, name+"/")) {
			found, longest = path.Dir(file), len(name)
		}
		return nil
	})
	return found
}

func moduleName(repository fs.FS, file string) string {
	mod, err := repository.Open(file)
	if err != nil {
		return ""
	}
	defer mod.Close()
	lines := bufio.NewScanner(mod)
	for lines.Scan() {
		if name, found := strings.CutPrefix(lines.Text(), "module "); found {
			return strings.TrimSpace(name)
		}
	}
	return ""
}
