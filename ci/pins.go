package main

import (
	"context"
	"slices"

	"bee/core/beerelease"
	"bee/core/versions"
	"dagger/bee/commit"
)

// pins reads the pins, names those that are others than the commit's, and tells whether this
// site keeps to an engine that the commit does not pin.
func (m *Bee) pins(ctx context.Context) (v *versions.Versions, overrides []string, keepsEngine bool, err error) {
	text, err := m.Sources.Pins.File(versions.File).Contents(ctx)
	if err != nil {
		return nil, nil, false, because(err, "%s", versions.File)
	}
	local := ""
	names, err := m.Sources.Pins.Entries(ctx)
	if err != nil {
		return nil, nil, false, err
	}
	if slices.Contains(names, versions.LocalFile) {
		if local, err = m.Sources.Pins.File(versions.LocalFile).Contents(ctx); err != nil {
			return nil, nil, false, err
		}
	}
	if v, err = versions.Parse(text, local); err != nil {
		return nil, nil, false, err
	}
	if overrides, err = versions.Overrides(text, local); err != nil {
		return nil, nil, false, err
	}
	if keepsEngine, err = versions.KeepsEngine(text, local); err != nil {
		return nil, nil, false, err
	}
	const aports = "APORTS_COMMIT"
	// Nothing tells which commit a tree is of that --aports gives.
	if m.Sources.Aports != nil && !slices.Contains(overrides, aports) {
		overrides = append(overrides, aports)
		slices.Sort(overrides)
	}
	return v, overrides, keepsEngine, nil
}

// commit says which commit is built, and of what time.
func (m *modules) commit(ctx context.Context) (beerelease.Release, error) {
	// Git itself tells in a fraction of the time that Dagger takes to compare the trees.
	text, err := m.golang. // it brings git
				WithMountedDirectory("/src", m.bee.Sources.Repository.Uncommitted().After()).
				WithWorkdir("/src").
				WithExec([]string{"sh", "-c", commit.Script}).
				Stdout(ctx)
	if err != nil {
		return beerelease.Release{}, because(err, "the commit to build")
	}
	c, err := commit.Parse(text)
	return beerelease.Release{Commit: c.Name, Date: c.Date}, err
}
