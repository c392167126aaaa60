// Package packages reads which packages a system has, from the files in which
// package managers keep that.
package packages

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bee/core/manifest"
)

// DpkgStatus is the file in which dpkg keeps what is installed.
const DpkgStatus = "/var/lib/dpkg/status"

// Dpkg returns the installed packages of dpkg's status file, stanzas of fields as in
// deb822(5), sorted by name.
func Dpkg(data []byte) ([]Package, error) {
	var installed []Package
	for stanza := range bytes.SplitSeq(data, []byte("\n\n")) {
		fields := map[string]string{}
		for line := range strings.Lines(string(stanza)) {
			// a line that goes on a field begins with a blank
			if key, value, found := strings.Cut(line, ":"); found && !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t") {
				fields[key] = strings.TrimSpace(value)
			}
		}
		if !strings.HasSuffix(fields["Status"], " installed") {
			continue
		}
		p := Package{Package: manifest.Package{Name: fields["Package"], Version: fields["Version"], Architecture: fields["Architecture"]}}
		if p.Name == "" || p.Version == "" || p.Architecture == "" {
			return nil, fmt.Errorf("an installed package without name, version or architecture: %.200q", stanza)
		}
		p.Sources = dpkgSources(p.Package, fields)
		installed = append(installed, p)
	}
	slices.SortFunc(installed, func(a, b Package) int {
		return strings.Compare(a.Name+"\x00"+a.Architecture, b.Name+"\x00"+b.Architecture)
	})
	return installed, nil
}

// dpkgSources reads such as Source: linux-signed-amd64 (6.12.118+1), which is left out where it
// says nothing new, and Built-Using: linux (= 6.12.118-1), glibc (= 2.41-12).
func dpkgSources(p manifest.Package, fields map[string]string) []Source {
	name, version, _ := strings.Cut(fields["Source"], " ")
	sources := []Source{{cmp.Or(name, p.Name), cmp.Or(strings.Trim(version, "()"), p.Version)}}
	for _, field := range []string{"Built-Using", "Static-Built-Using"} {
		for used := range strings.SplitSeq(fields[field], ",") {
			name, version, found := strings.Cut(strings.TrimSpace(used), " (= ")
			if s := (Source{name, strings.TrimSuffix(version, ")")}); found && !slices.Contains(sources, s) {
				sources = append(sources, s)
			}
		}
	}
	return sources
}
