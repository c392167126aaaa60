package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"dagger/iso/internal/dagger"
)

// lockFile is the name of a base's lock, in its folder.
const lockFile = "packages.lock"

// lockText is what the lock of a base says, "" where it has none.
func lockText(ctx context.Context, files *dagger.Directory, base string) (string, error) {
	names, err := files.Directory(base).Entries(ctx)
	if err != nil || !slices.Contains(names, lockFile) {
		return "", err
	}
	return files.File(base + "/" + lockFile).Contents(ctx)
}

func errNoLock(base string) error {
	return fmt.Errorf("iso/%s/%s is missing, and --strict takes no package that it does not name: dagger call --base %[1]s lock export --path iso/%[1]s/%[2]s makes it", base, lockFile)
}

// comparison is how packages differ from a lock, a line each, by the output of a program that
// compared them. It is an error where strict; what differs is in the log at any rate.
func comparison(ctx context.Context, compared *dagger.Container, strict bool) (differences string, err error) {
	code, err := compared.ExitCode(ctx)
	if err != nil {
		return "", err
	}
	const differs = 3
	if code == 0 || code == differs && !strict {
		return compared.Stdout(ctx)
	}
	said, err := compared.CombinedOutput(ctx)
	if err != nil {
		return "", err
	}
	return "", errors.New(strings.TrimSpace(said))
}
