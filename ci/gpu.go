package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"bee/core/beerelease"
	"bee/core/layers"
	"bee/core/versions"
	"dagger/bee/internal/dagger"
	"dagger/bee/modulekey"
)

// Builds the NVIDIA driver, as it is on the ISO.
//
// The result is a layer of the ISO: kernel modules in both flavours, built against the
// headers of the ISO's kernel; nvidia-smi and the libraries of the same version; GSP
// firmware; and usr/local/lib/nvidia/manifest.json.
func (m *Bee) NvidiaModules(ctx context.Context) (*dagger.Directory, error) {
	b, err := m.builder(ctx)
	if err != nil {
		return nil, err
	}
	commit, err := b.commit(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.checkModuleKey(ctx, commit.Date); err != nil {
		return nil, err
	}
	kernel, err := b.kernel(ctx)
	if err != nil {
		return nil, err
	}
	driver, err := b.driver(ctx, kernel)
	return driver.layer, err
}

// Builds gpu_burn, the program that burns GPUs in.
//
// The result is a folder that runs wherever NVIDIA's driver is: put it into
// iso/vendor/gpu_burn, and it is on the next ISO. CUDA_ORIGIN in VERSIONS says which
// CUDA toolkit compiles it.
func (m *Bee) GpuBurn(
	ctx context.Context,
	// Folder with the source of gpu_burn. Default: GPU_BURN_COMMIT of its public
	// repository.
	// +optional
	source *dagger.Directory,
	// Compute capabilities to compile for, 80 for 8.0; fails where the CUDA toolkit
	// does not know one. Default: those of GPU_BURN_ARCHITECTURES that it knows.
	// +optional
	architectures []int,
) (*dagger.Directory, error) {
	b, err := m.builder(ctx)
	if err != nil {
		return nil, err
	}
	return b.gpuBurn(ctx, gpuBurnOptions{source, architectures})
}

// gpuBurnOptions are the parameters of GpuBurn.
type gpuBurnOptions struct {
	source        *dagger.Directory
	architectures []int
}

func (b *builder) gpuBurn(ctx context.Context, options gpuBurnOptions) (*dagger.Directory, error) {
	source, architectures := options.source, options.architectures
	if source == nil {
		var err error
		if source, err = b.gpuBurnSource(ctx); err != nil {
			return nil, err
		}
	}
	skip := len(architectures) == 0
	if skip {
		architectures = b.versions.Architectures()
	}
	cuda, err := b.base.cuda(ctx)
	if err != nil {
		return nil, err
	}
	return cuda.Build(source, architectures, dagger.GpuburnCudaBuildOpts{SkipUnknown: skip}), nil
}

// gpuBurnSource is that of GPU_BURN_COMMIT.
func (m *modules) gpuBurnSource(ctx context.Context) (*dagger.Directory, error) {
	commit := m.versions.GpuBurnCommit
	if m.inputs != nil {
		return m.inputs.folder("gpu-burn/" + commit)
	}
	source := m.gpuburn.Source(commit)
	if _, err := source.Sync(ctx); err != nil {
		return nil, because(err, "the source of gpu_burn, commit %s, cannot be fetched; where you have its folder: dagger call gpu-burn --source FOLDER export --path iso/vendor/%s",
			commit, gpuBurnName)
	}
	return source, nil
}

// imageCuda is the CUDA toolkit of CUDA_IMAGE; instead says what there is where that
// cannot be pulled.
func (m *modules) imageCuda(ctx context.Context, instead string) (*dagger.GpuburnCuda, error) {
	image, err := m.image(ctx, m.versions.CudaImage, instead)
	if err != nil {
		return nil, err
	}
	return m.gpuburn.ImageCuda(image), nil
}

// runDriver is the NVIDIA driver of the .run installer that VERSIONS names.
func (m *modules) runDriver(installer *dagger.File) *dagger.NvidiaDriver {
	if installer == nil {
		installer = m.inputs.digest(m.versions.NvidiaRunSHA256)
	}
	return m.nvidia.RunDriver(m.versions.Nvidia, m.versions.NvidiaRunSHA256, dagger.NvidiaRunDriverOpts{Installer: installer})
}

// driver is the NVIDIA driver as it is on the ISO.
type driver struct {
	layer *dagger.Directory
	// Versions of the driver, and of what sets up NVSwitches, empty without it.
	version, fabricManager, nvlsm string
}

// driver makes the layer of the NVIDIA driver for a kernel.
func (b *builder) driver(ctx context.Context, kernel string) (driver, error) {
	origin, headers, options, err := b.base.driver(ctx, b.bee.Contents.NvidiaRun, kernel)
	if err != nil {
		return driver{}, err
	}
	var d driver
	if d.version, err = origin.Version(ctx); err != nil {
		return driver{}, err
	}
	if origin, err = b.withFabric(origin, &d); err != nil {
		return driver{}, err
	}
	if contents := b.bee.Contents; contents.ModuleKey != nil {
		origin = origin.WithModuleKey(contents.ModuleKey, contents.ModuleCertificate)
	}
	d.layer = origin.Layer(headers, kernel, options)
	return d, nil
}

// checkModuleKey refuses a key of a commit's modules that is of no use, before anything is built.
func (b *builder) checkModuleKey(ctx context.Context, commit time.Time) error {
	contents := b.bee.Contents
	if contents.ModuleKey == nil {
		return nil
	}
	key, err := contents.ModuleKey.Plaintext(ctx)
	if err != nil {
		return err
	}
	certificate, err := binary(ctx, contents.ModuleCertificate)
	if err != nil {
		return err
	}
	return modulekey.Check([]byte(key), certificate, commit)
}

// binary is what a file holds, which a text of Dagger's, where every byte is part of a letter,
// does not.
func binary(ctx context.Context, file *dagger.File) ([]byte, error) {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "file")
	if _, err := file.Export(ctx, path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// withFabric adds to a driver what sets up NVSwitches: what the caller gives, or else what
// VERSIONS says.
func (b *builder) withFabric(origin *dagger.NvidiaDriver, d *driver) (*dagger.NvidiaDriver, error) {
	contents, v := b.bee.Contents, b.versions
	fetched := contents.FabricManager == nil && v.FabricManagerOrigin == "nvidia"
	if contents.FabricManager != nil || fetched {
		digest := v.FabricManager(d.version)
		if digest == "" {
			return nil, fmt.Errorf("FABRIC_MANAGER_SHA256 in VERSIONS has no digest of NVIDIA's Fabric Manager %s, the driver's version: "+
				"put %s:SHA256 there, or do without by FABRIC_MANAGER_ORIGIN=none in %s", d.version, d.version, versions.LocalFile)
		}
		archive := contents.FabricManager
		if archive == nil {
			archive = b.inputs.digest(digest)
		}
		origin = origin.WithFabricManager(digest, dagger.NvidiaDriverWithFabricManagerOpts{Archive: archive})
		d.fabricManager = d.version
	}
	if contents.Nvlsm != nil || fetched {
		archive := contents.Nvlsm
		if archive == nil {
			archive = b.inputs.digest(v.NVLSMSHA256)
		}
		origin = origin.WithSubnetManager(v.NVLSM, v.NVLSMSHA256, dagger.NvidiaDriverWithSubnetManagerOpts{Archive: archive})
		d.nvlsm = v.NVLSM
	}
	return origin, nil
}

// withNvidia adds the driver to the base, and notes its version.
func (b *builder) withNvidia(ctx context.Context, kernel string, release *beerelease.Release) error {
	driver, err := b.driver(ctx, kernel)
	if err != nil {
		return err
	}
	b.base = b.base.withLayer(layers.NVIDIA, driver.layer)
	if b.bee.Contents.ModuleKey != nil {
		b.moduleCertificate = driver.layer.File("usr/local/lib/nvidia/module-certificate.der")
	}
	release.Nvidia, release.FabricManager, release.NVLSM = driver.version, driver.fabricManager, driver.nvlsm
	return nil
}

// gpuBurnName is the name of gpu_burn's folder among the vendor programs, and of
// its program.
const gpuBurnName = "gpu_burn"

// withGpuBurn adds gpu_burn to the base, as a layer of its own: it is large, and
// changes seldom.
func (b *builder) withGpuBurn(folder *dagger.Directory) {
	const home = "usr/local/lib/" + gpuBurnName
	b.base = b.base.withLayer(layers.GPUBurn, dag.Directory().
		WithDirectory(home, folder).
		WithSymlink("../lib/"+gpuBurnName+"/"+gpuBurnName, "usr/local/bin/"+gpuBurnName))
}
