package image

import (
	"errors"
	"os"

	"bee/iso/internal/initramfs"
	"bee/iso/manifest/internal/packages"
)

// debian: live-boot lays squashfs images over each other, in the order of their names.
// What is installed is what dpkg says in the highest one that has its database.
var debian = base{name: "debian", mark: liveLayers, read: readDebian}

const debianInitramfs = "/live/bee.img"

func readDebian(c *Contents, on medium) error {
	if err := readLayers(c, on); err != nil {
		return err
	}
	for _, l := range c.Layers {
		if l.Packages != nil {
			c.Packages, c.System = l.Packages, l.System
		}
	}
	if c.Packages == nil {
		return errors.New("no layer has a package database, " + packages.DpkgStatus)
	}
	if err := on.ifThere(mediumPackages, func(path string) error {
		status, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		c.MediumPackages, err = packages.Dpkg(status)
		return err
	}); err != nil {
		return err
	}
	return on.ifThere(debianInitramfs, func(path string) error {
		return initramfs.Files(path, func(_ string, content []byte) error {
			c.addProgram(debianInitramfs, content)
			return nil
		})
	})
}
