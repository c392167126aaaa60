package main

import (
	"context"

	"dagger/bee/internal/dagger"
)

// Makes the lock of the base as it would be now.
//
// It names every package that an ISO on the base is made of and with, with version, architecture,
// the layers that it is for, and SHA-256. It is committed: from then on a build tells what is not
// as it was, and --strict refuses it.
//
//	dagger call --base debian lock export --path iso/debian/packages.lock
//
// +cache="session"
func (m *Bee) Lock(ctx context.Context) (*dagger.File, error) {
	now := *m
	now.Sources.Strict = false // it may be another one than before
	b, err := now.builder(ctx)
	if err != nil {
		return nil, err
	}
	return b.base.lock(), nil
}

// Saves the packages that the base alpine is made of.
//
// Alpine keeps no old ones. Build from them with --apk-mirror, on a site that has no
// mirror, too; inputs saves all else that an ISO is made of with them.
//
//	dagger call alpine-mirror export --path alpine-mirror
//	dagger call --base alpine --apk-mirror alpine-mirror build-iso export --path dist/bee.iso
//
// +cache="session"
func (m *Bee) AlpineMirror(ctx context.Context) (*dagger.Directory, error) {
	modules, err := m.modules(ctx)
	if err != nil {
		return nil, err
	}
	base, err := newAlpine(ctx, modules)
	if err != nil {
		return nil, err
	}
	mirror := base.(alpine).base.Mirror()
	if _, err := mirror.Sync(ctx); err != nil {
		return nil, because(err, "the packages cannot be saved")
	}
	return mirror, nil
}
