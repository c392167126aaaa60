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
	golang, err := m.golang(ctx, v)
	if err != nil {
		return nil, err
	}
	iso := dag.Iso(golang, v.DebianImage, dagger.IsoOpts{
		DebianMirror:   v.DebianMirror,
		DebianRelease:  v.DebianRelease,
		DebianSnapshot: v.DebianSnapshot,
		Rebuild:        m.Rebuild,
	})
	return &modules{
		bee:         m,
		versions:    v,
		overrides:   overrides,
		keepsEngine: keepsEngine,
		golang:      golang,
		audit:       dag.Audit(golang, dagger.AuditOpts{Rebuild: m.Rebuild}),
		iso:         iso,
		nvidia:      dag.Nvidia(iso.Tools(), golang, dagger.NvidiaOpts{Rebuild: m.Rebuild}),
		gpuburn:     dag.Gpuburn(dagger.GpuburnOpts{Rebuild: m.Rebuild}),
	}, nil
}

// golang is a container with Go, and with the proxy of its modules where that is a secret.
func (m *Bee) golang(ctx context.Context, v *versions.Versions) (*dagger.Container, error) {
	golang, proxy := dag.Container().From(v.GolangImage), m.Sources.GoProxy
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
