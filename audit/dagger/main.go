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
	GolangImage string
	// +private
	Rebuild string
}

func New(
	// Image that brings the Go toolchain, with its digest.
	golangImage string,
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
	return &Audit{Source: source, GolangImage: golangImage, Rebuild: rebuild}
}

// The audit program: one static binary, the same bytes for the same source,
// toolchain and version.
func (m *Audit) Binary(
	// Version that the program reports as its own.
	// +optional
	// +default="dev"
	version string,
) *dagger.File {
	return m.program("audit", version)
}

// bee-burn, the program that burns GPUs in with gpu_burn and watches them: one
// static binary, as audit is.
func (m *Audit) Burn(
	// Version that the program reports as its own.
	// +optional
	// +default="dev"
	version string,
) *dagger.File {
	return m.program("bee-burn", version)
}

func (m *Audit) program(name, version string) *dagger.File {
	return dag.Container().
		From(m.GolangImage).
		WithMountedCache("/go/pkg/mod", dag.CacheVolume("go-modules")).
		// what is compiled anew has a cache of its own
		WithMountedCache("/root/.cache/go-build", dag.CacheVolume("go-build"+m.Rebuild)).
		WithEnvVariable("CGO_ENABLED", "0").
		WithEnvVariable("GOFLAGS", "-trimpath -buildvcs=false").
		WithMountedDirectory("/src", m.Source).
		WithWorkdir("/src/audit").
		WithExec([]string{"go", "build", "-ldflags", "-s -w -X main.version=" + version, "-o", "/out/" + name, "./cmd/" + name}).
		File("/out/" + name)
}
