package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"dagger/iso/internal/dagger"
)

// Flavour of Alpine's kernel: linux-lts.
const alpineFlavor = "lts"

// Files of Alpine's base.
const (
	alpineSystem   = "alpine/packages" // packages of the running system
	alpineKernel   = "alpine/kernel"   // what mkimage makes kernel, initramfs and modloop of
	alpineTools    = "alpine/tools"    // what mkimage runs with
	alpineCompiler = "alpine/compiler" // what compiles kernel modules
	alpineCpio     = "alpine/cpio.sh"
)

// alpineLists are the lists of packages, by the layer of the lock that they are for.
var alpineLists = []struct{ layer, file string }{
	{"base", alpineSystem}, {"base", alpineKernel}, {"nvidia", alpineCompiler}, {"tools", alpineTools},
}

// Alpine makes ISOs on the alpine base: with Alpine's own mkimage, of packages that
// are installed at each boot, and squashfs layers that an apkovl lays over them.
type Alpine struct {
	// +private
	Module *Iso
	// Release of Alpine.
	//
	// +private
	Release string
	// Alpine with its repositories set.
	//
	// +private
	System *dagger.Container
	// +private
	Aports *dagger.Directory
	// +private
	AportsCommit string
	// +private
	Key *dagger.Secret
	// +private
	Epoch int
	// Squashfs layers between the packages and bee's own files.
	//
	// +private
	Layers *dagger.Directory
	// Every package that goes into the ISO or is needed to make it, as the repositories have it
	// now: as a lock, but for SHA-256, which no index of Alpine's has.
	Packages *dagger.File
	// How the packages differ from alpine/packages.lock: kept (they do not), differs, or none,
	// where there is no lock.
	Locked string
}

// The alpine base.
//
// Fails where the packages are not to be had, and, if strict, where one of them is not
// the one that alpine/packages.lock names.
//
// +cache="session"
func (m *Iso) Alpine(
	ctx context.Context,
	// Alpine, an image with its digest, or a container. Packages are trusted that are signed with
	// the keys that it brings.
	image *dagger.Container,
	// Release of Alpine, such as 3.21.
	release string,
	// Commit of Alpine's aports, whose scripts make the ISO.
	aportsCommit string,
	// Time of the files that do not change with each ISO, in seconds since 1970.
	epoch int,
	// Tree of Alpine's aports, where it is at hand. Default: aports-commit of the
	// public repository.
	// +optional
	aports *dagger.Directory,
	// Where packages come from: "image" (the repositories that the image names) or the
	// URL of a mirror, whose folders are those of releases.
	// +default="image"
	mirror string,
	// Saved copy of the packages, see alpine-mirror. It takes the place of mirror.
	// +optional
	apkMirror *dagger.Directory,
	// Public keys that a mirror of your own signs its packages with, beside those of
	// the image.
	// +optional
	apkKeys *dagger.Directory,
	// Private RSA key, in PEM, that signs the medium's index of packages and the
	// kernel's modules. Default: one that is made for this engine, and stays there.
	// +optional
	signingKey *dagger.Secret,
	// Fail where a package is not the one that alpine/packages.lock names.
	// +optional
	strict bool,
) (*Alpine, error) {
	system := image
	if apkKeys != nil {
		system = system.WithDirectory("/etc/apk/keys", apkKeys)
	}
	if apkMirror != nil {
		mirror = savedPackages
		system = system.WithMountedDirectory(mirror, apkMirror)
	}
	files := []string{"alpine/repositories.sh"}
	for _, list := range alpineLists {
		files = append(files, list.file)
	}
	system, err := withFiles(ctx, system, m.Files, files...)
	if err != nil {
		return nil, err
	}
	system = system.
		With(repositories(mirror, release)).
		WithMountedFile("/usr/local/bin/alpine", m.program("alpine"))
	look := system
	if apkMirror == nil {
		look = look.WithEnvVariable("BEE_NOW", time.Now().String()) // a mirror changes
	}
	packages := look.WithExec(alpineProgram("lock"), dagger.ContainerWithExecOpts{Expect: dagger.ReturnTypeAny})
	if code, err := packages.ExitCode(ctx); err != nil {
		return nil, err
	} else if code != 0 {
		said, err := packages.Stderr(ctx)
		if err != nil {
			return nil, err
		}
		return nil, unreachable(said)
	}
	// by what it holds: steps are made anew when a package changes, and only then
	text, err := packages.Stdout(ctx)
	if err != nil {
		return nil, err
	}
	a := &Alpine{
		Module:       m,
		Release:      release,
		System:       system,
		Aports:       aports,
		AportsCommit: aportsCommit,
		Key:          signingKey,
		Epoch:        epoch,
		Layers:       dag.Directory(),
		Packages:     dag.Directory().WithNewFile(lockFile, text).File(lockFile),
	}
	a.Locked, err = a.locked(ctx, look, strict)
	return a, err
}

// alpineProgram is a call of the program alpine that looks into the repositories.
func alpineProgram(args ...string) []string {
	call := "exec alpine \"$@\" --keys /etc/apk/keys $(sed 's/^/--repository /' /etc/apk/repositories)"
	for _, list := range alpineLists {
		if args[0] != "mirror" {
			call += " " + list.layer + "=/bee/" + list.file
		}
	}
	return append([]string{"sh", "-c", call, "sh"}, args...)
}

// Lock is a lock of the packages, as in alpine/packages.lock, with the SHA-256 of their files, which
// are fetched for that.
func (a *Alpine) Lock(ctx context.Context) (*dagger.File, error) {
	saved, err := a.saved(ctx)
	if err != nil {
		return nil, err
	}
	text, err := saved.WithExec(alpineProgram("lock", "--digests")).Stdout(ctx)
	if err != nil {
		return nil, err
	}
	return dag.Directory().WithNewFile(lockFile, text).File(lockFile), nil
}

// locked compares the packages with those of the lock: what the indexes say of them, and, if
// strict, their files, too.
func (a *Alpine) locked(ctx context.Context, look *dagger.Container, strict bool) (string, error) {
	return locked(ctx, a.Module.Files, "alpine", strict, func(text string) (*dagger.Container, error) {
		compare, look := []string{"compare", "--lock", lockPath}, look
		if strict {
			var err error
			if look, err = a.saved(ctx); err != nil {
				return nil, err
			}
			compare = append(compare, "--digests")
		}
		return look.
			WithNewFile(lockPath, text).
			WithExec(alpineProgram(compare...), dagger.ContainerWithExecOpts{Expect: dagger.ReturnTypeAny}), nil
	})
}

// Folder where programs on this base look for shared libraries.
func (a *Alpine) Libraries() string { return "/usr/lib" }

// repositories sets where a container of Alpine's takes its packages from.
func repositories(mirror, release string) dagger.WithContainerFunc {
	return func(c *dagger.Container) *dagger.Container {
		return c.WithExec([]string{"sh", "/bee/alpine/repositories.sh", mirror, release})
	}
}

// unreachable says why packages are not to be had, by the error that the program alpine
// ended with, and what to do.
func unreachable(said string) error {
	if _, last, found := strings.Cut("\n"+said, "\nalpine: "); found { // behind what went well
		said = last
	}
	return fmt.Errorf("%s. ALPINE_MIRROR in VERSIONS.local names another mirror, --apk-mirror FOLDER takes a saved copy (see alpine-mirror)", strings.TrimSpace(said))
}

// A saved copy of the packages, to build from when the mirror has newer ones: the
// indexes as Alpine signed them, and every package that is needed.
func (a *Alpine) Mirror(ctx context.Context) (*dagger.Directory, error) {
	saved := a.System.
		// by what it holds: the packages of now
		WithMountedFile(lockPath, a.Packages).
		WithExec(alpineProgram("mirror", "--lock", lockPath, "--output", "/out")).
		Directory("/out")
	_, err := saved.Sync(ctx)
	var failed *dagger.ExecError
	if errors.As(err, &failed) {
		return nil, unreachable(failed.Stderr)
	}
	return saved, err
}

// local is Alpine with a saved copy of the packages in place of its repositories: they are
// fetched and verified before anything is made of them, and none is gone, or another one,
// meanwhile.
func (a *Alpine) local(ctx context.Context) (*dagger.Container, error) {
	saved, err := a.saved(ctx)
	if err != nil {
		return nil, err
	}
	return saved.WithoutMount("/bee"), nil
}

// saved is what looks into repositories with a saved copy of the packages in their place.
func (a *Alpine) saved(ctx context.Context) (*dagger.Container, error) {
	packages, err := a.Mirror(ctx)
	if err != nil {
		return nil, err
	}
	return a.System.
		WithMountedDirectory(savedPackages, packages).
		With(repositories(savedPackages, a.Release)), nil
}

// with is a container with the packages of a list, and these files of the module.
func (a *Alpine) with(ctx context.Context, listed string, names ...string) (*dagger.Container, error) {
	packages, err := list(ctx, a.Module.Files.File(listed))
	if err != nil {
		return nil, err
	}
	c, err := a.local(ctx)
	if err != nil {
		return nil, err
	}
	c = c.
		WithExec(append([]string{"apk", "add", "--no-cache"}, packages...)).
		With(again(a.Module.Rebuild)).
		WithEnvVariable("TMPDIR", "/var/tmp").
		WithWorkdir("/var/tmp")
	return withFiles(ctx, c, a.Module.Files, names...)
}

// Alpine with the compiler that the kernel was made with.
func (a *Alpine) Compiler(ctx context.Context) (*dagger.Container, error) {
	return a.with(ctx, alpineCompiler)
}

// Headers of the ISO's kernel, as they lie on a system that they are installed on:
// usr/src/linux-headers-KERNEL and what leads there.
func (a *Alpine) Headers(ctx context.Context) (*dagger.Directory, error) {
	c, err := a.local(ctx)
	if err != nil {
		return nil, err
	}
	return c.
		WithWorkdir("/headers").
		WithExec([]string{"sh", "-ec", `apk fetch --no-cache --quiet --stdout linux-` + alpineFlavor + `-dev >/dev.apk
			tar -xzf /dev.apk
			rm .[A-Z]*`}).
		Directory("/headers"), nil
}

// Release of the ISO's kernel, as uname -r says it.
func (a *Alpine) Kernel(ctx context.Context) (string, error) {
	headers, err := a.Headers(ctx)
	if err != nil {
		return "", err
	}
	found, err := headers.Glob(ctx, "usr/src/linux-headers-*/include/config/kernel.release")
	if err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", fmt.Errorf("linux-%s-dev has the headers of %d kernels, not of one", alpineFlavor, len(found))
	}
	kernel, err := headers.File(found[0]).Contents(ctx)
	return strings.TrimSpace(kernel), err
}

// The base with one more layer, over the packages and below bee's own files. Its files
// carry the time of the base: it is made anew only when they change.
func (a *Alpine) WithLayer(
	ctx context.Context,
	// Two digits and a name, such as 50-nvidia: layers lie over each other in this
	// order.
	name string,
	// Files of the layer, as they lie in the ISO's file system.
	tree *dagger.Directory,
) (*Alpine, error) {
	layer, err := a.Module.layer(ctx, tree, a.Epoch)
	if err != nil {
		return nil, err
	}
	with := *a
	with.Layers = a.Layers.WithFile(name+".squashfs", layer)
	return &with, nil
}

// Keys that the packages and kernel modules of an ISO are signed with: the public halves, by
// the names that the signatures have for them.
func (a *Alpine) Keys(
	// The ISO.
	iso *dagger.File,
) *dagger.Directory {
	return a.Module.Tools.With(install(readerTools...)).
		WithMountedFile("/iso/bee.iso", iso).
		WithExec([]string{"xorriso", "-report_about", "WARNING", "-osirrox", "on:auto_chmod_off", "-indev", "/iso/bee.iso", "-extract", "/keys", "/keys"}).
		Directory("/keys")
}

// Alpine's mkimage: of its aports the folder scripts, and main/build-base, without which mkimage
// takes no tree for that of aports.
func (a *Alpine) Mkimage(ctx context.Context) (*dagger.Directory, error) {
	aports := a.Aports
	if aports == nil {
		aports = dag.Git("https://gitlab.alpinelinux.org/alpine/aports.git").
			Commit(a.AportsCommit).
			Tree(dagger.GitRefTreeOpts{DiscardGitDir: true})
		if _, err := aports.Sync(ctx); err != nil {
			return nil, fmt.Errorf("the aports of Alpine, commit %s, cannot be fetched; --aports FOLDER takes a tree that you have: %v", a.AportsCommit, err)
		}
	}
	return dag.Directory().WithDirectory("/", aports, dagger.DirectoryWithDirectoryOpts{Include: []string{"scripts", "main/build-base"}}), nil
}

// A hybrid ISO: it boots from CD and from a USB stick, under BIOS and UEFI.
//
// mkimage ends well with broken images, too, so the finished ISO is checked before it, or
// anything that it is made of, is kept.
func (a *Alpine) Iso(
	ctx context.Context,
	// bee's own files for this ISO, over those of overlay/.
	own *dagger.Directory,
	// Time of the ISO's own files, in seconds since 1970.
	epoch int,
) (*dagger.File, error) {
	aports, err := a.Mkimage(ctx)
	if err != nil {
		return nil, err
	}
	kernel, err := a.Kernel(ctx)
	if err != nil {
		return nil, err
	}
	mkimage, err := a.with(ctx, alpineTools, "alpine/iso.sh", alpineCpio, "alpine/check.sh", "service-order.sh", bootSeal)
	if err != nil {
		return nil, err
	}
	tree, err := a.Module.tree(ctx, "alpine")
	if err != nil {
		return nil, err
	}
	layer, err := a.Module.layer(ctx, tree.WithDirectory("/", own), epoch)
	if err != nil {
		return nil, err
	}
	files := dag.Directory().
		WithDirectory("alpine", a.Module.Files.Directory("alpine"), dagger.DirectoryWithDirectoryOpts{
			Include: []string{"packages", "mkimg.bee.sh", "genapkovl-bee.sh"},
		}).
		WithFile(bootMenu, a.Module.Files.File(bootMenu)).
		WithFile(bootConsoles, a.Module.Files.File(bootConsoles)).
		WithFile("live", a.Module.program("live")).
		WithDirectory("layers", a.Layers.WithFile(beeLayer, layer))
	const key = "/run/bee/key.rsa"
	if a.Key != nil {
		mkimage = mkimage.WithMountedSecret(key, a.Key)
	} else {
		mkimage = mkimage.
			WithMountedCache("/run/bee", dag.CacheVolume("alpine-signing-key"), dagger.ContainerWithMountedCacheOpts{
				Sharing: dagger.CacheSharingModeLocked,
			}).
			WithExec([]string{"sh", "-ec", `[ -s "$0" ] || { umask 077; openssl genrsa -out "$0.part" 4096; mv "$0.part" "$0"; }`, key})
	}
	if a.Module.Rebuild == "" {
		mkimage = mkimage.WithMountedCache("/var/tmp/sections", dag.CacheVolume("alpine-sections"), dagger.ContainerWithMountedCacheOpts{
			Sharing: dagger.CacheSharingModeLocked,
		})
	}
	const out = "/out"
	return mkimage.
		WithMountedFile(lockPath, a.Packages).
		WithMountedDirectory("/aports", aports).
		WithMountedDirectory("/files", files).
		WithEnvVariable("SOURCE_DATE_EPOCH", strconv.Itoa(a.Epoch)).
		WithEnvVariable("BEE_EPOCH", strconv.Itoa(epoch)).
		WithEnvVariable("BEE_FLAVOR", alpineFlavor).
		WithExec([]string{"/bee/alpine/iso.sh", "/aports", "/files", "/etc/apk/repositories", key, kernel, lockPath, out}).
		File(out + "/bee.iso"), nil
}

// What a server needs for machines to boot an ISO over the network: by iPXE (bee.ipxe), or by
// UEFI (bootx64.efi), without Secure Boot. Packages, kernel modules and layers are fetched by HTTP.
func (a *Alpine) Netboot(
	ctx context.Context,
	// The ISO.
	iso *dagger.File,
	// Time of the ISO's own files, in seconds since 1970.
	epoch int,
) (*dagger.Directory, error) {
	kernel, err := a.Kernel(ctx)
	if err != nil {
		return nil, err
	}
	packer, err := a.with(ctx, alpineTools, "alpine/net.sh", alpineCpio, alpineKernel)
	if err != nil {
		return nil, err
	}
	net := packer.
		WithEnvVariable("SOURCE_DATE_EPOCH", strconv.Itoa(a.Epoch)).
		WithDirectory("/out", dag.Directory()).
		WithExec([]string{"/bee/alpine/net.sh", "/bee/" + alpineKernel, "/etc/apk", kernel, "/out/net.img"}).
		File("/out/net.img")
	assembler, err := a.with(ctx, alpineTools, "alpine/netboot.sh", bootNetboot, bootMenu, bootConsoles)
	if err != nil {
		return nil, err
	}
	return assembler.
		WithMountedFile("/bee/bee.iso", iso).
		WithMountedFile("/bee/net.img", net).
		WithEnvVariable("SOURCE_DATE_EPOCH", strconv.Itoa(epoch)).
		WithEnvVariable("BEE_FLAVOR", alpineFlavor).
		WithExec([]string{"/bee/alpine/netboot.sh", "/bee/bee.iso", "/bee/net.img", "/out"}).
		Directory("/out"), nil
}
