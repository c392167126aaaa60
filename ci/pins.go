package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bee/core/beerelease"
	"bee/core/versions"
)

// versions reads the pins.
func (m *Bee) versions(ctx context.Context) (*versions.Versions, error) {
	text, err := m.Sources.Pins.File(versions.File).Contents(ctx)
	if err != nil {
		return nil, because(err, "%s", versions.File)
	}
	local := ""
	names, err := m.Sources.Pins.Entries(ctx)
	if err != nil {
		return nil, err
	}
	if slices.Contains(names, versions.LocalFile) {
		if local, err = m.Sources.Pins.File(versions.LocalFile).Contents(ctx); err != nil {
			return nil, err
		}
	}
	return versions.Parse(text, local)
}

// commit says which commit is built, and of what time.
func (m *Bee) commit(ctx context.Context, v *versions.Versions) (beerelease.Release, error) {
	var release beerelease.Release
	head := m.Sources.Repository.Head()
	commit, err := head.Commit(ctx)
	if err != nil {
		return release, because(err, "the commit to build")
	}
	clean, err := m.Sources.Repository.Uncommitted().IsEmpty(ctx)
	if err != nil {
		return release, because(err, "changes since commit %s", commit)
	}
	date, err := dag.Container().
		From(v.GolangImage). // it brings git
		WithMountedDirectory("/src", head.Tree()).
		WithWorkdir("/src").
		WithExec([]string{"git", "-c", "safe.directory=/src", "show", "--no-patch", "--format=%ct", commit}).
		Stdout(ctx)
	if err != nil {
		return release, err
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(date), 10, 64)
	if err != nil {
		return release, fmt.Errorf("time of commit %s: %w", commit, err)
	}
	if !clean {
		commit += "-dirty"
	}
	return beerelease.Release{Commit: commit, Date: time.Unix(seconds, 0)}, nil
}
