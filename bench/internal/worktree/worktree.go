// Package worktree looks at bee's work tree, and copies it.
package worktree

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"bee/core/beerelease"
	"bee/core/clone"
)

// Head is the commit of a work tree, and its time.
func Head(ctx context.Context, top string) (beerelease.Release, error) {
	text, err := git(ctx, top, "show", "--no-patch", "--format=%H %ct", "HEAD")
	if err != nil {
		return beerelease.Release{}, err
	}
	changes, err := git(ctx, top, "status", "--porcelain")
	if err != nil {
		return beerelease.Release{}, err
	}
	commit, date, _ := strings.Cut(strings.TrimSpace(text), " ")
	seconds, err := strconv.ParseInt(date, 10, 64)
	if err != nil {
		return beerelease.Release{}, fmt.Errorf("time of commit %s: %w", commit, err)
	}
	if changes != "" {
		commit += "-dirty"
	}
	return beerelease.Release{Commit: commit, Date: time.Unix(seconds, 0)}, nil
}

// ignored by git, but read by the build.
var ignored = []string{"VERSIONS.local", clone.File, "iso/vendor"}

// Copy copies a work tree, with what is not committed, into a folder that is made for it:
// a build there comes to the same.
func Copy(ctx context.Context, top, folder string) error {
	if _, err := git(ctx, top, "clone", "--quiet", "--no-checkout", top, folder); err != nil {
		return err
	}
	// the index is that of the commit, as if all of it had been checked out
	if _, err := git(ctx, folder, "reset", "--quiet"); err != nil {
		return err
	}
	text, err := git(ctx, top, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(text, "\x00"), "\x00") {
		if err := copyFile(filepath.Join(top, name), filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	for _, name := range ignored {
		err := filepath.WalkDir(filepath.Join(top, name), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			below, err := filepath.Rel(top, path)
			if err != nil {
				return err
			}
			return copyFile(path, filepath.Join(folder, below))
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return clone.Mark(folder)
}

// copyFile copies a file or a symbolic link. One that is in git's index, but not there any
// more, is not in the copy either.
func copyFile(from, to string) error {
	info, err := os.Lstat(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is neither a file nor a symbolic link", from)
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, info.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

func git(ctx context.Context, folder string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", folder}, args...)...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("git %s in %s: %w: %s", args[0], folder, err, strings.TrimSpace(said.String()))
	}
	return out.String(), nil
}
