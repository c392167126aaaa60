package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"bee/iso/internal/initramfs"
	"bee/iso/internal/layer"
	"bee/iso/manifest/internal/packages"
)

const apkIndex = "/apks/x86_64/APKINDEX.tar.gz"

// alpine: a system in memory, into which each start installs packages of the medium. Over
// it lie squashfs images, as on debian. The kernel's modules stay in an image of their own,
// the modloop.
var alpine = base{name: "alpine", mark: apkIndex, read: readAlpine}

const (
	alpineInitramfs = "/boot/bee.img"
	apkovl          = "bee.apkovl.tar.gz"
)

func readAlpine(c *Contents, on medium) error {
	index, err := os.ReadFile(filepath.Join(on.folder, apkIndex))
	if err != nil {
		return err
	}
	if c.Packages, err = packages.APKIndex(index); err != nil {
		return fmt.Errorf("%s: %w", apkIndex, err)
	}
	if err := readModloop(c, on); err != nil {
		return err
	}
	if err := readLayers(c, on); err != nil {
		return err
	}
	c.System = "alpine-" + c.Manifest.Release["BEE_RELEASE"]
	if err := on.ifThere(mediumPackages, func(path string) error {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		c.MediumPackages, err = packages.APK(file)
		return err
	}); err != nil {
		return err
	}
	return on.ifThere(alpineInitramfs, func(path string) error {
		return initramfs.Files(path, func(name string, content []byte) error {
			if name != apkovl {
				return nil
			}
			return readApkovl(c, content)
		})
	})
}

// readApkovl adds the programs of the overlay that the initramfs brings.
func readApkovl(c *Contents, archive []byte) error {
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return fmt.Errorf("%s: %w", apkovl, err)
	}
	files := tar.NewReader(unzipped)
	for {
		header, err := files.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", apkovl, err)
		}
		content, err := io.ReadAll(io.LimitReader(files, layer.MaxContent))
		if err != nil {
			return fmt.Errorf("%s: %s: %w", apkovl, header.Name, err)
		}
		c.addProgram(alpineInitramfs, content)
	}
}

func readModloop(c *Contents, on medium) error {
	name, err := on.one("/boot/modloop-*")
	if err != nil {
		return err
	}
	l, err := readLayer(on.open(name))
	if err != nil {
		return err
	}
	c.add(name, l)
	return nil
}
