package image

import (
	"fmt"
	"os"
	"path/filepath"

	"bee/core/manifest"
	"bee/iso/manifest/internal/apkovl"
	"bee/iso/manifest/internal/packages"
	"bee/iso/manifest/internal/squashfs"
)

const apkIndex = "/apks/x86_64/APKINDEX.tar.gz"

// alpine: a system in memory, into which each start unpacks the apkovl and installs
// packages of the medium. The kernel's modules stay in a squashfs image, the modloop.
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
	return readApkovl(m, on)
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

func readApkovl(m *manifest.Manifest, on medium) error {
	name, err := on.one("/*.apkovl.tar.gz")
	if err != nil {
		return err
	}
	image, err := apkovl.Open(on.open(name))
	if err != nil {
		return err
	}
	m.Layers = append(m.Layers, manifest.Layer{Path: name, Files: image.Files})
	m.Release, err = readRelease(image.Content)
	return err
}
