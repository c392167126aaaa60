package image

import (
	"fmt"

	"bee/core/manifest"
	"bee/iso/manifest/internal/memory"
	"bee/iso/manifest/internal/packages"
	"bee/iso/manifest/internal/squashfs"
)

// liveLayers are the squashfs images that lie over each other, in the order of their names.
const liveLayers = "/live/*.squashfs"

// layer is what a manifest has of one. It is kept as JSON: see memory.
type layer struct {
	Files    []manifest.File
	Release  map[string]string  // nil where the layer has no such file
	Packages []manifest.Package // nil where the layer has no package database
}

// readLayers adds the layers of a medium, and the release that the highest one tells, and
// returns them.
func readLayers(m *manifest.Manifest, on medium) ([]layer, error) {
	names, err := on.find(liveLayers)
	if err != nil {
		return nil, err
	}
	var all []layer
	for _, name := range names {
		l, err := memory.Read(on.known, on.digest(name), func() (layer, error) {
			return readLayer(on.open(name))
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		m.Layers = append(m.Layers, manifest.Layer{Path: name, Files: l.Files})
		if l.Release != nil {
			m.Release = l.Release
		}
		all = append(all, l)
	}
	return all, nil
}

func readLayer(path string) (layer, error) {
	image, err := squashfs.Open(path)
	if err != nil {
		return layer{}, err
	}
	defer image.Close()
	l := layer{Files: image.Files}
	if l.Release, err = readRelease(image.Content); err != nil {
		return l, err
	}
	status, err := image.Content(packages.DpkgStatus)
	if err != nil || status == nil {
		return l, err
	}
	if l.Packages, err = packages.Dpkg(status); err != nil {
		err = fmt.Errorf("%s: %w", packages.DpkgStatus, err)
	}
	return l, err
}
