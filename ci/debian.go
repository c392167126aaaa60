package main

import (
	"context"
	"fmt"

	"bee/core/versions"
	"dagger/bee/internal/dagger"
)

// debian is the base debian: NVIDIA's driver and CUDA come from Debian's packages, or
// from where they come from on the base alpine.
type debian struct {
	*modules
	base *dagger.IsoDebian
}

func newDebian(m *modules) (base, error) {
	v := m.versions
	if m.bee.Sources.Strict && v.DebianMirror != "snapshot" {
		return nil, fmt.Errorf("--strict: DEBIAN_MIRROR is %s, and only with DEBIAN_MIRROR=snapshot are Debian's packages those of DEBIAN_SNAPSHOT", v.DebianMirror)
	}
	return debian{m, m.iso.Debian(int(v.Epoch()))}, nil
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

func (b debian) driver(ctx context.Context, installer *dagger.File, kernel string) (origin *dagger.NvidiaDriver, headers *dagger.Directory, options dagger.NvidiaDriverLayerOpts, err error) {
	libraries, err := b.base.Libraries(ctx)
	if err != nil {
		return nil, nil, options, err
	}
	origin = b.nvidia.DebianDriver()
	if installer != nil || b.versions.NvidiaOrigin == "run" {
		origin = b.runDriver(installer)
	}
	return origin, b.nvidia.Headers(kernel), dagger.NvidiaDriverLayerOpts{Libraries: libraries}, nil
}

func (b debian) cuda(ctx context.Context) (*dagger.GpuburnCuda, error) {
	if b.versions.CudaOrigin == "debian" {
		return b.gpuburn.DebianCuda(b.iso.Tools()), nil
	}
	return b.imageCuda(ctx, "CUDA_ORIGIN=debian in "+versions.LocalFile+" takes Debian's toolkit")
}
