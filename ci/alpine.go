package main

import (
	"context"
	"errors"

	"dagger/bee/internal/dagger"
)

// alpine is the base alpine: NVIDIA's driver comes from the .run installer, and is
// compiled by the compiler of the kernel; CUDA comes from an image.
type alpine struct {
	*modules
	base *dagger.IsoAlpine
}

func newAlpine(m *modules) (base, error) {
	if m.bee.Contents.ModuleKey != nil {
		return nil, errors.New("--module-key is for the base debian: alpine does not start with Secure Boot on, " +
			"and has no shim, by which a kernel gets to know enrolled keys; packages and what comes with the kernel are signed by --signing-key there")
	}
	return alpine{m, m.alpine(m.bee.Sources)}, nil
}

// alpine is the alpine base of the module iso.
func (m *modules) alpine(from Sources) *dagger.IsoAlpine {
	v := m.versions
	return m.iso.Alpine(v.AlpineImage, v.AlpineRelease, v.AportsCommit, int(v.Epoch()), dagger.IsoAlpineOpts{
		Aports:     from.Aports,
		Mirror:     v.AlpineMirror,
		ApkMirror:  from.ApkMirror,
		SigningKey: from.SigningKey,
		Strict:     from.Strict,
	})
}

func (b alpine) release() string { return b.versions.AlpineRelease }

func (b alpine) yescrypt() bool { return false } // musl

func (b alpine) kernel(ctx context.Context) (string, error) { return b.base.Kernel(ctx) }

func (b alpine) withLayer(name string, tree *dagger.Directory) base {
	return alpine{b.modules, b.base.WithLayer(name, tree)}
}

func (b alpine) assemble(own *dagger.Directory, _ *dagger.File, epoch int) *dagger.File {
	return b.base.Iso(own, epoch)
}

func (b alpine) netboot(iso *dagger.File, epoch int) *dagger.Directory {
	return b.base.Netboot(iso, epoch)
}

func (b alpine) keys(iso *dagger.File) *dagger.Directory { return b.base.Keys(iso) }

func (b alpine) driver(ctx context.Context, installer *dagger.File, kernel string) (origin *dagger.NvidiaDriver, headers *dagger.Directory, options dagger.NvidiaDriverLayerOpts, err error) {
	libraries, err := b.base.Libraries(ctx)
	if err != nil {
		return nil, nil, options, err
	}
	return b.runDriver(installer), b.base.Headers(), dagger.NvidiaDriverLayerOpts{Libraries: libraries, Compiler: b.base.Compiler()}, nil
}

func (b alpine) cuda(ctx context.Context) (*dagger.GpuburnCuda, error) {
	return b.imageCuda(ctx, "--base debian takes Debian's toolkit, and what it builds runs on both")
}

// Makes iso/alpine/packages.lock as it would be now.
//
// It names every package that the base alpine is made of and with, with version and
// checksum, as the mirror has them at this moment.
//
//	dagger call lock export --path iso/alpine/packages.lock
//
// +cache="session"
func (m *Bee) Lock(ctx context.Context) (*dagger.File, error) {
	modules, err := m.modules(ctx)
	if err != nil {
		return nil, err
	}
	now := m.Sources
	now.Strict = false // it may be another one than before
	return modules.alpine(now).Packages(), nil
}

// Saves the packages that the base alpine is made of.
//
// Alpine keeps no old ones. Build from them with --apk-mirror, on a site that has no
// mirror, too.
//
//	dagger call alpine-mirror export --path alpine-mirror
//	dagger call --apk-mirror alpine-mirror build-iso export --path dist/bee.iso
//
// +cache="session"
func (m *Bee) AlpineMirror(ctx context.Context) (*dagger.Directory, error) {
	modules, err := m.modules(ctx)
	if err != nil {
		return nil, err
	}
	mirror := modules.alpine(m.Sources).Mirror()
	if _, err := mirror.Sync(ctx); err != nil {
		return nil, because(err, "the packages cannot be saved")
	}
	return mirror, nil
}
