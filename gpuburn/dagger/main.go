// Builds gpu_burn, the program that burns GPUs in, and gpu_probe, which tests their memory
// and links, with CUDA's nvcc.
//
// The result is a folder that runs wherever NVIDIA's driver is, whatever the C
// library of the system.
package main

import (
	"context"
	"strconv"
	"strings"

	"dagger/gpuburn/internal/dagger"
)

// Gpuburn builds gpu_burn.
type Gpuburn struct {
	// +private
	Scripts *dagger.Directory
	// +private
	Rebuild string
}

func New(
	// What builds gpu_burn, and the source of gpu_probe.
	// +optional
	// +defaultPath="."
	// +ignore=["*", "!build.sh", "!launcher.sh", "!cuda-debian.sh", "!probe/pattern.h", "!probe/gpu_probe.cu"]
	scripts *dagger.Directory,
	// Makes anew, once for each value, what the engine has in its cache, but for what
	// was only downloaded or installed: to see whether it comes out the same.
	// +optional
	rebuild string,
) *Gpuburn {
	return &Gpuburn{Scripts: scripts, Rebuild: rebuild}
}

// Source of gpu_burn as it was at one commit, from its public repository.
func (m *Gpuburn) Source(
	// The commit, 40 hex digits.
	commit string,
) *dagger.Directory {
	return dag.Git("https://github.com/wilicc/gpu-burn").
		Commit(commit).
		Tree(dagger.GitRefTreeOpts{DiscardGitDir: true})
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

// Cuda is a CUDA toolkit.
type Cuda struct {
	// +private
	Scripts *dagger.Directory
	// Where nvcc runs, with a C++ compiler and make.
	Container *dagger.Container
}

// CUDA from Debian's packages (12.4 in trixie), as far as gpu_burn needs it.
func (m *Gpuburn) DebianCuda(
	ctx context.Context,
	// Debian with its package lists fetched, non-free among them.
	debian *dagger.Container,
) (*Cuda, error) {
	c, err := with(ctx, debian, m.Scripts, "cuda-debian.sh")
	if err != nil {
		return nil, err
	}
	c = c.
		WithExec(append([]string{"apt-get", "install", "--yes", "--quiet", "--no-install-recommends"}, compiler...)).
		WithExec(append([]string{"/bee/cuda-debian.sh"}, toolkit...)).
		With(again(m.Rebuild))
	return &Cuda{m.Scripts, c}, nil
}

// What CUDA from Debian is made of: packages that are unpacked in part, and those that are
// installed; nvcc 12.4 takes no newer compiler than this one.
var (
	toolkit  = []string{"nvidia-cuda-toolkit", "nvidia-cuda-dev", "libcu++-dev", "libc6"}
	compiler = []string{"g++-13", "make"}
)

// Debian's packages that gpu_burn is made of and with, CUDA among them: in install those that are
// installed, with what they depend on, and in download those that are taken apart, a name in each
// line.
func (m *Gpuburn) Packages() *dagger.Directory {
	return dag.Directory().
		WithNewFile("install", strings.Join(compiler, "\n")).
		WithNewFile("download", strings.Join(toolkit, "\n"))
}

// CUDA from an image that holds the whole toolkit, such as nvidia/cuda's devel
// images.
func (m *Gpuburn) ImageCuda(
	// The image, with its digest, or a container.
	image *dagger.Container,
) *Cuda {
	return &Cuda{m.Scripts, image.With(again(m.Rebuild))}
}

// gpu_burn and gpu_probe as a folder: gpu_burn and gpu_probe (what to run), lib with the
// programs, the compare kernel and the glibc that they run with, licences in doc, and
// manifest.json with the version of CUDA and the architectures. cuBLAS is linked in.
//
// Fails where the toolkit does not know an architecture, naming the CUDA that does.
func (c *Cuda) Build(
	ctx context.Context,
	// Source of gpu_burn: see source.
	source *dagger.Directory,
	// Compute capabilities to compile for, 80 for 8.0. The newest is compiled to PTX,
	// too, for GPUs that are newer still.
	architectures []int,
	// Leave out the architectures that the toolkit does not know. Fails only where it
	// knows none.
	// +optional
	skipUnknown bool,
) (*dagger.Directory, error) {
	builder, err := with(ctx, c.Container, c.Scripts, "build.sh", "launcher.sh", "probe/pattern.h", "probe/gpu_probe.cu")
	if err != nil {
		return nil, err
	}
	var list []string
	for _, a := range architectures {
		list = append(list, strconv.Itoa(a))
	}
	unknown := "fail"
	if skipUnknown {
		unknown = "skip"
	}
	return builder.
		WithMountedDirectory("/bee/source", source).
		WithExec([]string{"/bee/build.sh", "/bee/source", strings.Join(list, " "), unknown, "/out"}).
		Directory("/out"), nil
}

// with puts scripts into a container, by what they hold (the engine would know a
// part of a folder by the whole folder): nothing is made anew when another script
// changes, nor in another clone.
func with(ctx context.Context, c *dagger.Container, scripts *dagger.Directory, names ...string) (*dagger.Container, error) {
	for _, name := range names {
		text, err := scripts.File(name).Contents(ctx)
		if err != nil {
			return nil, err
		}
		c = c.WithNewFile("/bee/"+name, text, dagger.ContainerWithNewFileOpts{Permissions: 0o755})
	}
	return c, nil
}
