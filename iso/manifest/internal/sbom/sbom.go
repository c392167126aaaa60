// Package sbom writes the bill of materials of an ISO: which components it is made of, and which
// of them each of its files belongs to.
package sbom

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"bee/core/manifest"
	"bee/iso/manifest/internal/image"
	"bee/iso/manifest/internal/license"
)

// BOM is a bill of materials. Equal ISOs have equal ones.
type BOM struct {
	ISO manifest.Image
	// Version of bee, and the time of its commit.
	Version string
	Created time.Time
	// Components, sorted by Ref.
	Components []Component
	// Files of no component, sorted by path.
	Rest []File
}

// Kind is what a component is, in the words of both formats.
type Kind string

// Kinds of components.
const (
	Application Kind = "application"
	Library     Kind = "library"
	Firmware    Kind = "firmware"
	Driver      Kind = "device-driver"
)

// Component is something that somebody gave a name and a version.
type Component struct {
	// Ref tells it from all others.
	Ref     string
	Kind    Kind
	Name    string
	Version string // "" where it is not known
	// PURL is its package URL, https://github.com/package-url/purl-spec.
	PURL     string
	Supplier string // "" where it is not known
	License  license.Expression
	// Files that belong to it, sorted by path.
	Files []File
	// Needs are the Refs of the components that are built into it, sorted.
	Needs []string
}

// File is a regular file of the medium, or of a layer: its path is then that of the layer, and
// behind it that in the layer.
type File struct{ Path, SHA256, SHA1 string }

// New makes the bill of materials of an ISO.
func New(c *image.Contents) (*BOM, error) {
	release := c.Manifest.Release
	created, err := time.Parse(time.RFC3339, release["BEE_DATE"])
	if err != nil {
		return nil, fmt.Errorf("/etc/bee-release has no time of the commit: %w", err)
	}
	b := &builder{contents: c, release: release, components: map[string]*Component{}}
	bom := &BOM{ISO: c.Manifest.ISO, Version: release["BEE_VERSION"], Created: created}
	b.addPackages()
	for _, f := range c.Manifest.Medium {
		if f.Type == "file" {
			bom.assign(b.ofMedium(f.Path), File{f.Path, f.SHA256, c.SHA1[f.Path]})
		}
	}
	for i, layer := range c.Layers {
		path := c.Manifest.Layers[i].Path
		for _, f := range layer.Files {
			if f.SizeBytes != nil {
				bom.assign(b.ofLayer(path, layer, f.Path), File{path + f.Path, f.SHA256, layer.SHA1[f.Path]})
			}
		}
	}
	for _, ref := range slices.Sorted(maps.Keys(b.components)) {
		component := b.components[ref]
		slices.SortFunc(component.Files, byPath)
		slices.Sort(component.Needs)
		component.Needs = slices.Compact(component.Needs)
		bom.Components = append(bom.Components, *component)
	}
	slices.SortFunc(bom.Rest, byPath)
	return bom, nil
}

func byPath(a, b File) int { return strings.Compare(a.Path, b.Path) }

// assign gives a file to a component, nil where it belongs to none.
func (b *BOM) assign(to *Component, f File) {
	if to == nil {
		b.Rest = append(b.Rest, f)
	} else {
		to.Files = append(to.Files, f)
	}
}

// Coverage is how many files belong to a component, and how many there are.
func (b *BOM) Coverage() (owned, all int) {
	for _, c := range b.Components {
		owned += len(c.Files)
	}
	return owned, owned + len(b.Rest)
}

// builder collects components.
type builder struct {
	contents   *image.Contents
	release    map[string]string
	components map[string]*Component // by Ref
}

// component is the one with the Ref of c, which is c where there is none yet.
func (b *builder) component(c Component) *Component {
	c.Ref = cmp.Or(c.PURL, c.Name)
	if b.components[c.Ref] == nil {
		b.components[c.Ref] = &c
	}
	return b.components[c.Ref]
}
