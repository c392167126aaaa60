package main

import (
	"context"

	"bee/core/versions"
	"dagger/bee/internal/dagger"
)

// modules are the Dagger modules that do the work, set up with the pins. Each is loaded
// once: what one hands to another is made once, too.
type modules struct {
	bee       *Bee
	versions  *versions.Versions
	overrides []string // keys of versions that are others than the commit's
	audit     *dagger.Audit
	iso       *dagger.Iso
	nvidia    *dagger.Nvidia
	gpuburn   *dagger.Gpuburn
}

func (m *Bee) modules(ctx context.Context) (*modules, error) {
	v, overrides, err := m.pins(ctx)
	if err != nil {
		return nil, err
	}
	iso := dag.Iso(v.GolangImage, v.DebianImage, dagger.IsoOpts{
		DebianMirror:   v.DebianMirror,
		DebianRelease:  v.DebianRelease,
		DebianSnapshot: v.DebianSnapshot,
		Rebuild:        m.Rebuild,
		GoProxy:        m.Sources.GoProxy,
	})
	return &modules{
		bee:       m,
		versions:  v,
		overrides: overrides,
		audit:     dag.Audit(v.GolangImage, dagger.AuditOpts{Rebuild: m.Rebuild, GoProxy: m.Sources.GoProxy}),
		iso:       iso,
		nvidia:    dag.Nvidia(iso.Tools(), v.GolangImage, dagger.NvidiaOpts{Rebuild: m.Rebuild, GoProxy: m.Sources.GoProxy}),
		gpuburn:   dag.Gpuburn(dagger.GpuburnOpts{Rebuild: m.Rebuild}),
	}, nil
}
