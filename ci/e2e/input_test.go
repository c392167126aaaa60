package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBadInput gives each kind of bad input once: the call fails, its error says
// what is wrong, and nothing is written.
func TestBadInput(t *testing.T) {
	keys := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(keys, []byte("# ours\nssh-ed25519 not-a-key\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BEE_E2E_GUESSED", "Bee-20261127")
	// override is the repository with one more line in VERSIONS.local.
	override := func(line string) func(*testing.T) string {
		return func(t *testing.T) string {
			dir := copyRepository(t)
			key, _, _ := strings.Cut(line, "=")
			removeKey(t, dir, key)
			appendTo(t, dir, "VERSIONS.local", line+"\n")
			return dir
		}
	}
	// over is the repository with a line in VERSIONS.local beside those of the engine.
	over := func(line string) func(*testing.T) string {
		return func(t *testing.T) string {
			dir := copyRepository(t)
			appendTo(t, dir, "VERSIONS.local", line+"\n")
			return dir
		}
	}
	unchanged := func(*testing.T) string { return repository }

	tests := map[string]struct {
		repository func(*testing.T) string
		call       []string
		want       string
	}{
		"unknown base": {unchanged,
			[]string{"--base", "gentoo", "build"},
			`base "gentoo" is not known; the bases are: alpine, debian`},
		"missing keys file": {unchanged,
			[]string{"--authorized-keys", "/nowhere/keys", "build"},
			"/nowhere/keys"},
		"malformed key": {unchanged,
			[]string{"--authorized-keys", keys, "build"},
			"keys:2: not a public SSH key"},
		"keys and password": {unchanged,
			[]string{"--authorized-keys", keys, "--password", "env:HOME", "build"},
			"--authorized-keys excludes --password"},
		"a password that is guessed": {unchanged,
			[]string{"--password", "env:BEE_E2E_GUESSED", "build"},
			"guesses find it"},
		"no hash of a password": {unchanged,
			[]string{"--password-hash", "env:BEE_E2E_GUESSED", "build"},
			"password hash: not one of SHA-512"},
		"no host key": {unchanged,
			[]string{"--host-key", "env:BEE_E2E_GUESSED", "build"},
			"host key: not a private SSH key"},
		"a configuration that is wrong": {unchanged,
			[]string{"--config", keys, "build"},
			"keys:2: want some of: "},
		"typo in VERSIONS": {override("DEBIAN_IMGE=x"),
			[]string{"build"},
			"DEBIAN_IMGE: unknown key"},
		"bad digest": {override("DEBIAN_IMAGE=debian@sha256:12"),
			[]string{"build"},
			"is not an image with its digest"},
		"another kernel": {override("KERNEL_VERSION=6.1"),
			[]string{"build"},
			"but KERNEL_VERSION in VERSIONS is 6.1"},
		"Alpine image unreachable": {override("ALPINE_IMAGE=127.0.0.1:9/alpine:3.21@sha256:" + strings.Repeat("0", 64)),
			[]string{"--base", "alpine", "build"},
			"name it as ALPINE_IMAGE in VERSIONS.local"},
		"strict with another package": {func(t *testing.T) string {
			dir := copyRepository(t)
			appendTo(t, dir, "iso/debian/packages.lock", "a-package 1.0 all base "+strings.Repeat("0", 64)+"\n")
			return dir
		},
			[]string{"--strict", "--base", "debian", "build"},
			"gone a-package 1.0"},
		"strict with a lock that is none": {func(t *testing.T) string {
			dir := copyRepository(t)
			appendTo(t, dir, "iso/debian/packages.lock", "<<<<<<< HEAD\n")
			return dir
		},
			[]string{"--strict", "--base", "debian", "build"},
			"is not name, version, architecture, layers and SHA-256"},
		"inputs that are none": {unchanged,
			[]string{"--base", "debian", "--inputs", filepath.Join(repository, "gpuburn/testdata"), "build"},
			"--inputs: the folder has no list of what is saved"},
		"CUDA image unreachable": {override("CUDA_ORIGIN=image\nCUDA_IMAGE=127.0.0.1:9/cuda:12@sha256:" + strings.Repeat("0", 64)),
			[]string{"gpu-burn", "--source", filepath.Join(repository, "gpuburn/testdata/source")},
			"CUDA_ORIGIN=debian in VERSIONS.local takes Debian's toolkit"},
		"no such commit of gpu_burn": {override("GPU_BURN_COMMIT=" + strings.Repeat("0", 40)),
			[]string{"--gpu-burn", "build"},
			"where you have its folder: dagger call gpu-burn --source FOLDER"},
		"driver given and left out": {unchanged,
			[]string{"--nvidia=false", "--nvidia-run", keys, "build"},
			"--nvidia-run and --nvidia=false exclude each other"},
		"driver given and left out, the layer alone": {unchanged,
			[]string{"--nvidia=false", "--nvidia-run", keys, "nvidia-modules"},
			"--nvidia-run and --nvidia=false exclude each other"},
		"Fabric Manager for no driver": {unchanged,
			[]string{"--nvidia=false", "--fabric-manager", keys, "build"},
			"--fabric-manager and --nvidia=false exclude each other"},
		"NVLSM alone": {unchanged,
			[]string{"--nvlsm", keys, "nvidia-modules"},
			"--nvlsm is for --fabric-manager: give both"},
		"not the Fabric Manager": {unchanged,
			[]string{"--fabric-manager", keys, "nvidia-modules"},
			"but that of fabricmanager"},
		"Fabric Manager of no known driver": {over("FABRIC_MANAGER_ORIGIN=nvidia\nFABRIC_MANAGER_SHA256=1.2:" + strings.Repeat("0", 64)),
			[]string{"nvidia-modules"},
			"FABRIC_MANAGER_SHA256 in VERSIONS has no digest of NVIDIA's Fabric Manager"},
		"module key alone": {unchanged,
			[]string{"--module-key", "env:BEE_E2E_GUESSED", "build"},
			"--module-key and --module-certificate belong together"},
		"no module key": {unchanged,
			[]string{"--base", "debian", "--module-key", "env:BEE_E2E_GUESSED", "--module-certificate", keys, "build"},
			"module key: no private key in PEM"},
		"no module key, the layer alone": {unchanged,
			[]string{"--base", "debian", "--module-key", "env:BEE_E2E_GUESSED", "--module-certificate", keys, "nvidia-modules"},
			"module key: no private key in PEM"},
		"module key and no module": {unchanged,
			[]string{"--nvidia=false", "--module-key", "env:BEE_E2E_GUESSED", "--module-certificate", keys, "build"},
			"--module-key signs NVIDIA's modules, and --nvidia=false has none"},
		"module key on alpine": {unchanged,
			[]string{"--base", "alpine", "--module-key", "env:BEE_E2E_GUESSED", "--module-certificate", keys, "build"},
			"--module-key is for the base debian"},
		"release that nobody can log in to": {unchanged,
			[]string{"--authorized-keys", keys, "release", "--version", "v1.2.0"},
			"a release has no --authorized-keys"},
		"release with a password of its maker's": {unchanged,
			[]string{"--password", "env:BEE_E2E_GUESSED", "release", "--version", "v1.2.0"},
			"a release has no --password"},
		"release with a configuration of its maker's": {unchanged,
			[]string{"--config", keys, "release", "--version", "v1.2.0"},
			"a release has no --config"},
		"release with a host key for all": {unchanged,
			[]string{"--host-key", "env:BEE_E2E_GUESSED", "release", "--version", "v1.2.0"},
			"a release has no --host-key"},
		"release that nobody can build again": {unchanged,
			[]string{"--base", "debian", "--module-key", "env:BEE_E2E_GUESSED", "--module-certificate", keys, "release", "--version", "v1.2.0"},
			"a release has no --module-key"},
		"release with programs of a site": {unchanged,
			[]string{"--vendor", filepath.Join(repository, "gpuburn/testdata"), "release", "--version", "v1.2.0"},
			"a release has none of a site's own programs"},
		"not the installer": {unchanged,
			[]string{"--nvidia-run", keys, "nvidia-modules"},
			"but NVIDIA_RUN_SHA256 for driver"},
		"mirror unreachable": {over("DEBIAN_MIRROR=http://127.0.0.1:9/debian"),
			[]string{"build"},
			"Debian's package lists could not be fetched from http://127.0.0.1:9/debian"},
		"unknown machine": {unchanged,
			[]string{"smoke-test", "--iso", filepath.Join(repository, "README.md"), "--machine", "uefi-floppy"},
			`machine "uefi-floppy": "floppy" is none of the words`},
		"no ISO": {unchanged,
			[]string{"smoke-test", "--iso", filepath.Join(repository, "README.md")},
			"ISO"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dist := filepath.Join(t.TempDir(), "dist")
			call := append([]string{"call", "--progress=plain"}, test.call...)
			refuses(t, test.repository(t), test.want, append(call, "export", "--path", dist)...)
			if _, err := os.Stat(dist); !os.IsNotExist(err) {
				t.Errorf("%s was written", dist)
			}
		})
	}
}

// removeKey takes a key out of a copy's VERSIONS.local, where it may not be.
func removeKey(t *testing.T, dir, key string) {
	t.Helper()
	name := filepath.Join(dir, "VERSIONS.local")
	text, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for _, line := range strings.SplitAfter(string(text), "\n") {
		if !strings.HasPrefix(line, key+"=") {
			kept = append(kept, line)
		}
	}
	if err := os.WriteFile(name, []byte(strings.Join(kept, "")), 0o644); err != nil {
		t.Fatal(err)
	}
}
