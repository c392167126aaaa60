// Compiles audit, the program that reads a server's inventory and health.
//
// The result is a static binary that runs on any x86-64 Linux, on bee's ISO or
// off it.
package main

import "dagger/audit/internal/dagger"

// Audit compiles the audit program from its source.
type Audit struct {
	// +private
	Source *dagger.Directory
	// +private
	GolangImage string
}

func New(
	// Image that brings the Go toolchain, with its digest.
	golangImage string,
	// Source of the program: the folder with its go.mod.
	// +optional
	// +defaultPath="."
	// +ignore=["dagger", "dagger.json"]
	source *dagger.Directory,
) *Audit {
	return &Audit{Source: source, GolangImage: golangImage}
}

// The audit program: one static binary, the same bytes for the same source,
// toolchain and version.
func (m *Audit) Binary(
	// Version that the program reports as its own.
	// +optional
	// +default="dev"
	version string,
) *dagger.File {
	return dag.Container().
		From(m.GolangImage).
		WithMountedCache("/go/pkg/mod", dag.CacheVolume("go-modules")).
		WithMountedCache("/root/.cache/go-build", dag.CacheVolume("go-build")).
		WithEnvVariable("CGO_ENABLED", "0").
		WithEnvVariable("GOFLAGS", "-trimpath -buildvcs=false").
		WithMountedDirectory("/src", m.Source).
		WithWorkdir("/src").
		WithExec([]string{"go", "build", "-ldflags", "-s -w -X main.version=" + version, "-o", "/out/audit", "./cmd/audit"}).
		File("/out/audit")
}
