package image

import (
	"fmt"
	"os"
	"path/filepath"

	"bee/core/manifest"
	"bee/iso/manifest/internal/packages"
	"bee/iso/manifest/internal/squashfs"
)

const apkIndex = "/apks/x86_64/APKINDEX.tar.gz"

// alpine: a system in memory, into which each start installs packages of the medium. Over
// it lie squashfs images, as on debian. The kernel's modules stay in an image of their own,
// the modloop.
var alpine = base{name: "alpine", mark: apkIndex, read: readAlpine}

func readAlpine(m *manifest.Manifest, on medium) error {
	index, err := os.ReadFile(filepath.Join(on.folder, apkIndex))
	if err != nil {
		return err
	}
	if m.Packages, err = packages.APKIndex(index); err != nil {
		return fmt.Errorf("%s: %w", apkIndex, err)
	}
	if err := readModloop(m, on); err != nil {
		return err
	}
	_, err = readLayers(m, on)
	return err
}

func readModloop(m *manifest.Manifest, on medium) error {
	name, err := on.one("/boot/modloop-*")
	if err != nil {
		return err
	}
	image, err := squashfs.Open(on.open(name))
	if err != nil {
		return err
	}
	m.Layers = append(m.Layers, manifest.Layer{Path: name, Files: image.Files})
	return image.Close()
}
