package packages

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"

	"chainguard.dev/apko/pkg/apk/apk"
)

// maxIndex is how many bytes an index may have that is unpacked; Alpine's largest has
// nine million.
const maxIndex = 32 << 20

// APKIndex returns the packages of an APKINDEX.tar.gz, sorted by name.
func APKIndex(data []byte) ([]Package, error) {
	if zip, err := gzip.NewReader(bytes.NewReader(data)); err == nil {
		if n, _ := io.Copy(io.Discard, io.LimitReader(zip, maxIndex+1)); n > maxIndex {
			return nil, fmt.Errorf("it has more than %d bytes", maxIndex)
		}
	}
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
