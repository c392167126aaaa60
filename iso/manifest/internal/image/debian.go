package image

import (
	"errors"
	"fmt"

	"bee/core/manifest"
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
		if err := readDebianLayer(m, on, name); err != nil {
			return err
		}
	}
	if m.Packages == nil {
		return errors.New("no layer has a package database, " + packages.DpkgStatus)
	}
	return nil
}

func readDebianLayer(m *manifest.Manifest, on medium, name string) error {
	image, err := squashfs.Open(on.open(name))
	if err != nil {
		return err
	}
	defer image.Close()
	m.Layers = append(m.Layers, manifest.Layer{Path: name, Files: image.Files})
	if err := readRelease(m, image.Content); err != nil {
		return err
	}
	status, err := image.Content(packages.DpkgStatus)
	if err != nil || status == nil {
		return err
	}
	if m.Packages, err = packages.Dpkg(status); err != nil {
		return fmt.Errorf("%s of %s: %w", packages.DpkgStatus, name, err)
	}
	return nil
}
