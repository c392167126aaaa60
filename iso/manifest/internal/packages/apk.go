package packages

import (
	"archive/tar"
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"bee/core/manifest"
)

// maxLine is more than the longest lines of Alpine's indexes have, which are lists of
// what a package provides.
const maxLine = 1 << 20

// maxIndex is how many bytes an index may have that is unpacked; Alpine's largest has
// nine million.
const maxIndex = 32 << 20

// APKIndex returns the packages of an APKINDEX.tar.gz, sorted by name.
//
// Its members are gzipped one by one, the signature first, and are one archive together.
// Five fields are read here, as apko, which reads all, needs the SDKs of several clouds.
func APKIndex(data []byte) ([]Package, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	bounded := &io.LimitedReader{R: unzipped, N: maxIndex}
	all, err := apkArchive(tar.NewReader(bounded))
	if bounded.N == 0 {
		return nil, fmt.Errorf("it has more than %d bytes", maxIndex)
	}
	return all, err
}

// apkArchive returns the packages of an unzipped index.
func apkArchive(archive *tar.Reader) ([]Package, error) {
	for {
		header, err := archive.Next()
		if err == io.EOF {
			return nil, errors.New("no APKINDEX in it")
		}
		if err != nil {
			return nil, err
		}
		if header.Name == "APKINDEX" {
			return APK(archive)
		}
	}
}

// APK returns the packages of an index, or of what apk has installed, sorted by name: stanzas
// of lines such as V:1.37.0-r12. A blank line ends each.
func APK(index io.Reader) ([]Package, error) {
	var all []Package
	var p Package
	var origin string
	end := func() error {
		if p.Package == (manifest.Package{}) {
			return nil // one blank line more
		}
		if p.Name == "" || p.Version == "" || p.Architecture == "" {
			return fmt.Errorf("%s: a package without name, version or architecture", cmp.Or(p.Name, "?"))
		}
		p.Sources = []Source{{cmp.Or(origin, p.Name), p.Version}}
		all = append(all, p)
		p, origin = Package{}, ""
		return nil
	}
	lines := bufio.NewScanner(index)
	lines.Buffer(nil, maxLine)
	for number := 1; lines.Scan(); number++ {
		key, value, found := strings.Cut(lines.Text(), ":")
		switch {
		case lines.Text() == "":
			if err := end(); err != nil {
				return nil, err
			}
		case !found || len(key) != 1:
			return nil, fmt.Errorf("line %d of APKINDEX is no letter and value: %.200q", number, lines.Text())
		case key == "P":
			p.Name = value
		case key == "V":
			p.Version = value
		case key == "A":
			p.Architecture = value
		case key == "L":
			p.License = value
		case key == "o":
			origin = value
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if err := end(); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errors.New("no package in it")
	}
	slices.SortFunc(all, func(a, b Package) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
	})
	return all, nil
}
