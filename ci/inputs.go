package main

import (
	"context"
	"fmt"
	"path"
	"strings"

	"bee/core/lock"
	"bee/core/sums"
	"dagger/bee/internal/dagger"
)

// Folders of saved inputs, beside that of images.
const (
	debianInputs  = "debian"
	alpineInputs  = "alpine"
	aportsInputs  = "aports"
	gpuBurnInputs = "gpu-burn"
	goInputs      = "go"
	nvidiaInputs  = "nvidia"
)

// blobs is the folder of what is saved, by its SHA-256; the list of sums has the names.
const blobs = "sha256"

// Saves all that an ISO is made of.
//
// Images, packages, Go modules, sources, NVIDIA's files: whatever the ISO that is said before the
// function is built from, but for the repository itself and what the caller gives. The folder has
// each file once, by its SHA-256, in sha256, and SHA256SUMS has their names. Dagger's engine and its
// Go SDK are no part of it: an engine that has built bee once needs no network for them.
//
//	dagger call --base debian inputs export --path inputs
//	dagger call --base debian --inputs inputs build-iso export --path dist/bee.iso
//
// The second one fetches nothing, and comes to the same ISO.
func (m *Bee) Inputs(
	ctx context.Context,
	// Go modules of the repository, whose own modules are saved.
	// +optional
	// +defaultPath="/"
	// +ignore=["*", "!audit", "!console", "!core", "!iso", "!nvidia", "iso/vendor", "**/dagger", "**/testdata", "**/*_test.go"]
	source *dagger.Directory,
) (*dagger.Directory, error) {
	b, err := m.builder(ctx)
	if err != nil {
		return nil, err
	}
	contents, v := m.Contents, b.versions
	base := b.base.inputs()
	saved := base.files
	images := append(base.images, v.DebianImage, v.GolangImage)
	layers := append(base.layers, lock.Tools)
	if contents.Nvidia {
		layers = append(layers, lock.NVIDIA)
	}
	if contents.GpuBurn {
		if b.base.debianCuda() {
			layers = append(layers, lock.CUDA)
		} else {
			images = append(images, v.CudaImage)
		}
	}
	for _, address := range images {
		image, err := b.image(ctx, address, "and what cannot be pulled cannot be saved")
		if err != nil {
			return nil, err
		}
		saved = saved.WithFile(imageInput(address), image.AsTarball())
	}
	saved = saved.WithDirectory(debianInputs, b.debian(false).Mirror(layers))
	if contents.GpuBurn {
		source, err := b.gpuBurnSource(ctx)
		if err != nil {
			return nil, err
		}
		saved = saved.WithDirectory(path.Join(gpuBurnInputs, v.GpuBurnCommit), source)
	}
	if contents.Nvidia {
		files, err := b.nvidiaInputs(ctx)
		if err != nil {
			return nil, err
		}
		saved = saved.WithDirectory(nvidiaInputs, files)
	}
	saved = saved.WithDirectory(goInputs, b.saveGoModules(source))
	return b.iso.Tools().
		WithMountedDirectory("/inputs", saved).
		WithWorkdir("/inputs").
		WithExec([]string{"sh", "-ec", `
			mkdir -p /out/` + blobs + `
			find . -type f -printf '%P\0' | LC_ALL=C sort --zero-terminated | xargs --null sha256sum >/out/` + sums.File + `
			while read -r digest name; do cp -n "$name" "/out/` + blobs + `/$digest"; done </out/` + sums.File}).
		Directory("/out"), nil
}

// saveGoModules are the Go modules that the programs on an ISO, and those that make it, are compiled
// from: a folder that is a proxy. That they are all is seen to.
func (m *modules) saveGoModules(source *dagger.Directory) *dagger.Directory {
	const list = `for module in audit console iso iso/alpine nvidia; do (cd /src/$module && go list -deps -tags=nethttpomithttp2 ./... >/dev/null); done`
	return m.golang.
		WithMountedDirectory("/src", source).
		WithEnvVariable("GOMODCACHE", "/go/saved").
		WithEnvVariable("GOFLAGS", "-buildvcs=false").
		WithExec([]string{"sh", "-ec", list + `
			mkdir /out
			cp -r /go/saved/cache/download/. /out
			rm -rf /out/sumdb
			find /out -name '*.lock' -delete`}).
		WithEnvVariable("GOMODCACHE", "/go/again").
		WithEnvVariable("GOPROXY", "file:///out").
		WithExec([]string{"sh", "-ec", list}).
		Directory("/out")
}

// nvidiaInputs are the files of NVIDIA's that the driver on an ISO is made of.
func (b *builder) nvidiaInputs(ctx context.Context) (*dagger.Directory, error) {
	files, contents, v := dag.Directory(), b.bee.Contents, b.versions
	if contents.NvidiaRun == nil && !b.base.debianDriver() {
		files = files.WithFile("NVIDIA-Linux-x86_64-"+v.Nvidia+".run", b.nvidia.Installer(v.Nvidia, v.NvidiaRunSHA256))
	}
	if contents.FabricManager != nil || v.FabricManagerOrigin != "nvidia" {
		return files, nil
	}
	kernel, err := b.kernel(ctx)
	if err != nil {
		return nil, err
	}
	driver, err := b.driver(ctx, kernel)
	if err != nil {
		return nil, err
	}
	return files.
		WithFile("fabricmanager-linux-x86_64-"+driver.fabricManager+"-archive.tar.xz", b.nvidia.FabricManagerArchive(driver.fabricManager, v.FabricManager(driver.version))).
		WithFile("nvlsm-linux-x86_64-"+v.NVLSM+"-archive.tar.xz", b.nvidia.NvlsmArchive(v.NVLSM, v.NVLSMSHA256)), nil
}

// inputs are what was saved. Without any, methods say so by what they return.
type inputs struct {
	saved *dagger.Directory
	list  []sums.Sum
	// What was saved, but for images, by its names.
	unpacked *dagger.Directory
}

// imageInput is the name of an image, NAME:TAG@sha256:DIGEST, among saved inputs.
func imageInput(address string) string {
	_, digest, _ := strings.Cut(address, "@sha256:") // checked by core/versions
	return path.Join("images", digest+".tar")
}

// openInputs reads and verifies what was saved, in a container of one of the saved images.
func openInputs(ctx context.Context, saved *dagger.Directory, image string) (*inputs, error) {
	text, err := saved.File(sums.File).Contents(ctx)
	if err != nil {
		return nil, because(err, "--inputs: the folder has no list of what is saved")
	}
	in := &inputs{saved: saved}
	if in.list, err = sums.Parse(text); err != nil {
		return nil, fmt.Errorf("--inputs: %w", err)
	}
	container, err := in.image(image)
	if err != nil {
		return nil, err
	}
	in.unpacked = container.
		WithMountedDirectory("/inputs", saved).
		WithWorkdir("/inputs").
		WithExec([]string{"sh", "-ec", `
			sed 's|^\([0-9a-f]*\)  .*|\1  ` + blobs + `/\1|' ` + sums.File + ` | sort -u | sha256sum --check --strict --quiet
			mkdir /out
			grep -v '^[0-9a-f]*  images/' ` + sums.File + ` | while read -r digest name; do
				mkdir -p "/out/${name%/*}"
				cp "` + blobs + `/$digest" "/out/$name"
			done`}).
		Directory("/out")
	if _, err := in.unpacked.Sync(ctx); err != nil {
		return nil, because(err, "--inputs: what is saved is not whole")
	}
	return in, nil
}

// image is a container of an image, by its address: a saved one, or else one that is pulled.
func (in *inputs) image(address string) (*dagger.Container, error) {
	if in == nil {
		return dag.Container().From(address), nil
	}
	name := imageInput(address)
	for _, s := range in.list {
		if s.Name == name {
			return dag.Container().Import(in.saved.File(path.Join(blobs, s.Digest))), nil
		}
	}
	return nil, fmt.Errorf("--inputs: the image %s is not among them: they are of another commit, or of an ISO with other contents", address)
}

// folder is one of what was saved.
func (in *inputs) folder(name string) (*dagger.Directory, error) {
	for _, s := range in.list {
		if strings.HasPrefix(s.Name, name+"/") {
			return in.unpacked.Directory(name), nil
		}
	}
	return nil, fmt.Errorf("--inputs: %s is not among them: they are of another commit, or of an ISO with other contents", name)
}

// digest is a saved file of this SHA-256; nil where there is none.
func (in *inputs) digest(sha256 string) *dagger.File {
	if in == nil {
		return nil
	}
	for _, s := range in.list {
		if s.Digest == sha256 {
			return in.saved.File(path.Join(blobs, s.Digest))
		}
	}
	return nil
}

// goModules has a container take its Go modules from those that were saved.
func (in *inputs) goModules(golang *dagger.Container) (*dagger.Container, error) {
	modules, err := in.folder(goInputs)
	if err != nil {
		return nil, err
	}
	const folder = "/bee-go-modules"
	return golang.
		WithMountedDirectory(folder, modules).
		WithEnvVariable("GOPROXY", "file://"+folder).
		WithEnvVariable("GONOSUMDB", "*"), nil
}
