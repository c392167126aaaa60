package main

import (
	"maps"
	"slices"
	"strings"

	"dagger/nvidia/internal/dagger"
)

// What steps install of Debian's packages.
var (
	unpackTools   = []string{"xz-utils", "zstd"}
	fetchTools    = []string{"ca-certificates", "curl"}
	fabricTools   = []string{"xz-utils", "zlib1g", "libgcc-s1", "libstdc++6", "libibumad3", "libibmad5", "libibverbs1"}
	compilerTools = []string{"gcc", "libc6-dev", "libelf1t64", "kmod", "make", "xz-utils"}
	signTools     = []string{"openssl"}
)

// headersPackage depends on what headers takes apart, for the newest kernel.
const headersPackage = "linux-headers-amd64"

// What is taken apart of Debian's packages: the sources of the kernel modules, by flavour, and what
// programs need of the driver.
var (
	sourcePackages   = map[string]string{"open": "nvidia-open-kernel-dkms", "proprietary": "nvidia-kernel-dkms"}
	userlandPackages = []string{"nvidia-smi", "nvidia-persistenced", "firmware-nvidia-gsp",
		"libnvidia-ml1", "libnvidia-cfg1", "libcuda1", "libnvidia-ptxjitcompiler1"}
)

// Debian's packages that a layer is made of and with: in install those that are installed, with what
// they depend on, and in download those that are taken apart, a name in each line.
func (m *Nvidia) Packages() *dagger.Directory {
	install := slices.Concat(unpackTools, fetchTools, fabricTools, compilerTools, signTools, []string{headersPackage})
	download := slices.Concat(slices.Sorted(maps.Values(sourcePackages)), userlandPackages)
	return dag.Directory().
		WithNewFile("install", strings.Join(install, "\n")).
		WithNewFile("download", strings.Join(download, "\n"))
}
