package packages

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"chainguard.dev/apko/pkg/apk/apk"
)

// APKIndex returns the packages of an APKINDEX.tar.gz, sorted by name.
func APKIndex(data []byte) ([]Package, error) {
	index, err := apk.IndexFromArchive(io.NopCloser(bytes.NewReader(data)))
	if err != nil {
		return nil, err
	}
	if len(index.Packages) == 0 {
		return nil, errors.New("no package in it")
	}
	var all []Package
	for _, p := range index.Packages { // all have names: apko skips what has none
		if p.Version == "" || p.Arch == "" {
			return nil, fmt.Errorf("%s: a package without version or architecture", p.Name)
		}
		all = append(all, Package{p.Name, p.Version, p.Arch})
	}
	slices.SortFunc(all, func(a, b Package) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
	})
	return all, nil
}
