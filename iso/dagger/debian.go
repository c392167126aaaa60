package main

import (
	"context"
	"strconv"
	"strings"

	"dagger/iso/internal/dagger"
)

// Debian makes ISOs on the debian base: squashfs layers, a small initramfs of
// bee's own, and Debian's GRUB.
type Debian struct {
	// +private
	Module *Iso
	// +private
	Tools *dagger.Container
	// +private
	Epoch int
	// Squashfs layers between the base layer and bee's own files.
	//
	// +private
	Layers *dagger.Directory
}

// The debian base.
func (m *Iso) Debian(
	ctx context.Context,
	// Time of the base layer's files, in seconds since 1970. It belongs to the
	// base's inputs: the base is made anew when it changes.
	epoch int,
) (*Debian, error) {
	tools, err := list(ctx, m.Files.File("debian/tools"))
	if err != nil {
		return nil, err
	}
	return &Debian{
		Module: m,
		Tools:  m.Tools.With(install(tools...)).With(again(m.Rebuild)),
		Epoch:  epoch,
		Layers: dag.Directory(),
	}, nil
}

// Folder where programs on this base look for shared libraries.
func (d *Debian) Libraries() string { return "/usr/lib/x86_64-linux-gnu" }

// The base with one more layer, over the base layer and below bee's own files. Its
// files carry the time of the base layer's: it is made anew only when they change.
func (d *Debian) WithLayer(
	ctx context.Context,
	// Two digits and a name, such as 50-nvidia: layers lie over each other in this
	// order.
	name string,
	// Files of the layer, as they lie in the ISO's file system.
	tree *dagger.Directory,
) (*Debian, error) {
	layer, err := d.Module.layer(ctx, tree, d.Epoch)
	if err != nil {
		return nil, err
	}
	with := *d
	with.Layers = d.Layers.WithFile(name+".squashfs", layer)
	return &with, nil
}

// with is a container with the tools, and these files of the module.
func (d *Debian) with(ctx context.Context, epoch int, names ...string) (*dagger.Container, error) {
	return withFiles(ctx, d.Tools.
		WithEnvVariable("SOURCE_DATE_EPOCH", strconv.Itoa(epoch)).
		WithDirectory("/out", dag.Directory()).
		WithWorkdir("/var/tmp"), d.Module.Files, names...)
}

// rootfs is the root file system of the base layer, as a tar.
func (d *Debian) rootfs(ctx context.Context) (*dagger.File, error) {
	installer, err := d.with(ctx, d.Epoch, "debian/rootfs.sh", "debian/packages", "debian/dpkg.cfg", "debian/trim.sh", "debian/firmware-drivers")
	if err != nil {
		return nil, err
	}
	return installer.
		WithExec([]string{"/bee/debian/rootfs.sh", "/bee/debian/packages", "/out/rootfs.tar"}).
		File("/out/rootfs.tar"), nil
}

// The base layer: base.squashfs, vmlinuz, initrd, the kernel's release in kernel,
// the packages in packages.tsv (name, version, architecture), and what
// order.sh needs of the base.
func (d *Debian) Base(ctx context.Context) (*dagger.Directory, error) {
	rootfs, err := d.rootfs(ctx)
	if err != nil {
		return nil, err
	}
	packer, err := d.with(ctx, d.Epoch, "debian/base.sh", "debian/initrd.sh", "debian/cpio.sh", "debian/modules.sh", "debian/initrd-modules")
	if err != nil {
		return nil, err
	}
	return packer.
		WithMountedFile("/bee/rootfs.tar", rootfs).
		WithExec([]string{"/bee/debian/base.sh", "/bee/rootfs.tar", "/out"}).
		Directory("/out"), nil
}

// Release of the kernel in the base layer, as uname -r says it.
func (d *Debian) Kernel(ctx context.Context) (string, error) {
	base, err := d.Base(ctx)
	if err != nil {
		return "", err
	}
	kernel, err := base.File("kernel").Contents(ctx)
	return strings.TrimSpace(kernel), err
}

// A hybrid ISO: it boots from CD and from a USB stick, under BIOS and UEFI.
func (d *Debian) Iso(
	ctx context.Context,
	// bee's own files for this ISO, over those of overlay/.
	own *dagger.Directory,
	// Time of the ISO's files above the base layer, in seconds since 1970.
	epoch int,
	// Certificate, in DER, that kernel modules in the layers are signed with: MokManager, which
	// starts beside GRUB, finds it on the medium.
	// +optional
	moduleCertificate *dagger.File,
) (*dagger.File, error) {
	base, err := d.Base(ctx)
	if err != nil {
		return nil, err
	}
	tree, err := d.Module.tree(ctx, "debian")
	if err != nil {
		return nil, err
	}
	checker, err := d.with(ctx, d.Epoch, "debian/order.sh", "service-order.sh")
	if err != nil {
		return nil, err
	}
	checked := checker.
		WithMountedDirectory("/bee/base", base).
		WithMountedDirectory("/bee/tree", tree).
		WithExec([]string{"/bee/debian/order.sh", "/bee/base", "/bee/tree"}).
		Directory("/bee/tree")
	layer, err := d.Module.layer(ctx, checked.WithDirectory("/", own), epoch)
	if err != nil {
		return nil, err
	}
	assembler, err := d.with(ctx, epoch, "debian/iso.sh", "debian/cpio.sh", bootMenu, bootConsoles, bootSeal)
	if err != nil {
		return nil, err
	}
	args := []string{"/bee/debian/iso.sh", "/bee/base", "/bee/layers", "/bee/live", "/out/bee.iso"}
	if moduleCertificate != nil {
		const certificate = "/bee/module-certificate.der"
		assembler = assembler.WithMountedFile(certificate, moduleCertificate)
		args = append(args, certificate)
	}
	return assembler.
		WithMountedDirectory("/bee/base", base).
		WithMountedDirectory("/bee/layers", d.Layers.WithFile(beeLayer, layer)).
		WithMountedFile("/bee/live", d.Module.program("live")).
		WithExec(args).
		File("/out/bee.iso"), nil
}

// What a server needs for machines to boot an ISO over the network: by iPXE (bee.ipxe), or by
// UEFI (bootx64.efi, with Secure Boot, too). The layers are fetched by HTTP.
func (d *Debian) Netboot(
	ctx context.Context,
	// The ISO.
	iso *dagger.File,
	// Time of the ISO's files above the base layer, in seconds since 1970.
	epoch int,
) (*dagger.Directory, error) {
	rootfs, err := d.rootfs(ctx)
	if err != nil {
		return nil, err
	}
	packer, err := d.with(ctx, d.Epoch, "debian/net.sh", "debian/cpio.sh", "debian/modules.sh", "debian/initrd-modules", "debian/net-modules")
	if err != nil {
		return nil, err
	}
	net := packer.
		WithMountedFile("/bee/rootfs.tar", rootfs).
		WithExec([]string{"/bee/debian/net.sh", "/bee/rootfs.tar", "/out/net.img"}).
		File("/out/net.img")
	const programs = "usr/local/lib/bee/"
	tree := dag.Directory().WithFile(programs+"network", d.Module.Network(), dagger.DirectoryWithFileOpts{Permissions: 0o755})
	for _, name := range []string{"udhcpc-event", "boot-log"} { // what it calls
		tree = tree.WithFile(programs+name, d.Module.Files.File("overlay/"+programs+name))
	}
	assembler, err := d.with(ctx, epoch, "debian/netboot.sh", "debian/cpio.sh", bootNetboot, bootMenu, bootConsoles)
	if err != nil {
		return nil, err
	}
	return assembler.
		WithMountedFile("/bee/bee.iso", iso).
		WithMountedFile("/bee/net.img", net).
		WithMountedDirectory("/bee/tree", tree).
		WithExec([]string{"/bee/debian/netboot.sh", "/bee/bee.iso", "/bee/net.img", "/bee/tree", "/out"}).
		Directory("/out"), nil
}
