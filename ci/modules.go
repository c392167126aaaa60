package main

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"bee/core/userinfo"
	"bee/core/versions"
	"dagger/bee/internal/dagger"
)

// modules are the Dagger modules that do the work, set up with the pins. Each is loaded
// once: what one hands to another is made once, too.
type modules struct {
	bee       *Bee
	versions  *versions.Versions
	overrides []string // keys of versions that are others than the commit's
	// Whether this site keeps to an engine that the commit does not pin.
	keepsEngine bool
	inputs      *inputs // nil where nothing is saved
	golang      *dagger.Container
	audit       *dagger.Audit
	iso         *dagger.Iso
	nvidia      *dagger.Nvidia
	gpuburn     *dagger.Gpuburn
}

func (m *Bee) modules(ctx context.Context) (*modules, error) {
	v, overrides, keepsEngine, err := m.pins(ctx)
	if err != nil {
		return nil, err
	}
	all := &modules{bee: m, versions: v, overrides: overrides, keepsEngine: keepsEngine}
	options := dagger.IsoOpts{
		DebianMirror:   v.DebianMirror,
		DebianRelease:  v.DebianRelease,
		DebianSnapshot: v.DebianSnapshot,
		Rebuild:        m.Rebuild,
	}
	if m.Sources.Inputs != nil {
		if all.inputs, err = openInputs(ctx, m.Sources.Inputs, v.DebianImage); err != nil {
			return nil, err
		}
		if options.DebianPackages, err = all.inputs.folder(debianInputs); err != nil {
			return nil, err
		}
	}
	debian, err := all.inputs.image(v.DebianImage)
	if err != nil {
		return nil, err
	}
	if all.golang, err = all.goContainer(ctx); err != nil {
		return nil, err
	}
	all.iso = dag.Iso(all.golang, debian, options)
	all.audit = dag.Audit(all.golang, dagger.AuditOpts{Rebuild: m.Rebuild})
	all.nvidia = dag.Nvidia(all.iso.Tools(), all.golang, dagger.NvidiaOpts{Rebuild: m.Rebuild})
	all.gpuburn = dag.Gpuburn(dagger.GpuburnOpts{Rebuild: m.Rebuild})
	return all, nil
}

// image is a container of an image, which is pulled unless it is saved; instead says what there is
// where it cannot be.
func (m *modules) image(ctx context.Context, address, instead string) (*dagger.Container, error) {
	image, err := m.inputs.image(address)
	if err != nil {
		return nil, err
	}
	if _, err := image.Sync(ctx); err != nil {
		return nil, because(err, "the image %s cannot be pulled; %s", address, instead)
	}
	return image, nil
}

// goContainer is a container with Go, and with the proxy of its modules where that is a secret, or
// where they are saved.
func (m *modules) goContainer(ctx context.Context) (*dagger.Container, error) {
	golang, err := m.inputs.image(m.versions.GolangImage)
	if err != nil {
		return nil, err
	}
	if m.inputs != nil {
		return m.inputs.goModules(golang)
	}
	proxy := m.bee.Sources.GoProxy
	if proxy == nil {
		return golang, nil
	}
	text, err := proxy.Plaintext(ctx)
	if err != nil {
		return nil, err
	}
	// The engine hides what is a secret of the container, where the whole of it is printed;
	// Go's errors have one URL of GOPROXY. Hidden from its first letter on, as the engine
	// looks for nothing inside of what GOPROXY begins like.
	for i, token := range userinfo.Tokens(text) {
		secret := dag.SetSecret(fmt.Sprintf("token %d in GOPROXY", i), token)
		golang = golang.WithSecretVariable(fmt.Sprintf("BEE_GOPROXY_TOKEN_%d", i), secret)
	}
	return golang.WithSecretVariable("GOPROXY", proxy), nil
}

// load has the modules that make an ISO read their sources, at once; otherwise each does it
// when the first of its functions is called.
func (m *modules) load(ctx context.Context) error {
	loading, ctx := errgroup.WithContext(ctx)
	loading.Go(func() error { _, err := m.audit.ID(ctx); return err })
	loading.Go(func() error { _, err := m.iso.ID(ctx); return err })
	loading.Go(func() error { _, err := m.nvidia.ID(ctx); return err })
	return loading.Wait()
}
