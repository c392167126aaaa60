package main

import (
	"context"
	"strconv"
	"strings"

	"dagger/iso/internal/dagger"
)

// Debian makes ISOs on the debian base: squashfs layers, a small initramfs of
// bee's own, and GRUB.
type Debian struct {
	// +private
	Files *dagger.Directory
	// +private
	Tools *dagger.Container
	// +private
	Epoch int
}

// The debian base.
func (m *Iso) Debian(
	// Time of the base layer's files, in seconds since 1970. It belongs to the
	// base's inputs: the base is made anew when it changes.
	epoch int,
) *Debian {
	return &Debian{
		Files: m.Files,
		Tools: m.Tools.
			WithMountedFile("/bee/debian/tools", m.Files.File("debian/tools")).
			WithExec([]string{"sh", "-ec",
				"sed 's/#.*//' /bee/debian/tools | xargs apt-get install --yes --quiet --no-install-recommends"}),
		Epoch: epoch,
	}
}

// with puts scripts and lists of the base's own folder into a container of tools.
func (d *Debian) with(epoch int, names ...string) *dagger.Container {
	c := d.Tools.WithEnvVariable("SOURCE_DATE_EPOCH", strconv.Itoa(epoch)).WithWorkdir("/var/tmp")
	for _, name := range names {
		c = c.WithMountedFile("/bee/debian/"+name, d.Files.File("debian/"+name))
	}
	return c
}

// The base layer: base.squashfs, vmlinuz, initrd, the kernel's release in kernel,
// and the packages in packages.tsv (name, version, architecture).
func (d *Debian) Base() *dagger.Directory {
	rootfs := d.with(d.Epoch, "rootfs.sh", "packages").
		WithExec([]string{"/bee/debian/rootfs.sh", "/bee/debian/packages", "/out/rootfs.tar"}).
		File("/out/rootfs.tar")
	return d.with(d.Epoch, "base.sh").
		WithMountedFile("/bee/rootfs.tar", rootfs).
		WithExec([]string{"/bee/debian/base.sh", "/bee/rootfs.tar", "/out"}).
		Directory("/out")
}

// Release of the kernel in the base layer, as uname -r says it.
func (d *Debian) Kernel(ctx context.Context) (string, error) {
	kernel, err := d.Base().File("kernel").Contents(ctx)
	return strings.TrimSpace(kernel), err
}

// A hybrid ISO: it boots from CD and from a USB stick, under BIOS and UEFI.
func (d *Debian) Iso(
	// bee's own files for this ISO, over those of overlay/.
	own *dagger.Directory,
	// Time of the ISO's files above the base layer, in seconds since 1970.
	epoch int,
) *dagger.File {
	layer := d.with(epoch, "bee-tree.sh", "layer.sh").
		WithMountedDirectory("/bee/overlay", d.Files.Directory("overlay")).
		WithMountedDirectory("/bee/base", d.Base()).
		WithExec([]string{"/bee/debian/bee-tree.sh", "/bee/overlay", "/bee/base", "/var/tmp/tree"}).
		WithDirectory("/var/tmp/tree", own).
		WithExec([]string{"/bee/debian/layer.sh", "/var/tmp/tree", "/out/90-bee.squashfs"}).
		Directory("/out")
	return d.with(epoch, "iso.sh").
		WithMountedDirectory("/bee/base", d.Base()).
		WithMountedDirectory("/bee/layers", layer).
		WithExec([]string{"/bee/debian/iso.sh", "/bee/base", "/bee/layers", "/out/bee.iso"}).
		File("/out/bee.iso")
}
