package main

import (
	"context"
	"fmt"

	"dagger/bee/internal/dagger"
	"dagger/bee/versions"
)

// debian is the base debian: NVIDIA's driver and CUDA come from Debian's packages, or
// from where they come from on the base alpine.
type debian struct {
	bee      *Bee
	versions *versions.Versions
	module   *dagger.IsoDebian
}

func newDebian(m *Bee, v *versions.Versions) (base, error) {
	if m.Strict && v.DebianMirror != "snapshot" {
		return nil, fmt.Errorf("--strict: DEBIAN_MIRROR is %s, and only with DEBIAN_MIRROR=snapshot are Debian's packages those of DEBIAN_SNAPSHOT", v.DebianMirror)
	}
	return debian{m, v, m.isoModule(v).Debian(int(v.Epoch()))}, nil
}

func (b debian) release() string { return b.versions.DebianRelease }

func (b debian) kernel(ctx context.Context) (string, error) { return b.module.Kernel(ctx) }

func (b debian) withLayer(name string, tree *dagger.Directory) base {
	return debian{b.bee, b.versions, b.module.WithLayer(name, tree)}
}

func (b debian) iso(own *dagger.Directory, epoch int) *dagger.File { return b.module.Iso(own, epoch) }

func (b debian) driver(installer *dagger.File) *dagger.NvidiaDriver {
	if installer != nil || b.versions.NvidiaOrigin == "run" {
		return b.bee.runDriver(b.versions, installer)
	}
	return b.bee.nvidia(b.versions).DebianDriver()
}

func (b debian) nvidiaLayer(ctx context.Context, driver *dagger.NvidiaDriver, kernel string) (*dagger.Directory, error) {
	libraries, err := b.module.Libraries(ctx)
	if err != nil {
		return nil, err
	}
	return driver.Layer(b.bee.nvidia(b.versions).Headers(kernel), kernel, dagger.NvidiaDriverLayerOpts{Libraries: libraries}), nil
}

func (b debian) cuda(ctx context.Context, burn *dagger.Gpuburn) (*dagger.GpuburnCuda, error) {
	if b.versions.CudaOrigin == "debian" {
		return burn.DebianCuda(b.bee.isoModule(b.versions).Tools()), nil
	}
	return imageCuda(ctx, b.versions, burn, "CUDA_ORIGIN=debian in "+versions.LocalFile+" takes Debian's toolkit")
}
