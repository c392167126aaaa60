package main

import (
	"context"

	"bee/core/lock"
	"bee/core/versions"
	"dagger/bee/internal/dagger"
)

// debian is the base debian: NVIDIA's driver and CUDA come from Debian's packages, or
// from where they come from on the base alpine.
type debian struct {
	*modules
	base *dagger.IsoDebian
}

func newDebian(_ context.Context, m *modules) (base, error) {
	return debian{m, m.debian(m.bee.Sources.Strict)}, nil
}

// debian is the debian base of the module iso, with all packages of Debian's that any base needs.
func (m *modules) debian(strict bool) *dagger.IsoDebian {
	return m.iso.Debian(int(m.versions.Epoch()), dagger.IsoDebianOpts{
		Packages: dag.Directory().
			WithDirectory(lock.NVIDIA, m.nvidia.Packages()).
			WithDirectory(lock.CUDA, m.gpuburn.Packages()),
		Strict: strict,
	})
}

func (b debian) locked(ctx context.Context) (string, error) { return b.base.Locked(ctx) }

func (b debian) lock() *dagger.File { return b.base.Lock() }

func (b debian) inputs() baseInputs {
	return baseInputs{layers: []string{lock.Base}, files: dag.Directory()}
}

func (b debian) release() string { return b.versions.DebianRelease }

func (b debian) yescrypt() bool { return true } // libxcrypt

func (b debian) kernel(ctx context.Context) (string, error) { return b.base.Kernel(ctx) }

func (b debian) withLayer(name string, tree *dagger.Directory) base {
	return debian{b.modules, b.base.WithLayer(name, tree)}
}

func (b debian) assemble(own *dagger.Directory, moduleCertificate *dagger.File, epoch int) *dagger.File {
	return b.base.Iso(own, epoch, dagger.IsoDebianIsoOpts{ModuleCertificate: moduleCertificate})
}

func (b debian) netboot(iso *dagger.File, epoch int) *dagger.Directory {
	return b.base.Netboot(iso, epoch)
}

func (b debian) keys(*dagger.File) *dagger.Directory { return nil }

func (b debian) debianDriver() bool { return b.versions.NvidiaOrigin == "debian" }

func (b debian) debianCuda() bool { return b.versions.CudaOrigin == "debian" }

func (b debian) driver(ctx context.Context, installer *dagger.File, kernel string) (origin *dagger.NvidiaDriver, headers *dagger.Directory, options dagger.NvidiaDriverLayerOpts, err error) {
	libraries, err := b.base.Libraries(ctx)
	if err != nil {
		return nil, nil, options, err
	}
	origin = b.nvidia.DebianDriver()
	if installer != nil || !b.debianDriver() {
		origin = b.runDriver(installer)
	}
	return origin, b.nvidia.Headers(kernel), dagger.NvidiaDriverLayerOpts{Libraries: libraries}, nil
}

func (b debian) cuda(ctx context.Context) (*dagger.GpuburnCuda, error) {
	if b.debianCuda() {
		return b.gpuburn.DebianCuda(b.iso.Tools()), nil
	}
	return b.imageCuda(ctx, "CUDA_ORIGIN=debian in "+versions.LocalFile+" takes Debian's toolkit")
}
