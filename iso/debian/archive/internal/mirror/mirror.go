// Package mirror keeps a copy of packages of Debian's archive, which apt takes for the archive.
package mirror

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"bee/core/lock"
	"bee/core/outfile"
	"bee/core/sums"
	"bee/iso/debian/archive/internal/apt"
)

// SourcesFile says to apt where the parts of a copy are.
const SourcesFile = "sources.list"

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// Options says what to copy, and where to.
type Options struct {
	Lock lock.Lock
	// Folder that takes the copy.
	Folder string
	// At is the path of the folder where apt reads it.
	At string
	// Progress is told what was done.
	Progress func(string)
}

// Write fetches the packages and verifies them, and copies apt's lists, as they were signed.
func Write(ctx context.Context, o Options) error {
	indexes, err := apt.Indexes(ctx)
	if err != nil {
		return err
	}
	if len(indexes) == 0 {
		return errors.New("apt has no lists of packages: apt-get update fetches them")
	}
	if err := o.packages(ctx); err != nil {
		return err
	}
	for _, i := range indexes {
		if err := o.index(ctx, i); err != nil {
			return err
		}
	}
	text, err := sources(o.At, indexes)
	if err != nil {
		return err
	}
	return outfile.WriteFile(filepath.Join(o.Folder, SourcesFile), []byte(text))
}

// sources is what SourcesFile says. What a copy has is of a time, and not out of date for it.
func sources(at string, indexes []apt.Index) (string, error) {
	components := map[string][]string{}
	var suites []string
	for _, i := range indexes {
		folder, err := apt.Path(i.Archive)
		if err != nil {
			return "", err
		}
		// apt copies what is behind copy:, as from a server; what is behind file: it has others
		// read where it is, which a new system cannot
		suite := "copy:" + filepath.Join(at, folder) + " " + i.Suite
		if components[suite] == nil {
			suites = append(suites, suite)
		}
		if !slices.Contains(components[suite], i.Component) {
			components[suite] = append(components[suite], i.Component)
		}
	}
	var b strings.Builder
	for _, suite := range suites {
		fmt.Fprintf(&b, "deb [signed-by=%s check-valid-until=no lang=none] %s %s\n", keyring, suite, strings.Join(components[suite], " "))
	}
	return b.String(), nil
}

// index copies a list of packages, and what is signed of its suite.
func (o Options) index(ctx context.Context, i apt.Index) error {
	archive, err := apt.Path(i.Archive)
	if err != nil {
		return err
	}
	suite := filepath.Join(o.Folder, archive, "dists", i.Suite)
	list, err := apt.Run(ctx, "/usr/lib/apt/apt-helper", "cat-file", i.File)
	if err != nil {
		return err
	}
	release, err := os.ReadFile(i.Release())
	if err != nil {
		return fmt.Errorf("%s %s has no InRelease: %w", i.Archive, i.Suite, err)
	}
	target := filepath.Join(suite, filepath.FromSlash(i.Key))
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	if err := outfile.WriteFile(target, []byte(list)); err != nil {
		return err
	}
	return outfile.WriteFile(filepath.Join(suite, "InRelease"), release)
}

// packages fetches what is not there yet.
func (o Options) packages(ctx context.Context) error {
	if err := os.MkdirAll(o.Folder, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(o.Folder, ".part-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	var names []string
	for _, e := range o.Lock {
		names = append(names, e.Name+"="+e.Version)
	}
	found, err := apt.Download(ctx, names)
	if err != nil {
		return fmt.Errorf("not all of the locked packages can be had: %w", err)
	}
	var wanted []string
	targets := map[string]string{} // by the name that apt gives the file
	var bytes int64
	for _, p := range found {
		locked, _ := o.Lock.Entry(p.Name)
		if d, differs := locked.Differs(lock.Entry{Name: p.Name, Version: p.Version, Architecture: p.Architecture, Layers: locked.Layers, SHA256: p.SHA256}); differs {
			return fmt.Errorf("not the locked package: %s", d)
		}
		path, err := p.Path()
		if err != nil {
			return err
		}
		target := filepath.Join(o.Folder, filepath.FromSlash(path))
		if sum, err := sums.DigestFile(target); err == nil && sum == p.SHA256 {
			continue
		}
		wanted = append(wanted, p.Name+"="+p.Version)
		targets[p.SHA256] = target
		bytes += p.Bytes
	}
	if len(wanted) > 0 {
		o.Progress(fmt.Sprintf("fetching %d of %d packages, %d MB", len(wanted), len(found), bytes/1e6))
		cmd := exec.CommandContext(ctx, "apt-get", append([]string{"-qq", "download"}, wanted...)...)
		cmd.Dir = work
		if said, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get download: %w: %s", err, strings.TrimSpace(string(said)))
		}
	}
	files, err := filepath.Glob(filepath.Join(work, "*.deb"))
	if err != nil {
		return err
	}
	for _, file := range files {
		sum, err := sums.DigestFile(file)
		if err != nil {
			return err
		}
		target := targets[sum]
		if target == "" {
			return fmt.Errorf("%s was fetched, and has the SHA-256 of no locked package, %s", filepath.Base(file), sum)
		}
		delete(targets, sum)
		if err := errors.Join(os.Chmod(file, 0o644), os.MkdirAll(filepath.Dir(target), 0o755)); err != nil {
			return err
		}
		if err := os.Rename(file, target); err != nil {
			return err
		}
	}
	for _, missing := range targets {
		return fmt.Errorf("%s was not fetched", filepath.Base(missing))
	}
	o.Progress(fmt.Sprintf("%d packages, %d of them fetched now", len(found), len(files)))
	return nil
}
