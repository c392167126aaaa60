package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"dagger/iso/internal/dagger"
)

// lockFile is the name of a base's lock, in its folder, and lockPath where containers have it.
const (
	lockFile = "packages.lock"
	lockPath = "/bee-" + lockFile
)

// What is said of packages and the lock of their base.
const (
	lockKept    = "kept"
	lockDiffers = "differs"
	lockNone    = "none"
)

// locked tells how the packages of now differ from the lock of a base, by a program that compares
// them with its text. Where strict, it is an error that they do, or that there is no lock; what
// differs is in the log at any rate.
func locked(ctx context.Context, files *dagger.Directory, base string, strict bool, compare func(text string) (*dagger.Container, error)) (string, error) {
	names, err := files.Directory(base).Entries(ctx)
	if err != nil {
		return "", err
	}
	if !slices.Contains(names, lockFile) {
		if strict {
			return "", fmt.Errorf("iso/%[1]s/%[2]s is missing: dagger call --base %[1]s lock export --path iso/%[1]s/%[2]s", base, lockFile)
		}
		return lockNone, nil
	}
	text, err := files.File(base + "/" + lockFile).Contents(ctx)
	if err != nil {
		return "", err
	}
	compared, err := compare(text)
	if err != nil {
		return "", err
	}
	code, err := compared.ExitCode(ctx)
	if err != nil {
		return "", err
	}
	const differs = 3
	switch {
	case code == 0:
		return lockKept, nil
	case code == differs && !strict:
		return lockDiffers, nil
	}
	said, err := compared.CombinedOutput(ctx)
	if err != nil {
		return "", err
	}
	return "", errors.New(strings.TrimSpace(said))
}
