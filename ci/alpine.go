package main

import (
	"context"
	"errors"
	"path"

	"bee/core/versions"
	"dagger/bee/internal/dagger"
)

// alpine is the base alpine: NVIDIA's driver comes from the .run installer, and is
// compiled by the compiler of the kernel; CUDA comes from an image.
type alpine struct {
	*modules
	base *dagger.IsoAlpine
}

func newAlpine(ctx context.Context, m *modules) (base, error) {
	if m.bee.Contents.ModuleKey != nil {
		return nil, errors.New("--module-key is for the base debian: alpine does not start with Secure Boot on, " +
			"and has no shim, by which a kernel gets to know enrolled keys; packages and what comes with the kernel are signed by --signing-key there")
	}
	from, v := m.bee.Sources, m.versions
	if m.inputs != nil {
		var err error
		if from.ApkMirror, err = m.inputs.folder(alpineInputs); err != nil {
			return nil, err
		}
		if from.Aports, err = m.inputs.folder(path.Join(aportsInputs, v.AportsCommit)); err != nil {
			return nil, err
		}
	}
	image, err := m.image(ctx, v.AlpineImage, "where you have a copy, name it as ALPINE_IMAGE in "+versions.LocalFile+"; the base debian needs none")
	if err != nil {
		return nil, err
	}
	return alpine{m, m.iso.Alpine(image, v.AlpineRelease, v.AportsCommit, int(v.Epoch()), dagger.IsoAlpineOpts{
		Aports:     from.Aports,
		Mirror:     v.AlpineMirror,
		ApkMirror:  from.ApkMirror,
		SigningKey: from.SigningKey,
		Strict:     from.Strict,
	})}, nil
}

func (b alpine) locked(ctx context.Context) (string, error) { return b.base.Locked(ctx) }

func (b alpine) lock() *dagger.File { return b.base.Lock() }

func (b alpine) inputs() baseInputs {
	v := b.versions
	return baseInputs{images: []string{v.AlpineImage}, files: dag.Directory().
		WithDirectory(alpineInputs, b.base.Mirror()).
		WithDirectory(path.Join(aportsInputs, v.AportsCommit), b.base.Mkimage())}
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

func (b alpine) debianDriver() bool { return false }

func (b alpine) debianCuda() bool { return false }

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
