// Package vulnerabilities matches the bill of materials of an ISO against databases of known
// vulnerabilities.
package vulnerabilities

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/package-url/packageurl-go"

	"bee/core/bounded"
	"bee/core/printable"
)

// Package is what databases have a name for: a source package of a distribution, or a Go module.
type Package struct {
	// Ecosystem is that of OSV, with the distribution's release: Debian:13, Alpine:v3.21, Go.
	Ecosystem string
	Name      string
	Version   string
	// Components of the bill of materials that it is in, sorted.
	Components []string
}

// key is what databases find a package by.
type key struct{ ecosystem, name string }

// Packages are those of a bill of materials, CycloneDX in JSON, that databases know.
type Packages map[key][]*Package

// ReadPackages reads the bill of materials at path.
func ReadPackages(path string) (Packages, error) {
	data, err := bounded.ReadFile(path)
	if err != nil {
		return nil, err
	}
	all, err := parsePackages(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}

func parsePackages(data []byte) (Packages, error) {
	var bom cyclonedx.BOM
	decoder := cyclonedx.NewBOMDecoder(bytes.NewReader(printable.AgainJSON(data)), cyclonedx.BOMFileFormatJSON)
	if err := decoder.Decode(&bom); err != nil || bom.BOMFormat != cyclonedx.BOMFormat || bom.Components == nil {
		return nil, fmt.Errorf("no bill of materials as CycloneDX, such as bee.iso.cdx.json")
	}
	all := Packages{}
	for _, c := range *bom.Components {
		if c.PackageURL == "" {
			continue
		}
		purl, err := packageurl.FromString(c.PackageURL)
		if err != nil {
			return nil, fmt.Errorf("component %s: %q is no package URL: %w", c.Name, c.PackageURL, err)
		}
		all.add(c, purl)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no component in it is of Debian, Alpine or Go")
	}
	return all, nil
}

func (p Packages) add(c cyclonedx.Component, purl packageurl.PackageURL) {
	qualifiers := purl.Qualifiers.Map()
	distribution, release, _ := strings.Cut(qualifiers["distro"], "-")
	var ecosystem string
	switch {
	case purl.Type == packageurl.TypeGolang:
		// the name of the component: a package URL has it in small letters
		p.addOne(Package{Ecosystem: "Go", Name: c.Name, Version: strings.TrimPrefix(c.Version, "v")}, c.Name)
		return
	case purl.Type == packageurl.TypeDebian && distribution == "debian":
		ecosystem = "Debian:" + release
	case purl.Type == packageurl.TypeApk && distribution == "alpine":
		ecosystem = "Alpine:v" + release
	default:
		return
	}
	sources := qualifiers["upstream"]
	if sources == "" {
		sources = c.Name
	}
	for source := range strings.SplitSeq(sources, ",") {
		name, version, found := strings.Cut(source, "@")
		if !found {
			version = c.Version
		}
		p.addOne(Package{Ecosystem: ecosystem, Name: name, Version: version}, c.Name)
	}
}

// addOne adds a package that a component is made of.
func (p Packages) addOne(one Package, component string) {
	k := key{one.Ecosystem, one.Name}
	at := slices.IndexFunc(p[k], func(other *Package) bool { return other.Version == one.Version })
	if at < 0 {
		p[k] = append(p[k], &one)
		at = len(p[k]) - 1
	}
	known := p[k][at]
	if place, found := slices.BinarySearch(known.Components, component); !found {
		known.Components = slices.Insert(known.Components, place, component)
	}
}
