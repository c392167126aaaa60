package main

import (
	"context"
	"strings"

	"dagger/iso/internal/dagger"
)

// withFiles puts files of this module into a container, below /bee. Each step gets
// those that it reads and no others, and gets them by what they hold (the engine would
// know a part of a folder by the whole folder): it is not made anew when another step's
// files change, nor in another clone.
func withFiles(ctx context.Context, c *dagger.Container, files *dagger.Directory, names ...string) (*dagger.Container, error) {
	mount := dag.Directory()
	for _, name := range names {
		text, err := files.File(name).Contents(ctx)
		if err != nil {
			return nil, err
		}
		mount = mount.WithNewFile(name, text, dagger.DirectoryWithNewFileOpts{Permissions: 0o755})
	}
	return c.WithMountedDirectory("/bee", mount), nil
}

// list reads a list of packages: names between blanks, and comments from # on.
func list(ctx context.Context, file *dagger.File) ([]string, error) {
	text, err := file.Contents(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		names = append(names, strings.Fields(line)...)
	}
	return names, nil
}
