// Compiles audit, the program that reads a server's inventory and health, and
// bee-burn, which burns its GPUs in.
//
// The results are static binaries that run on any x86-64 Linux, on bee's ISO or
// off it.
package main

import "dagger/audit/internal/dagger"

// Audit compiles the programs from their source.
type Audit struct {
	// +private
	Source *dagger.Directory
	// +private
	Golang *dagger.Container
	// +private
	Rebuild string
}

func New(
	// Image or container that brings the Go toolchain.
	golang *dagger.Container,
	// Source of the programs, as it lies in the repository: audit/, and core/, which they
	// share with others.
	// +optional
	// +defaultPath="/"
	// +ignore=["*", "!core", "!audit", "audit/dagger", "audit/dagger.json", "**/*_test.go", "**/testdata", "**/*.md"]
	source *dagger.Directory,
	// Makes anew, once for each value, what the engine has in its cache, but for what
	// was only downloaded or installed: to see whether it comes out the same.
	// +optional
	rebuild string,
) *Audit {
	return &Audit{Source: source, Golang: golang, Rebuild: rebuild}
}

// The programs, audit and bee-burn: static binaries, the same bytes for the same source,
// toolchain and version.
func (m *Audit) Programs(
	// Version that the programs report as their own.
	// +optional
	// +default="dev"
	version string,
) *dagger.Directory {
	return m.Golang.
		WithMountedCache("/go/pkg/mod", dag.CacheVolume("go-modules")).
		// what is compiled anew has a cache of its own
		WithMountedCache("/root/.cache/go-build", dag.CacheVolume("go-build"+m.Rebuild)).
		WithEnvVariable("CGO_ENABLED", "0").
		WithEnvVariable("GOFLAGS", "-trimpath -buildvcs=false").
		WithMountedDirectory("/src", m.Source).
		WithWorkdir("/src/audit").
		WithExec([]string{"go", "build", "-ldflags", "-s -w -X main.version=" + version, "-o", "/out/", "./cmd/..."}).
		Directory("/out")
}
