// Package vendorlist has the list of the vendor programs on an ISO: those in iso/vendor when it was
// built, which bee may not distribute. A line is NAME VERSION SHA256, with a blank between two of
// them; the version is "-" where nobody has said it.
//
//	storcli64 007.2705.0000.0000 5f70…
package vendorlist

import (
	"fmt"
	"regexp"
	"strings"
)

const (
	// File is where the list is on an ISO.
	File = "/etc/bee/vendor"
	// Folder is where the programs are.
	Folder = "/usr/local/bin"
	// VersionSuffix is that of the file beside a program that says its version, in a line.
	VersionSuffix = ".version"

	unknown = "-"
)

// Program is a vendor program.
type Program struct {
	Name string
	// Version as iso/vendor says it; empty where it does not.
	Version string
	// SHA256 of the file, hexadecimal.
	SHA256 string
}

// word is what a name or a version is of.
const word = `[0-9A-Za-z][0-9A-Za-z._+:~-]{0,79}`

var (
	whole = regexp.MustCompile(`^` + word + `$`)
	row   = regexp.MustCompile(`^(` + word + `) (` + word + `|` + unknown + `) ([0-9a-f]{64})\n?$`)
)

// Text is the text of the list.
func Text(programs []Program) string {
	var text strings.Builder
	for _, p := range programs {
		version := p.Version
		if version == "" {
			version = unknown
		}
		fmt.Fprintf(&text, "%s %s %s\n", p.Name, version, p.SHA256)
	}
	return text.String()
}

// Parse reads a list.
func Parse(text string) ([]Program, error) {
	var all []Program
	for line := range strings.Lines(text) {
		parts := row.FindStringSubmatch(line)
		if parts == nil {
			return nil, fmt.Errorf("%s: %.80q is not a name, a version and a SHA-256", File, line)
		}
		p := Program{parts[1], parts[2], parts[3]}
		if p.Version == unknown {
			p.Version = ""
		}
		all = append(all, p)
	}
	return all, nil
}

// Of makes the list of what is in iso/vendor, but for folders: the lines that sha256sum writes of
// the files there, and what is in those that say a version, by their names.
func Of(sums string, versions map[string]string) ([]Program, error) {
	var all []Program
	said := map[string]bool{}
	for line := range strings.Lines(sums) {
		sum, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if strings.HasSuffix(name, VersionSuffix) {
			continue
		}
		const form = "it has to be of at most 80 letters, digits and . _ + : ~ -, and to begin with a letter or digit"
		if !whole.MatchString(name) {
			return nil, fmt.Errorf("%.80q is no name of a vendor program: %s", name, form)
		}
		file := name + VersionSuffix
		version, there := versions[file]
		if version = strings.TrimSpace(version); there && !whole.MatchString(version) {
			return nil, fmt.Errorf("%s: %.80q is no version: %s", file, version, form)
		}
		said[file] = true
		all = append(all, Program{name, version, sum})
	}
	for file := range versions {
		if !said[file] {
			return nil, fmt.Errorf("%s says the version of %s, which is not there", file, strings.TrimSuffix(file, VersionSuffix))
		}
	}
	return all, nil
}
