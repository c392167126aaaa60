package image

import (
	"errors"
	"fmt"

	"bee/core/manifest"
	"bee/iso/manifest/internal/memory"
	"bee/iso/manifest/internal/packages"
	"bee/iso/manifest/internal/squashfs"
)

const debianLayers = "/live/*.squashfs"

// debian: live-boot lays squashfs images over each other, in the order of their names.
// What is installed is what dpkg says in the highest one that has its database.
var debian = base{name: "debian", mark: debianLayers, read: readDebian}

func readDebian(m *manifest.Manifest, on medium) error {
	layers, err := on.find(debianLayers)
	if err != nil {
		return err
	}
	for _, name := range layers {
		layer, err := memory.Read(on.known, on.digest(name), func() (debianLayer, error) {
			return readDebianLayer(on.open(name))
		})
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		m.Layers = append(m.Layers, manifest.Layer{Path: name, Files: layer.Files})
		if layer.Release != nil {
			m.Release = layer.Release
		}
		if layer.Packages != nil {
			m.Packages = layer.Packages
		}
	}
	if m.Packages == nil {
		return errors.New("no layer has a package database, " + packages.DpkgStatus)
	}
	return nil
}

// debianLayer is what a manifest has of a layer. It is kept as JSON: see memory.
type debianLayer struct {
	Files    []manifest.File
	Release  map[string]string  // nil where the layer has no such file
	Packages []manifest.Package // nil where the layer has no package database
}

func readDebianLayer(path string) (debianLayer, error) {
	image, err := squashfs.Open(path)
	if err != nil {
		return debianLayer{}, err
	}
	defer image.Close()
	layer := debianLayer{Files: image.Files}
	if layer.Release, err = readRelease(image.Content); err != nil {
		return layer, err
	}
	status, err := image.Content(packages.DpkgStatus)
	if err != nil || status == nil {
		return layer, err
	}
	if layer.Packages, err = packages.Dpkg(status); err != nil {
		err = fmt.Errorf("%s: %w", packages.DpkgStatus, err)
	}
	return layer, err
}
