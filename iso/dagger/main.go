// Assembles bee's live ISO from layers, and boots it to prove that it works.
//
// An ISO is a base (a Linux distribution with its kernel) and, over it, layers
// that change faster: bee's own files last. Each base has its own function and
// the same way from layers to ISO; all of them share overlay/, the services, and
// the smoke test.
package main

import (
	"context"
	"strconv"

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
	// Image of the Debian that the tools (mmdebstrap, xorriso, QEMU, …) are
	// installed in, with its digest.
	debianImage string,
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
	// What the ISO is made of: overlay/, the scripts beside it, and the folder of each base.
	// +optional
	// +defaultPath="."
	// +ignore=["*", "!overlay", "!*.sh", "!debian", "!alpine"]
	files *dagger.Directory,
	// Source of the programs, as it lies in the repository: core/, which they share, and of
	// iso/ the Go module with smoke/ and manifest/, and that of the base alpine.
	// +optional
	// +defaultPath="/"
	// +ignore=["*", "!core", "!iso/go.mod", "!iso/go.sum", "!iso/smoke", "!iso/manifest", "!iso/live", "!iso/network", "!iso/alpine/go.mod", "!iso/alpine/go.sum", "!iso/alpine/**/*.go", "**/*_test.go", "**/testdata", "**/*.md"]
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
	debian := dag.Container().
		From(debianImage).
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

// again makes the steps of a container that follow depend on rebuild, where it is set.
func again(rebuild string) dagger.WithContainerFunc {
	return func(c *dagger.Container) *dagger.Container {
		if rebuild == "" {
			return c
		}
		return c.WithEnvVariable("BEE_REBUILD", rebuild)
	}
}

// Levels of zstd for layers: the one for those that are made once and read on every boot,
// the other, which takes a tenth of the time, for the one that each build makes anew.
const (
	smallest = 15
	quickest = 9
)

// layer makes a squashfs layer of a folder. Its files are of one time, in seconds since 1970.
func (m *Iso) layer(ctx context.Context, tree *dagger.Directory, epoch, level int) (*dagger.File, error) {
	packer, err := withFiles(ctx, m.Tools.With(install("squashfs-tools")).With(again(m.Rebuild)), m.Files, "layer.sh")
	if err != nil {
		return nil, err
	}
	return packer.
		WithEnvVariable("SOURCE_DATE_EPOCH", strconv.Itoa(epoch)).
		WithDirectory("/out", dag.Directory()).
		WithMountedDirectory("/bee/tree", tree).
		WithExec([]string{"/bee/layer.sh", "/bee/tree", strconv.Itoa(level), "/out/layer.squashfs"}).
		File("/out/layer.squashfs"), nil
}

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
func (m *Iso) program(name string) *dagger.File {
	return m.Golang.
		WithMountedCache("/go/pkg/mod", dag.CacheVolume("go-modules")).
		// what is compiled anew has a cache of its own
		WithMountedCache("/root/.cache/go-build", dag.CacheVolume("go-build"+m.Rebuild)).
		WithEnvVariable("CGO_ENABLED", "0").
		WithEnvVariable("GOFLAGS", "-trimpath -buildvcs=false").
		WithMountedDirectory("/src", m.Programs).
		WithWorkdir("/src/iso/" + name). // in its own Go module, which may be its folder's or iso's
		WithExec([]string{"go", "build", "-ldflags", "-s -w", "-o", "/out/" + name, "."}).
		File("/out/" + name)
}

// The program that brings the network up on the ISO.
func (m *Iso) Network() *dagger.File { return m.program("network") }

// What is in an ISO, read back from the finished file: every package with its
// version, every file of the medium and of each layer with its digest. JSON.
func (m *Iso) Manifest(
	// The ISO.
	iso *dagger.File,
) *dagger.File {
	const memory = "/var/cache/manifest"
	reader := m.Tools.With(install("xorriso", "squashfs-tools"))
	if m.Rebuild == "" {
		reader = reader.WithMountedCache(memory, dag.CacheVolume("manifest"))
	}
	return reader.
		WithMountedFile("/usr/local/bin/manifest", m.program("manifest")).
		WithMountedFile("/iso/bee.iso", iso).
		// not RedirectStdout, which would also put it all into the log
		WithExec([]string{"sh", "-c", "manifest --memory " + memory + " /iso/bee.iso >/iso.manifest.json"}).
		File("/iso.manifest.json")
}
