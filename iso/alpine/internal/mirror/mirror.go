// Package mirror keeps a copy of the locked packages of some repositories, which
// builds can use in their place.
package mirror

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"chainguard.dev/apko/pkg/apk/apk"
	"golang.org/x/sync/errgroup"

	"bee/core/lock"
	"bee/core/outfile"
	"bee/iso/alpine/internal/keys"
	"bee/iso/alpine/internal/locked"
	"bee/iso/alpine/internal/repository"
)

// Options says what to copy, and where to.
type Options struct {
	Lock         lock.Lock
	Repositories []*repository.Repository
	Keys         *keys.Keys
	// Folder that takes a folder for each repository, such as v3.21/main.
	Folder string
	// Jobs is how many packages are fetched at a time.
	Jobs int
	// Progress is told what was done, from one goroutine at a time.
	Progress func(string)
}

// job is a package to have, and where it is from and goes to.
type job struct {
	from   *repository.Repository
	p      *apk.RepositoryPackage
	folder string
}

// Write fetches and verifies what is locked and not yet there. An index is as its
// repository has it, and written after all packages, so that a copy that is not
// complete has none. The error names all packages that cannot be had.
func Write(ctx context.Context, o Options) error {
	var indexes []apk.NamedIndex
	var raw [][]byte
	tails := map[string]*repository.Repository{}
	for _, r := range o.Repositories {
		if other := tails[r.Tail()]; other != nil {
			return fmt.Errorf("repositories %s and %s would both be copied to %s", other, r, r.Tail())
		}
		tails[r.Tail()] = r
		index, err := r.Index(ctx, o.Keys)
		if err != nil {
			return err
		}
		indexes, raw = append(indexes, index), append(raw, index.Raw)
	}
	if missing := locked.Missing(o.Lock, indexes); len(missing) > 0 {
		return o.lacking(missing)
	}
	var jobs []job
	wanted := map[string]lock.Entry{}
	for _, e := range o.Lock {
		wanted[e.Name] = e
	}
	for i, index := range indexes {
		folder := o.folder(o.Repositories[i])
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		if err := os.Remove(filepath.Join(folder, repository.IndexName)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		for _, p := range index.Packages() {
			if e, found := wanted[p.Name]; found && e.Same(locked.Entry(p)) {
				delete(wanted, p.Name) // a second repository need not have it, too
				jobs = append(jobs, job{o.Repositories[i], p, folder})
			}
		}
	}
	if err := o.fetch(ctx, jobs); err != nil {
		return err
	}
	for i, r := range o.Repositories {
		if err := outfile.WriteFile(filepath.Join(o.folder(r), repository.IndexName), raw[i]); err != nil {
			return err
		}
	}
	return nil
}

func (o Options) folder(r *repository.Repository) string {
	return filepath.Join(o.Folder, r.Tail(), repository.Arch)
}

// fetch goes on after a package that is gone, to name all of them, and stops at
// what would fail for the others, too.
func (o Options) fetch(ctx context.Context, jobs []job) error {
	var mutex sync.Mutex
	var gone []lock.Difference
	done, fetched := 0, 0
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(o.Jobs)
	for _, j := range jobs {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			isNew, err := j.from.Fetch(ctx, j.p.Package, j.folder)
			mutex.Lock()
			defer mutex.Unlock()
			if errors.Is(err, repository.ErrGone) {
				gone = append(gone, locked.Entry(j.p).Gone())
				return nil
			}
			if err != nil {
				return err
			}
			done++
			if isNew {
				fetched++
				o.Progress(fmt.Sprintf("%d of %d: %s, %d bytes", done, len(jobs), j.p.Filename(), j.p.Size))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if len(gone) > 0 {
		return o.lacking(gone)
	}
	o.Progress(fmt.Sprintf("%d packages, %d of them fetched now", len(jobs), fetched))
	return nil
}

// lacking is the error of packages that the repositories do not have, in one line: it may be
// the last of a long log.
func (o Options) lacking(differences []lock.Difference) error {
	var packages, places []string
	for _, d := range differences {
		packages = append(packages, d.String())
	}
	for _, r := range o.Repositories {
		places = append(places, r.String())
	}
	return fmt.Errorf("%d of the locked packages cannot be had of %s: %s: take them from a copy that was saved, or refresh the lock with \"alpine lock\"",
		len(packages), strings.Join(places, ", "), strings.Join(packages, ", "))
}
