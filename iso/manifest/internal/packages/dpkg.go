package packages

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
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
