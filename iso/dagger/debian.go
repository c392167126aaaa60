package main

import (
	"context"
	"path"
	"slices"
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
	// Lists of packages, by layer and by what is done with them.
	//
	// +private
	Lists *dagger.Directory
	// How the packages differ from debian/packages.lock: kept (they do not), differs, or none,
	// where there is no lock.
	Locked string
}

// The debian base.
//
// Fails, if strict, where a package is not the one that debian/packages.lock names.
func (m *Iso) Debian(
	ctx context.Context,
	// Time of the base layer's files, in seconds since 1970. It belongs to the
	// base's inputs: the base is made anew when it changes.
	epoch int,
	// Lists of the packages that others make layers of: a folder of the layer's name (nvidia,
	// cuda), with the files install (what is installed onto a Debian) and download (what is
	// taken apart), which have a name in each line.
	// +optional
	packages *dagger.Directory,
	// Fail where a package is not the one that debian/packages.lock names.
	// +optional
	strict bool,
) (*Debian, error) {
	tools, err := list(ctx, m.Files.File("debian/tools"))
	if err != nil {
		return nil, err
	}
	system, err := m.Files.File("debian/packages").Contents(ctx)
	if err != nil {
		return nil, err
	}
	if packages == nil {
		packages = dag.Directory()
	}
	d := &Debian{
		Module: m,
		Tools:  m.Tools.With(install(tools...)).With(again(m.Rebuild)),
		Epoch:  epoch,
		Layers: dag.Directory(),
		Lists: packages.
			WithNewFile("base/install", system).
			WithNewFile("tools/install", strings.Join(slices.Concat(tools, layerTools, readerTools, qemuTools), "\n")),
	}
	d.Locked, err = locked(ctx, m.Files, "debian", strict, func(text string) (*dagger.Container, error) {
		compare := m.Tools.WithNewFile(lockPath, text)
		return d.archive(ctx, compare, []string{"compare", "--lock", lockPath}, dagger.ContainerWithExecOpts{Expect: dagger.ReturnTypeAny})
	})
	return d, err
}

// archive calls the program that knows Debian's packages, with the lists.
func (d *Debian) archive(ctx context.Context, c *dagger.Container, args []string, options ...dagger.ContainerWithExecOpts) (*dagger.Container, error) {
	lists, err := d.Lists.Glob(ctx, "*/*")
	if err != nil {
		return nil, err
	}
	slices.Sort(lists)
	c = c.WithMountedFile("/usr/local/bin/archive", d.Module.program("debian/archive"))
	args = append([]string{"archive"}, args...)
	for _, name := range lists {
		text, err := d.Lists.File(name).Contents(ctx)
		if err != nil {
			return nil, err
		}
		file := "/bee-lists/" + name
		c = c.WithNewFile(file, text) // by what it holds, see withFiles
		layer, way := path.Split(name)
		args = append(args, "--"+way, strings.TrimSuffix(layer, "/")+"="+file)
	}
	return c.WithExec(args, options...), nil
}

// A lock of the packages, as in debian/packages.lock: every one that an ISO is made of and with, as
// apt would take them by the lists that were fetched for this engine.
func (d *Debian) Lock(ctx context.Context) (*dagger.File, error) {
	locked, err := d.archive(ctx, d.Module.Tools, []string{"lock"})
	if err != nil {
		return nil, err
	}
	text, err := locked.Stdout(ctx)
	if err != nil {
		return nil, err
	}
	return dag.Directory().WithNewFile(lockFile, text).File(lockFile), nil
}

// A saved copy of the packages, to build from where there is no archive: the lists as Debian signed
// them, and every package of the lock of now.
func (d *Debian) Mirror(
	ctx context.Context,
	// Layers whose packages are saved: base, nvidia, cuda, tools.
	layers []string,
) (*dagger.Directory, error) {
	lock, err := d.Lock(ctx)
	if err != nil {
		return nil, err
	}
	return d.Module.Tools.
		WithMountedFile("/usr/local/bin/archive", d.Module.program("debian/archive")).
		WithMountedFile(lockPath, lock).
		WithExec([]string{"archive", "mirror", "--lock", lockPath, "--layers", strings.Join(layers, ","), "--output", "/out", "--at", savedPackages}).
		Directory("/out"), nil
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
