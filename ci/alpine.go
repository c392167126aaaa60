package main

import (
	"context"
	"fmt"

	"dagger/bee/internal/dagger"
	"dagger/bee/versions"
)

// alpine is the base alpine: NVIDIA's driver comes from the .run installer, and is
// compiled by the compiler of the kernel; CUDA comes from an image.
type alpine struct {
	bee      *Bee
	versions *versions.Versions
	module   *dagger.IsoAlpine
}

func newAlpine(m *Bee, v *versions.Versions) (base, error) {
	return alpine{m, v, m.alpine(v, m.Strict)}, nil
}

// alpine is the alpine base of the module iso.
func (m *Bee) alpine(v *versions.Versions, strict bool) *dagger.IsoAlpine {
	return m.isoModule(v).Alpine(v.AlpineImage, v.AlpineRelease, v.AportsCommit, int(v.Epoch()), dagger.IsoAlpineOpts{
		Aports:     m.Aports,
		Mirror:     v.AlpineMirror,
		ApkMirror:  m.ApkMirror,
		SigningKey: m.SigningKey,
		Strict:     strict,
	})
}

func (b alpine) release() string { return b.versions.AlpineRelease }

func (b alpine) kernel(ctx context.Context) (string, error) { return b.module.Kernel(ctx) }

func (b alpine) withLayer(name string, tree *dagger.Directory) base {
	return alpine{b.bee, b.versions, b.module.WithLayer(name, tree)}
}

func (b alpine) iso(own *dagger.Directory, epoch int) *dagger.File { return b.module.Iso(own, epoch) }

func (b alpine) driver(installer *dagger.File) *dagger.NvidiaDriver {
	return b.bee.runDriver(b.versions, installer)
}

func (b alpine) nvidiaLayer(ctx context.Context, driver *dagger.NvidiaDriver, kernel string) (*dagger.Directory, error) {
	libraries, err := b.module.Libraries(ctx)
	if err != nil {
		return nil, err
	}
	return driver.Layer(b.module.Headers(), kernel, dagger.NvidiaDriverLayerOpts{
		Libraries: libraries,
		Compiler:  b.module.Compiler(),
	}), nil
}

func (b alpine) cuda(ctx context.Context, burn *dagger.Gpuburn) (*dagger.GpuburnCuda, error) {
	return imageCuda(ctx, b.versions, burn, "--base debian takes Debian's toolkit, and what it builds runs on both")
}

// iso/alpine/packages.lock as it would be now: every package that the base alpine is
// made of and with, with version and checksum, as the mirror has them at this moment.
//
//	dagger call lock export --path iso/alpine/packages.lock
//
// +cache="session"
func (m *Bee) Lock(ctx context.Context) (*dagger.File, error) {
	v, err := m.versions(ctx)
	if err != nil {
		return nil, err
	}
	return m.alpine(v, false).Packages(), nil
}

// A saved copy of the packages that the base alpine is made of and with: Alpine keeps
// no old ones. Build from it with --apk-mirror, on a site that has no mirror, too.
//
//	dagger call alpine-mirror export --path alpine-mirror
//	dagger call --apk-mirror alpine-mirror build-iso export --path bee.iso
//
// +cache="session"
func (m *Bee) AlpineMirror(ctx context.Context) (*dagger.Directory, error) {
	v, err := m.versions(ctx)
	if err != nil {
		return nil, err
	}
	mirror := m.alpine(v, m.Strict).Mirror()
	if _, err := mirror.Sync(ctx); err != nil {
		return nil, fmt.Errorf("the packages cannot be saved: %v", err)
	}
	return mirror, nil
}
