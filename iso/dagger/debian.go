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
			WithMountedFile("/bee/tools", m.Files.File("debian/tools")).
			WithExec([]string{"sh", "-ec",
				"sed 's/#.*//' /bee/tools | xargs apt-get install --yes --quiet --no-install-recommends"}),
		Epoch: epoch,
	}
}

// with puts files of the base's own folder into a container with the tools. Each
// step gets those that it reads and no others: it is not made anew when another
// step's change.
func (d *Debian) with(epoch int, names ...string) *dagger.Container {
	include := make([]string, 0, 2*len(names))
	for _, name := range names {
		include = append(include, name, name+"/**")
	}
	return d.Tools.
		WithEnvVariable("SOURCE_DATE_EPOCH", strconv.Itoa(epoch)).
		WithDirectory("/out", dag.Directory()).
		WithWorkdir("/var/tmp").
		WithMountedDirectory("/bee/debian", d.Files.Directory("debian").Filter(dagger.DirectoryFilterOpts{Include: include}))
}

// The base layer: base.squashfs, vmlinuz, initrd, the kernel's release in kernel,
// the packages in packages.tsv (name, version, architecture), and what
// bee-tree.sh needs of the base.
func (d *Debian) Base() *dagger.Directory {
	rootfs := d.with(d.Epoch, "rootfs.sh", "packages", "dpkg.cfg", "trim.sh", "firmware-drivers").
		WithExec([]string{"/bee/debian/rootfs.sh", "/bee/debian/packages", "/out/rootfs.tar"}).
		File("/out/rootfs.tar")
	return d.with(d.Epoch, "base.sh", "initramfs-init", "initrd-modules").
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
	layer := d.with(epoch, "bee-tree.sh", "layer.sh", "overlay", "runlevels").
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
