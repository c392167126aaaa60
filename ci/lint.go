package main

import (
	"context"
	"path"
	"time"

	"golang.org/x/sync/errgroup"

	"dagger/bee/internal/dagger"
)

// Fails where a linter finds fault with the sources.
//
// They are gofmt, go vet, staticcheck and govulncheck for Go, with the code that Dagger
// generates for its modules; shellcheck and busybox's ash for shell; actionlint for
// workflows.
//
// +check
func (m *Bee) Lint(
	ctx context.Context,
	// The repository.
	// +optional
	// +defaultPath="/"
	// +ignore=[".git", ".env", "dist", "go.work", "go.work.sum", "iso/vendor/*", "!iso/vendor/README.md"]
	source *dagger.Directory,
	// Copy of Go's database of vulnerabilities, with its index or as OSV files. Default:
	// vuln.go.dev, which is asked once a day; where that is out of reach, a line says that
	// vulnerabilities were not checked.
	// +optional
	vulnerabilities *dagger.Directory,
) error {
	modules, err := m.modules(ctx)
	if err != nil {
		return err
	}
	files, err := source.Glob(ctx, "**/dagger.json")
	if err != nil {
		return err
	}
	generated := source
	for _, file := range files {
		generated = generated.WithDirectory("/", source.
			AsModuleSource(dagger.DirectoryAsModuleSourceOpts{SourceRootPath: path.Dir(file)}).
			GeneratedContextDirectory())
	}

	checks, ctx := errgroup.WithContext(ctx)
	checks.Go(func() error {
		c := modules.golang.
			WithMountedCache("/go/pkg/mod", dag.CacheVolume("go-modules")).
			WithMountedCache("/root/.cache/go-build", dag.CacheVolume("go-build")).
			WithEnvVariable("CGO_ENABLED", "0").
			WithEnvVariable("GOWORK", "off").
			// readonly: iso/vendor is no folder of modules
			WithEnvVariable("GOFLAGS", "-buildvcs=false -mod=readonly").
			WithMountedDirectory("/src", generated).
			WithWorkdir("/src/ci/lint").
			WithEnvVariable("BEE_TODAY", time.Now().UTC().Format(time.DateOnly))
		if vulnerabilities != nil {
			c = c.
				WithMountedDirectory("/vulnerabilities", vulnerabilities).
				WithEnvVariable("GOVULNDB", "file:///vulnerabilities")
		}
		_, err := c.WithExec([]string{"sh", "go.sh", "/src"}).Sync(ctx)
		return err
	})
	checks.Go(func() error {
		_, err := modules.iso.Tools().
			WithExec([]string{"apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "shellcheck", "busybox"}).
			WithMountedDirectory("/src", source).
			WithExec([]string{"sh", "/src/ci/lint/shell.sh", "/src"}).
			Sync(ctx)
		return err
	})
	return checks.Wait()
}
