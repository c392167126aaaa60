// Package packages reads which packages a system has, from the files in which
// package managers keep that.
package packages

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"chainguard.dev/apko/pkg/apk/apk"
)

// Package is an installed package.
type Package struct {
	Name         string `json:"name"`
	Version      string `json:"version"`
	Architecture string `json:"architecture"`
}

// A Database is how one package manager keeps what is, or will be, installed.
type Database struct {
	// File that holds it.
	Path string
	// Parse returns the installed packages, sorted by name.
	Parse func(data []byte) ([]Package, error)
}

// Databases are those that are known.
var Databases = []Database{
	{"/var/lib/dpkg/status", dpkg},
	// the index of the medium that Alpine installs from
	{"/apks/x86_64/APKINDEX.tar.gz", apkIndex},
}

// apkIndex reads an index of apk packages.
func apkIndex(data []byte) ([]Package, error) {
	index, err := apk.IndexFromArchive(io.NopCloser(bytes.NewReader(data)))
	if err != nil {
		return nil, err
	}
	var all []Package
	for _, p := range index.Packages {
		all = append(all, Package{p.Name, p.Version, p.Arch})
	}
	slices.SortFunc(all, func(a, b Package) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// dpkg reads dpkg's status file, stanzas of fields as in deb822(5).
func dpkg(data []byte) ([]Package, error) {
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
		p := Package{fields["Package"], fields["Version"], fields["Architecture"]}
		if p.Name == "" || p.Version == "" || p.Architecture == "" {
			return nil, fmt.Errorf("an installed package without name, version or architecture: %.200q", stanza)
		}
		installed = append(installed, p)
	}
	slices.SortFunc(installed, func(a, b Package) int {
		return strings.Compare(a.Name+"\x00"+a.Architecture, b.Name+"\x00"+b.Architecture)
	})
	return installed, nil
}
