package image

import (
	"errors"

	"bee/core/manifest"
	"bee/iso/manifest/internal/packages"
)

// debian: live-boot lays squashfs images over each other, in the order of their names.
// What is installed is what dpkg says in the highest one that has its database.
var debian = base{name: "debian", mark: liveLayers, read: readDebian}

func readDebian(m *manifest.Manifest, on medium) error {
	layers, err := readLayers(m, on)
	if err != nil {
		return err
	}
	for _, l := range layers {
		if l.Packages != nil {
			m.Packages = l.Packages
		}
	}
	if m.Packages == nil {
		return errors.New("no layer has a package database, " + packages.DpkgStatus)
	}
	return nil
}
