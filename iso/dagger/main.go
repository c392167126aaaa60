// Assembles bee's live ISO from layers, and boots it to prove that it works.
//
// An ISO is a base (a Linux distribution with its kernel) and, over it, layers
// that change faster: bee's own files last. Each base has its own function and
// the same way from layers to ISO; all of them share overlay/, the services, and
// the smoke test.
package main

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"dagger/iso/internal/dagger"
)

// Iso assembles and tests ISOs.
type Iso struct {
	// +private
	Files *dagger.Directory
	// +private
	Programs *dagger.Directory
	// +private
	Golang *dagger.Container
	// +private
	Rebuild string
	// Debian with its package lists fetched: what tools are installed in.
	Tools *dagger.Container
}

func New(
	ctx context.Context,
	// Image or container that brings the Go toolchain: it compiles the programs that
	// read an ISO back and that boot it.
	golang *dagger.Container,
	// The Debian that the tools (mmdebstrap, xorriso, QEMU, …) are installed in: an image with
	// its digest, or a container.
	debian *dagger.Container,
	// Where Debian's packages come from: "snapshot" (the archive as it was at
	// --debian-snapshot), "image" (the sources that the image brings) or the URL
	// of a mirror.
	// +default="image"
	debianMirror string,
	// Release of Debian, by its code name.
	// +default="trixie"
	debianRelease string,
	// Time stamp of the archive, such as 20261105T000000Z.
	// +optional
	debianSnapshot string,
	// Saved copy of Debian's packages, as the function mirror of the base debian makes it. It takes
	// the place of the mirror.
	// +optional
	debianPackages *dagger.Directory,
	// What the ISO is made of: overlay/, boot/, the scripts beside them, and the folder of each
	// base.
	// +optional
	// +defaultPath="."
	// +ignore=["*", "!overlay", "!boot", "!*.sh", "!debian", "!alpine"]
	files *dagger.Directory,
	// Source of the programs, as it lies in the repository: core/, which they share, and of
	// iso/ the Go module with smoke/, manifest/ and compare/, and that of the base alpine.
	// +optional
	// +defaultPath="/"
	// +ignore=["*", "!core", "!iso/go.mod", "!iso/go.sum", "!iso/smoke", "!iso/internal", "!iso/manifest", "!iso/compare", "!iso/live", "!iso/network", "!iso/partition", "!iso/results", "!iso/secureboot", "!iso/unattended", "!iso/debian/archive", "!iso/alpine/go.mod", "!iso/alpine/go.sum", "!iso/alpine/**/*.go", "**/*_test.go", "**/testdata", "**/*.md"]
	programs *dagger.Directory,
	// Makes anew, once for each value, what the engine has in its cache, but for what
	// was only downloaded or installed: to see whether it comes out the same.
	// +optional
	rebuild string,
) (*Iso, error) {
	// by what it holds, see withFiles
	sources, err := files.File("debian/sources.sh").Contents(ctx)
	if err != nil {
		return nil, err
	}
	if debianPackages != nil {
		debianMirror = savedPackages
		debian = debian.WithMountedDirectory(savedPackages, debianPackages)
	}
	debian = debian.
		WithEnvVariable("DEBIAN_FRONTEND", "noninteractive").
		WithEnvVariable("LC_ALL", "C.UTF-8").
		WithEnvVariable("TZ", "UTC").
		WithNewFile("/bee/sources.sh", sources).
		WithExec([]string{"sh", "/bee/sources.sh", debianMirror, debianRelease, debianSnapshot})
	return &Iso{
		Files:    files,
		Programs: programs,
		Golang:   golang,
		Rebuild:  rebuild,
		Tools:    debian,
	}, nil
}

// savedPackages is where a saved copy of Debian's packages is.
const savedPackages = "/bee-packages"

// What steps need of Debian's packages, beside those that iso/debian/tools lists: all of them are
// in the lock.
var (
	layerTools  = []string{"squashfs-tools"}
	readerTools = []string{"xorriso", "squashfs-tools"}
	qemuTools   = []string{"qemu-system-x86", "ovmf", "swtpm"}
)

// again makes the steps of a container that follow depend on rebuild, where it is set.
func again(rebuild string) dagger.WithContainerFunc {
	return func(c *dagger.Container) *dagger.Container {
		if rebuild == "" {
			return c
		}
		return c.WithEnvVariable("BEE_REBUILD", rebuild)
	}
}

// layer makes a squashfs layer of a folder. Its files are of one time, in seconds since 1970.
func (m *Iso) layer(ctx context.Context, tree *dagger.Directory, epoch int) (*dagger.File, error) {
	packer, err := withFiles(ctx, m.Tools.With(install(layerTools...)).With(again(m.Rebuild)), m.Files, "layer.sh")
	if err != nil {
		return nil, err
	}
	return packer.
		WithEnvVariable("SOURCE_DATE_EPOCH", strconv.Itoa(epoch)).
		WithDirectory("/out", dag.Directory()).
		WithMountedDirectory("/bee/tree", tree).
		WithExec([]string{"/bee/layer.sh", "/bee/tree", "/out/layer.squashfs"}).
		File("/out/layer.squashfs"), nil
}

// Files that each base has for its boot loaders.
const (
	bootMenu     = "boot/menu"
	bootConsoles = "boot/consoles.cfg"
	bootSeal     = "boot/seal.sh"
	bootNetboot  = "boot/netboot.sh"
)

// beeLayer is the name of the uppermost layer, that of bee's own files.
const beeLayer = "90-bee.squashfs"

// tree is bee's own files as they lie over a base, on each of its ISOs.
func (m *Iso) tree(ctx context.Context, base string) (*dagger.Directory, error) {
	c, err := withFiles(ctx, m.Tools.With(again(m.Rebuild)), m.Files, "tree.sh", base+"/runlevels")
	if err != nil {
		return nil, err
	}
	return c.
		WithMountedDirectory("/bee/overlay", m.Files.Directory("overlay")).
		WithMountedDirectory("/bee/"+base+"/overlay", m.Files.Directory(base+"/overlay")).
		WithExec([]string{"/bee/tree.sh", "/bee/overlay", "/bee/" + base, "/tree"}).
		Directory("/tree"), nil
}

// install adds packages to a container of Debian's.
func install(packages ...string) dagger.WithContainerFunc {
	return func(c *dagger.Container) *dagger.Container {
		return c.WithExec(append([]string{"apt-get", "install", "--yes", "--quiet", "--no-install-recommends"}, packages...))
	}
}

// program compiles one of the programs, by the name of its folder below iso/.
func (m *Iso) program(name string) *dagger.File { return m.compile(m.Programs, "iso/"+name) }

// compile compiles the program in a folder of the repository.
func (m *Iso) compile(source *dagger.Directory, folder string) *dagger.File {
	return m.Golang.
		WithMountedCache("/go/pkg/mod", dag.CacheVolume("go-modules")).
		// what is compiled anew has a cache of its own
		WithMountedCache("/root/.cache/go-build", dag.CacheVolume("go-build"+m.Rebuild)).
		WithEnvVariable("CGO_ENABLED", "0").
		WithEnvVariable("GOFLAGS", "-trimpath -buildvcs=false -tags=nethttpomithttp2"). // no program needs HTTP/2
		WithMountedDirectory("/src", source).
		WithWorkdir("/src/" + folder). // in its own Go module, which may be its folder's or one above
		WithExec([]string{"go", "build", "-ldflags", "-s -w", "-o", "/out/program", "."}).
		File("/out/program")
}

// The program that brings the network up on the ISO.
func (m *Iso) Network() *dagger.File { return m.program("network") }

// The text console, which people see first on the ISO's consoles.
func (m *Iso) Console(
	// Source of the program, as it lies in the repository, and of what it shows reports by.
	// +optional
	// +defaultPath="/"
	// +ignore=["*", "!console", "!core", "!audit/go.mod", "!audit/go.sum", "!audit/report", "!audit/show", "**/*_test.go", "**/testdata", "**/*.md"]
	source *dagger.Directory,
) *dagger.File {
	return m.compile(source, "console")
}

// The program that delivers what the ISO found out about a machine.
func (m *Iso) Results() *dagger.File { return m.program("results") }

// The program by which a person on the ISO has a machine trust the key that signed its modules.
func (m *Iso) Secureboot() *dagger.File { return m.program("secureboot") }

// A folder as one file: tar, with its SHA-256 in hexadecimal in sha256. Its bytes are those of
// the files, their times and their modes.
func (m *Iso) Archive(folder *dagger.Directory) *dagger.Directory {
	return m.Tools.
		WithMountedDirectory("/folder", folder).
		WithDirectory("/out", dag.Directory()).
		WithExec([]string{"sh", "-ec", "tar -C /folder --sort=name --owner=0 --group=0 --numeric-owner --format=ustar -cf /out/tar . && sha256sum </out/tar | head -c 64 >/out/sha256"}).
		Directory("/out")
}

// The SHA-256 of each file in a folder, but for those in folders below, as sha256sum prints it.
func (m *Iso) Sums(folder *dagger.Directory) *dagger.File {
	return m.Tools.
		WithMountedDirectory("/folder", folder).
		WithWorkdir("/folder").
		WithExec([]string{"sh", "-ec", "find . -maxdepth 1 -type f -printf '%f\\0' | sort -z | xargs -0r sha256sum -- >/sums"}).
		File("/sums")
}

// What is told of an ISO, read back from the finished file: bee.iso.manifest.json, every package
// with its version and every file with its digest; the bill of materials, as SPDX 2.3 in
// bee.iso.spdx.json and as CycloneDX 1.6 in bee.iso.cdx.json; and SHA256SUMS of these and the ISO.
func (m *Iso) Documents(
	// The ISO.
	iso *dagger.File,
) *dagger.Directory {
	const memory = "/var/cache/manifest"
	reader := m.Tools.With(install(readerTools...))
	if m.Rebuild == "" {
		reader = reader.WithMountedCache(memory, dag.CacheVolume("manifest"))
	}
	return reader.
		WithMountedFile("/usr/local/bin/manifest", m.program("manifest")).
		WithMountedFile("/iso/bee.iso", iso).
		WithDirectory("/out", dag.Directory()).
		WithExec([]string{"manifest", "--memory", memory, "--output", "/out", "/iso/bee.iso"}).
		Directory("/out")
}

// Compares two ISOs that are to be builds of one commit, and returns as JSON what differs, file by
// file, and what is set aside, as what takes a private key to make.
func (m *Iso) Compare(
	ctx context.Context,
	// The ISO that was published.
	published *dagger.File,
	// The ISO that was built again.
	rebuilt *dagger.File,
) (string, error) {
	compare := m.Tools.With(install("squashfs-tools")).
		WithMountedFile("/usr/local/bin/compare", m.program("compare")).
		WithMountedFile("/iso/published.iso", published).
		WithMountedFile("/iso/rebuilt.iso", rebuilt).
		WithExec([]string{"compare", "--json", "/iso/published.iso", "/iso/rebuilt.iso"}, dagger.ContainerWithExecOpts{Expect: dagger.ReturnTypeAny})
	code, err := compare.ExitCode(ctx)
	if err != nil {
		return "", err
	}
	const equal, different = 0, 1 // what it exits with
	if code != equal && code != different {
		said, err := compare.Stderr(ctx)
		if err != nil {
			return "", err
		}
		return "", errors.New(strings.TrimSpace(said))
	}
	return compare.Stdout(ctx)
}
