// Package packages reads which packages a system has, from the files in which
// package managers keep that.
package packages

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"bee/core/manifest"
)

// DpkgStatus is the file in which dpkg keeps what is installed.
const DpkgStatus = "/var/lib/dpkg/status"

// Dpkg returns the installed packages of dpkg's status file, stanzas of fields as in
// deb822(5), sorted by name.
func Dpkg(data []byte) ([]manifest.Package, error) {
	var installed []manifest.Package
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
		p := manifest.Package{Name: fields["Package"], Version: fields["Version"], Architecture: fields["Architecture"]}
		if p.Name == "" || p.Version == "" || p.Architecture == "" {
			return nil, fmt.Errorf("an installed package without name, version or architecture: %.200q", stanza)
		}
		installed = append(installed, p)
	}
	slices.SortFunc(installed, func(a, b manifest.Package) int {
		return strings.Compare(a.Name+"\x00"+a.Architecture, b.Name+"\x00"+b.Architecture)
	})
	return installed, nil
}
