package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"dagger/bee/internal/dagger"
)

// base is a Linux distribution that ISOs are built on, with what is decided for each.
type base interface {
	// release of the distribution.
	release() string
	// yescrypt tells whether its C library knows this way of making a password's hash.
	yescrypt() bool
	// kernel is the release of the ISO's kernel, as uname -r says it.
	kernel(context.Context) (string, error)
	// withLayer adds files below bee's own.
	withLayer(name string, tree *dagger.Directory) base
	// assemble makes the ISO, with bee's own files, of a time. Its UEFI has the certificate of the
	// modules' signatures at hand, unless that is nil.
	assemble(own *dagger.Directory, moduleCertificate *dagger.File, epoch int) *dagger.File

	// netboot is what machines boot an ISO from over the network, of the time of that.
	netboot(iso *dagger.File, epoch int) *dagger.Directory

	// locked tells how the packages differ from the base's lock: kept, differs or none.
	locked(context.Context) (string, error)
	// lock is what the base's lock would be now.
	lock() *dagger.File
	// inputs are what an ISO on the base, of whatever contents, is made of.
	inputs() baseInputs

	// keys are the public ones that what is on an ISO is signed with; nil where nothing is.
	keys(iso *dagger.File) *dagger.Directory

	// debianDriver and debianCuda tell whether NVIDIA's driver and CUDA are those of Debian's
	// packages, unless the caller gives others.
	debianDriver() bool
	debianCuda() bool
	// driver is where the NVIDIA driver comes from, the installer where there is one, with what
	// its modules for a kernel are made of.
	driver(ctx context.Context, installer *dagger.File, kernel string) (origin *dagger.NvidiaDriver, headers *dagger.Directory, options dagger.NvidiaDriverLayerOpts, err error)
	// cuda compiles gpu_burn.
	cuda(context.Context) (*dagger.GpuburnCuda, error)
}

// baseInputs are those that only one base has.
type baseInputs struct {
	images []string
	// Layers of Debian's packages, as the lock has them.
	layers []string
	files  *dagger.Directory
}

// bases are those that there are, by their names in VERSIONS and --base.
var bases = map[string]func(context.Context, *modules) (base, error){
	"alpine": newAlpine,
	"debian": newDebian,
}

// builder makes ISOs on one base.
type builder struct {
	*modules
	name string
	base base
	// Certificate that kernel modules of the base are signed with, in DER; nil where none is.
	moduleCertificate *dagger.File
}

func (m *Bee) builder(ctx context.Context) (*builder, error) {
	modules, err := m.modules(ctx)
	if err != nil {
		return nil, err
	}
	return modules.builder(ctx)
}

func (m *modules) builder(ctx context.Context) (*builder, error) {
	contents := m.bee.Contents
	if contents.NvidiaRun != nil && !contents.Nvidia {
		return nil, errors.New("--nvidia-run and --nvidia=false exclude each other")
	}
	if contents.FabricManager != nil && !contents.Nvidia {
		return nil, errors.New("--fabric-manager and --nvidia=false exclude each other")
	}
	if contents.Nvlsm != nil && contents.FabricManager == nil {
		return nil, errors.New("--nvlsm is for --fabric-manager: give both")
	}
	if (contents.ModuleKey == nil) != (contents.ModuleCertificate == nil) {
		return nil, errors.New("--module-key and --module-certificate belong together: give both")
	}
	if contents.ModuleKey != nil && !contents.Nvidia {
		return nil, errors.New("--module-key signs NVIDIA's modules, and --nvidia=false has none: give one of them")
	}
	name := cmp.Or(contents.Base, m.versions.Base)
	newBase, ok := bases[name]
	if !ok {
		return nil, fmt.Errorf("base %q is not known; the bases are: %s", name, strings.Join(slices.Sorted(maps.Keys(bases)), ", "))
	}
	base, err := newBase(ctx, m)
	if err != nil {
		return nil, err
	}
	return &builder{modules: m, name: name, base: base}, nil
}
