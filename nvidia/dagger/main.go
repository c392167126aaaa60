// Makes the NVIDIA layer of bee's ISO: kernel modules built against the headers
// of one kernel, and what programs need of the same driver.
//
// A driver comes from Debian's packages or from NVIDIA's own installer, and both
// look the same from there on. A module loads only into the kernel whose headers
// it was built against, so all of this starts from the release of the ISO's kernel.
package main

import (
	"context"
	"fmt"
	"strings"

	"dagger/nvidia/internal/dagger"
)

// Nvidia makes the NVIDIA layer.
type Nvidia struct {
	// +private
	Debian *dagger.Container
	// +private
	Golang *dagger.Container
	// +private
	Scripts *dagger.Directory
	// +private
	Programs *dagger.Directory
	// +private
	Rebuild string
}

func New(
	// Debian with its package lists fetched, contrib, non-free and
	// non-free-firmware among them: it brings the compiler, and Debian's driver.
	debian *dagger.Container,
	// Image or container that brings the Go toolchain.
	golang *dagger.Container,
	// What takes drivers apart, builds modules and signs them: modules.sh, sign.sh and driver/.
	// +optional
	// +defaultPath="."
	// +ignore=["*", "!modules.sh", "!sign.sh", "!driver"]
	scripts *dagger.Directory,
	// Source of the programs: this module's, and core/, which they share with others.
	// +optional
	// +defaultPath="/"
	// +ignore=["*", "!core", "!nvidia", "nvidia/dagger", "nvidia/dagger.json", "nvidia/modules.sh", "nvidia/sign.sh", "nvidia/driver", "**/*_test.go", "**/testdata", "**/*.md"]
	programs *dagger.Directory,
	// Makes anew, once for each value, what the engine has in its cache, but for what
	// was only downloaded or installed: to see whether it comes out the same.
	// +optional
	rebuild string,
) *Nvidia {
	return &Nvidia{Debian: debian, Golang: golang, Scripts: scripts, Programs: programs, Rebuild: rebuild}
}

// with mounts one script into a container, by what it holds (the engine would
// know a part of a folder by the whole folder): nothing is made anew when another
// script changes, nor in another clone.
func (m *Nvidia) with(ctx context.Context, c *dagger.Container, script string) (*dagger.Container, error) {
	text, err := m.Scripts.File(script).Contents(ctx)
	if err != nil {
		return nil, err
	}
	return c.
		With(again(m.Rebuild)).
		WithNewFile("/bee/"+script, text, dagger.ContainerWithNewFileOpts{Permissions: 0o755}), nil
}

// again makes the steps of a container that follow depend on rebuild, where it is set.
func again(rebuild string) dagger.WithContainerFunc {
	return func(c *dagger.Container) *dagger.Container {
		if rebuild == "" {
			return c
		}
		return c.WithEnvVariable("BEE_REBUILD", rebuild)
	}
}

func install(packages ...string) dagger.WithContainerFunc {
	return func(c *dagger.Container) *dagger.Container {
		return c.WithExec(append([]string{"apt-get", "install", "--yes", "--quiet", "--no-install-recommends"}, packages...))
	}
}

// Headers of exactly one kernel of Debian's, as they lie on a system that they
// are installed on: usr/src/linux-headers-KERNEL and what it links to.
//
// Fails where the mirror has no headers of that kernel.
func (m *Nvidia) Headers(
	// Release of the kernel, as uname -r says it: 6.12.107+deb13-amd64.
	kernel string,
) *dagger.Directory {
	return m.Debian.
		WithWorkdir("/var/tmp/headers").
		WithEnvVariable("KERNEL", kernel).
		// The headers are three packages that depend on each other: those of the
		// flavour, those of all flavours, and the build tools.
		WithExec([]string{"sh", "-ec", `
			package=linux-headers-$KERNEL
			# the lists can be older than the ISO's kernel
			apt-cache show "$package" >/dev/null 2>&1 || apt-get update --quiet
			apt-cache show "$package" >/dev/null 2>&1 ||
				{ echo "no package $package: the mirror's kernel is another than the ISO's $KERNEL" >&2; exit 1; }
			depends=$(apt-cache depends --no-recommends --no-suggests "$package" |
				sed -n 's/^ *Depends: \(linux-.*\)/\1/p' | grep -Ev '^linux-(image|base)')
			apt-get download "$package" $depends
			for deb in *.deb; do dpkg-deb --extract "$deb" root; done`}).
		Directory("root")
}

// Flavours of the kernel modules, and of their sources: Turing and newer GPUs
// are for open, older ones need proprietary, the newest have no other than open.
var flavours = []string{"open", "proprietary"}

// Driver is one version of NVIDIA's driver, taken apart.
type Driver struct {
	// +private
	Nvidia *Nvidia
	// Where it comes from: debian or run.
	Origin string
	// Sources of the open kernel modules.
	Open *dagger.Directory
	// Sources of the proprietary kernel modules, around a compiled core.
	Proprietary *dagger.Directory
	// What programs need: the folders bin, lib, firmware and doc, and the file
	// version.
	Userland *dagger.Directory
	// What sets up NVSwitches, as it lies over the ISO's root; empty without it.
	Fabric *dagger.Directory
	// What signs the kernel modules; nil where nothing does.
	//
	// +private
	ModuleKey *dagger.Secret
	// +private
	ModuleCertificate *dagger.File
}

// The driver in Debian's packages, of the version that the archive has.
func (m *Nvidia) DebianDriver(ctx context.Context) (*Driver, error) {
	source, err := m.with(ctx, m.Debian, "driver/debian-source.sh")
	if err != nil {
		return nil, err
	}
	userland, err := m.with(ctx, m.Debian, "driver/debian-userland.sh")
	if err != nil {
		return nil, err
	}
	of := func(flavour string) *dagger.Directory {
		return source.WithExec([]string{"/bee/driver/debian-source.sh", sourcePackages[flavour], "/out"}).Directory("/out")
	}
	return &Driver{
		Nvidia:      m,
		Origin:      "debian",
		Open:        of("open"),
		Proprietary: of("proprietary"),
		Userland:    userland.WithExec(append([]string{"/bee/driver/debian-userland.sh", "/out"}, userlandPackages...)).Directory("/out"),
		Fabric:      dag.Directory(),
	}, nil
}

// NVIDIA's installer of a driver, NVIDIA-Linux-x86_64-VERSION.run, fetched and verified.
func (m *Nvidia) Installer(
	ctx context.Context,
	// Version of the driver, such as 580.159.04.
	version string,
	// SHA-256 of the installer.
	sha256 string,
) (*dagger.File, error) {
	file := "NVIDIA-Linux-x86_64-" + version + ".run"
	return m.fetch(ctx, sha256, "NVIDIA_RUN_SHA256", "give the file with --nvidia-run, where you have it",
		// data centre drivers are in the first place, all others in the second
		"https://us.download.nvidia.com/tesla/"+version+"/"+file,
		"https://download.nvidia.com/XFree86/Linux-x86_64/"+version+"/"+file)
}

// The driver in NVIDIA's installer, NVIDIA-Linux-x86_64-VERSION.run. It is not run
// before its digest is found right. It is fetched from NVIDIA where it is not
// given, and kept in a cache.
func (m *Nvidia) RunDriver(
	ctx context.Context,
	// Version of the driver, such as 580.159.04.
	version string,
	// SHA-256 of the installer.
	sha256 string,
	// The installer, where it is at hand.
	// +optional
	installer *dagger.File,
) (*Driver, error) {
	if installer == nil {
		var err error
		if installer, err = m.Installer(ctx, version, sha256); err != nil {
			return nil, err
		}
	}
	unpack, err := m.with(ctx, m.Debian.With(install(unpackTools...)), "driver/run.sh")
	if err != nil {
		return nil, err
	}
	parts := unpack.
		WithMountedFile("/bee/driver.run", installer).
		WithExec([]string{"/bee/driver/run.sh", "/bee/driver.run", version, sha256, "/out"}).
		Directory("/out")
	return &Driver{
		Nvidia:      m,
		Origin:      "run",
		Open:        parts.Directory("open"),
		Proprietary: parts.Directory("proprietary"),
		Userland:    parts.Directory("userland"),
		Fabric:      dag.Directory(),
	}, nil
}

// fetch fetches a file of NVIDIA's into a cache: see driver/fetch.sh.
func (m *Nvidia) fetch(ctx context.Context, sha256, pin, instead string, urls ...string) (*dagger.File, error) {
	c, err := m.with(ctx, m.Debian.With(install(fetchTools...)), "driver/fetch.sh")
	if err != nil {
		return nil, err
	}
	return c.
		WithMountedCache("/cache", dag.CacheVolume("nvidia-run"), dagger.ContainerWithMountedCacheOpts{
			Sharing: dagger.CacheSharingModeLocked,
		}).
		WithExec(append([]string{"/bee/driver/fetch.sh", sha256, pin, instead, "/cache", "/out"}, urls...)).
		File("/out"), nil
}

// The driver with NVIDIA's Fabric Manager of its version, which sets up the NVSwitches of HGX
// and DGX machines: until it runs there, CUDA does not start. It is fetched from NVIDIA where
// it is not given, and kept in a cache.
func (d *Driver) WithFabricManager(
	ctx context.Context,
	// SHA-256 of the archive, fabricmanager-linux-x86_64-VERSION-archive.tar.xz.
	sha256 string,
	// The archive, where it is at hand.
	// +optional
	archive *dagger.File,
) (*Driver, error) {
	version, err := d.Version(ctx)
	if err != nil {
		return nil, err
	}
	return d.withFabric(ctx, fabricManager, version, sha256, archive)
}

// The driver with NVIDIA's subnet manager NVLSM, which the Fabric Manager needs beside it on
// machines with NVLink 5 (B200, B300). It is fetched from NVIDIA where it is not given, and
// kept in a cache.
func (d *Driver) WithSubnetManager(
	ctx context.Context,
	// Version of NVLSM, such as 2025.10.14.
	version string,
	// SHA-256 of the archive, nvlsm-linux-x86_64-VERSION-archive.tar.xz.
	sha256 string,
	// The archive, where it is at hand.
	// +optional
	archive *dagger.File,
) (*Driver, error) {
	return d.withFabric(ctx, nvlsm, version, sha256, archive)
}

// fabricPart is a part of what sets NVSwitches up: its pin, and what to do where its archive is out
// of reach.
type fabricPart struct{ name, pin, instead string }

var (
	fabricManager = fabricPart{"fabricmanager", "FABRIC_MANAGER_SHA256",
		"give the file with --fabric-manager, where you have it, or do without by FABRIC_MANAGER_ORIGIN=none in VERSIONS.local"}
	nvlsm = fabricPart{"nvlsm", "NVLSM_SHA256",
		"give the file with --nvlsm, where you have it, or do without by --fabric-manager FILE alone"}
)

// NVIDIA's archive of the Fabric Manager, fabricmanager-linux-x86_64-VERSION-archive.tar.xz, fetched
// and verified.
func (m *Nvidia) FabricManagerArchive(
	ctx context.Context,
	// Version of it, which is the driver's.
	version string,
	// SHA-256 of the archive.
	sha256 string,
) (*dagger.File, error) {
	return m.fabricArchive(ctx, fabricManager, version, sha256)
}

// NVIDIA's archive of NVLSM, nvlsm-linux-x86_64-VERSION-archive.tar.xz, fetched and verified.
func (m *Nvidia) NvlsmArchive(
	ctx context.Context,
	// Version of it.
	version string,
	// SHA-256 of the archive.
	sha256 string,
) (*dagger.File, error) {
	return m.fabricArchive(ctx, nvlsm, version, sha256)
}

func (m *Nvidia) fabricArchive(ctx context.Context, part fabricPart, version, sha256 string) (*dagger.File, error) {
	var urls []string
	for _, place := range []string{"nvidia-driver", "cuda"} {
		urls = append(urls, "https://developer.download.nvidia.com/compute/"+place+"/redist/"+part.name+"/linux-x86_64/"+part.name+"-linux-x86_64-"+version+"-archive.tar.xz")
	}
	return m.fetch(ctx, sha256, part.pin, part.instead, urls...)
}

func (d *Driver) withFabric(ctx context.Context, part fabricPart, version, sha256 string, archive *dagger.File) (*Driver, error) {
	if archive == nil {
		var err error
		if archive, err = d.Nvidia.fabricArchive(ctx, part, version, sha256); err != nil {
			return nil, err
		}
	}
	unpack, err := d.Nvidia.with(ctx, d.Nvidia.Debian.With(install(fabricTools...)), "driver/fabric.sh")
	if err != nil {
		return nil, err
	}
	with := *d
	with.Fabric = d.Fabric.WithDirectory("/", unpack.
		WithMountedFile("/bee/archive.tar.xz", archive).
		WithExec([]string{"/bee/driver/fabric.sh", part.name, "/bee/archive.tar.xz", version, sha256, "/out"}).
		Directory("/out"))
	return &with, nil
}

// The driver with kernel modules that are signed: a kernel that is locked down, as with Secure
// Boot, loads them where the machine has the certificate enrolled.
func (d *Driver) WithModuleKey(
	// Private RSA key without a passphrase, in PEM.
	key *dagger.Secret,
	// Certificate of the key, X.509 in PEM or DER.
	certificate *dagger.File,
) *Driver {
	with := *d
	with.ModuleKey, with.ModuleCertificate = key, certificate
	return &with
}

// Kernel modules of one flavour, without debug information: nvidia.ko,
// nvidia-modeset.ko, nvidia-drm.ko, nvidia-uvm.ko, nvidia-peermem.ko. Beside them,
// Module.symvers has the symbols that they export, kernel.symvers the kernel's; and, where they
// are signed, module-certificate.der is whose signature it is.
//
// The same driver, kernel and compiler give the same bytes. Fails where the headers
// are not those of the kernel.
func (d *Driver) Modules(
	ctx context.Context,
	// open or proprietary.
	flavour string,
	// Headers as they lie on a system: see headers.
	headers *dagger.Directory,
	// Release of the kernel that the modules are for, as uname -r says it.
	kernel string,
	// Container with the compiler that the kernel was made with, and bash and make.
	// Default: Debian's.
	// +optional
	compiler *dagger.Container,
) (*dagger.Directory, error) {
	var source *dagger.Directory
	switch flavour {
	case "open":
		source = d.Open
	case "proprietary":
		source = d.Proprietary
	default:
		return nil, fmt.Errorf("flavour %q is neither open nor proprietary", flavour)
	}
	if compiler == nil {
		compiler = d.Nvidia.Debian.With(install(compilerTools...))
	}
	builder, err := d.Nvidia.with(ctx, compiler, "modules.sh")
	if err != nil {
		return nil, err
	}
	builder = builder.WithMountedDirectory("/bee/headers", headers)
	run := func(what string, source *dagger.Directory, more ...string) *dagger.Container {
		return builder.
			WithMountedDirectory("/bee/source", source).
			WithExec(append([]string{"/bee/modules.sh", what, "/bee/source", "/bee/headers", kernel, "/out"}, more...))
	}
	// both flavours begin with the tests of one of them
	tests := run("tests", d.Open).Directory("/out")
	builder = builder.WithMountedDirectory("/bee/tests", tests)
	modules := run("modules", source, "/bee/tests").Directory("/out")
	if d.ModuleKey == nil {
		return modules, nil
	}
	return d.signed(ctx, modules, headers)
}

// certificateFile is the name of the certificate that the modules' signatures are verified with.
const certificateFile = "module-certificate.der"

// signed puts signed modules in the place of those in a folder. The key is mounted, and in no
// layer of the engine's cache.
func (d *Driver) signed(ctx context.Context, modules, headers *dagger.Directory) (*dagger.Directory, error) {
	signer, err := d.Nvidia.with(ctx, d.Nvidia.Debian.With(install(signTools...)), "sign.sh")
	if err != nil {
		return nil, err
	}
	const key, certificate = "/run/module.key", "/bee/module-certificate"
	return modules.WithDirectory("/", signer.
		WithMountedDirectory("/bee/headers", headers).
		WithMountedDirectory("/bee/modules", modules).
		WithMountedFile(certificate, d.ModuleCertificate).
		WithMountedSecret(key, d.ModuleKey).
		WithExec([]string{"/bee/sign.sh", "/bee/modules", "/bee/headers", key, certificate, "/out"}).
		Directory("/out")), nil
}

// The layer of the ISO, as it lies over its root: kernel modules of both flavours
// and GSP firmware in usr/local/lib/nvidia, nvidia-smi and nvidia-persistenced in
// usr/local/bin, the libraries with their soname links in the folder for them, what sets up
// NVSwitches where the driver has it, and usr/local/lib/nvidia/manifest.json with driver,
// kernel and every file's digest. Where the modules are signed, their certificate is
// usr/local/lib/nvidia/module-certificate.der.
//
// Fails where a module is for another kernel or of another version than the
// programs, or needs a symbol that neither the kernel nor the modules have.
func (d *Driver) Layer(
	ctx context.Context,
	// Headers as they lie on a system: see headers.
	headers *dagger.Directory,
	// Release of the ISO's kernel, as uname -r says it.
	kernel string,
	// Folder of the ISO where shared libraries are looked for.
	// +default="/usr/lib/x86_64-linux-gnu"
	libraries string,
	// Container with the compiler that the kernel was made with, and bash and make.
	// Default: Debian's.
	// +optional
	compiler *dagger.Container,
) (*dagger.Directory, error) {
	version, err := d.Version(ctx)
	if err != nil {
		return nil, err
	}
	const home = "usr/local/lib/nvidia"
	tree := dag.Directory().
		WithDirectory("usr/local/bin", d.Userland.Directory("bin")).
		WithDirectory(libraries, d.Userland.Directory("lib")).
		WithDirectory(home+"/doc", d.Userland.Directory("doc")).
		WithDirectory(home+"/firmware/nvidia/"+version, d.Userland.Directory("firmware")).
		WithDirectory("/", d.Fabric)
	symvers := dag.Directory()
	for _, flavour := range flavours {
		modules, err := d.Modules(ctx, flavour, headers, kernel, compiler)
		if err != nil {
			return nil, err
		}
		tree = tree.WithDirectory(home+"/"+flavour, modules, dagger.DirectoryWithDirectoryOpts{Include: []string{"*.ko"}})
		symvers = symvers.WithDirectory(flavour, modules, dagger.DirectoryWithDirectoryOpts{Include: []string{"*.symvers"}})
		if d.ModuleKey != nil {
			tree = tree.WithFile(home+"/"+certificateFile, modules.File(certificateFile))
		}
	}
	manifest := d.Nvidia.Debian.
		WithMountedFile("/usr/local/bin/manifest", d.Nvidia.program("manifest")).
		WithMountedDirectory("/bee/layer", tree).
		WithMountedDirectory("/bee/symvers", symvers).
		WithExec([]string{"manifest", "--driver", version, "--origin", d.Origin, "--kernel", kernel,
			"--symvers", "/bee/symvers", "--output", "/manifest.json", "/bee/layer"}).
		File("/manifest.json")
	return tree.WithFile(home+"/manifest.json", manifest, dagger.DirectoryWithFileOpts{Permissions: 0o644}), nil
}

// Version of the driver, such as 580.159.04.
func (d *Driver) Version(ctx context.Context) (string, error) {
	text, err := d.Userland.File("version").Contents(ctx)
	return strings.TrimSpace(text), err
}

// The programs that load the driver on the ISO, and start what sets up NVSwitches, as bee's
// services do: nvidia-load and nvidia-fabric; see their --help.
func (m *Nvidia) Services() *dagger.Directory {
	return dag.Directory().
		WithFile("nvidia-load", m.program("load")).
		WithFile("nvidia-fabric", m.program("fabric"))
}

// program compiles one of the programs of this module.
func (m *Nvidia) program(name string) *dagger.File {
	return m.Golang.
		WithMountedCache("/go/pkg/mod", dag.CacheVolume("go-modules")).
		// what is compiled anew has a cache of its own
		WithMountedCache("/root/.cache/go-build", dag.CacheVolume("go-build"+m.Rebuild)).
		WithEnvVariable("CGO_ENABLED", "0").
		WithEnvVariable("GOFLAGS", "-trimpath -buildvcs=false").
		WithMountedDirectory("/src", m.Programs).
		WithWorkdir("/src/nvidia").
		WithExec([]string{"go", "build", "-ldflags", "-s -w", "-o", "/out/" + name, "./" + name}).
		File("/out/" + name)
}
