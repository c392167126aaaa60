package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"dagger/bee/internal/dagger"
	"dagger/bee/versions"
)

// base is a Linux distribution that ISOs are built on, with what is decided for each.
type base interface {
	// release of the distribution.
	release() string
	// kernel is the release of the ISO's kernel, as uname -r says it.
	kernel(context.Context) (string, error)
	// withLayer adds files below bee's own.
	withLayer(name string, tree *dagger.Directory) base
	// iso assembles the ISO, with bee's own files, of a time.
	iso(own *dagger.Directory, epoch int) *dagger.File

	// driver is the NVIDIA driver, from the installer where there is one.
	driver(installer *dagger.File) *dagger.NvidiaDriver
	// nvidiaLayer is that driver as it is on the ISO.
	nvidiaLayer(ctx context.Context, driver *dagger.NvidiaDriver, kernel string) (*dagger.Directory, error)
	// cuda compiles gpu_burn.
	cuda(context.Context, *dagger.Gpuburn) (*dagger.GpuburnCuda, error)
}

// bases are those that there are, by their names in VERSIONS and --base.
var bases = map[string]func(*Bee, *versions.Versions) (base, error){
	"alpine": newAlpine,
	"debian": newDebian,
}

// builder makes ISOs on one base.
type builder struct {
	bee      *Bee
	versions *versions.Versions
	name     string
	base     base
}

func (m *Bee) builder(ctx context.Context, name string) (*builder, error) {
	v, err := m.versions(ctx)
	if err != nil {
		return nil, err
	}
	if name == "" {
		name = v.Base
	}
	newBase, ok := bases[name]
	if !ok {
		return nil, fmt.Errorf("base %q is not known; the bases are: %s", name, strings.Join(slices.Sorted(maps.Keys(bases)), ", "))
	}
	base, err := newBase(m, v)
	if err != nil {
		return nil, err
	}
	return &builder{bee: m, versions: v, name: name, base: base}, nil
}
