package part

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"bee/bench/internal/result"
	"bee/bench/internal/worktree"
	"bee/core/versions"
)

// buildRuns is how often the short builds are made. One from nothing has to do once.
const buildRuns = 3

// changed is a file of the copy that changes the audit program.
const changed = "audit/cmd/audit/bench.go"

// change is the text of that file: another one each time, which the compiler has to keep.
const change = `package main

import "os"

func init() {
	if len(os.Args) > 1<<30 {
		println("%s")
	}
}
`

// build builds a copy of the work tree, as make build does.
func build(ctx context.Context, b *Bench, p *result.Part) error {
	pins, err := versions.Load(b.Top)
	if err != nil {
		return err
	}
	p.Of = "base " + pins.Base
	engine, err := b.Engine()
	if err != nil {
		return err
	}
	copied := filepath.Join(b.Scratch, "bee")
	if err := worktree.Copy(ctx, b.Top, copied); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(copied, filepath.Dir(changed))); err != nil {
		return fmt.Errorf("the change is made there: %w", err)
	}
	whole := func() (time.Duration, error) {
		return engine.Call(ctx, copied, "build", "export", "--path", filepath.Join(b.Scratch, "dist"))
	}

	b.Progress("build: once, so that the engine has all that it needs; this is not measured, and takes some minutes where it has nothing")
	if _, err := whole(); err != nil {
		return err
	}
	for _, measured := range []struct {
		name    string
		prepare func() error
	}{
		{"no-op", func() error { return nil }},
		{"one change", func() error {
			text := fmt.Sprintf(change, time.Now().Format(time.RFC3339Nano))
			return os.WriteFile(filepath.Join(copied, changed), []byte(text), 0o644)
		}},
	} {
		var runs []float64
		for i := range buildRuns {
			if err := measured.prepare(); err != nil {
				return err
			}
			took, err := whole()
			if err != nil {
				return err
			}
			b.Progress("build: %s, %d of %d: %.1f s", measured.name, i+1, buildRuns, took.Seconds())
			runs = append(runs, took.Seconds())
		}
		p.Figures = append(p.Figures, result.Of(measured.name, result.Seconds, runs...))
	}
	if err := os.Remove(filepath.Join(copied, changed)); err != nil {
		return err
	}

	b.Progress("build: from nothing, without the driver; some minutes")
	const noDriver = "--nvidia=false"
	if _, err := engine.Call(ctx, copied, noDriver, "build-iso", "size"); err != nil {
		return err
	}
	// Of its two builds, the first is the one just made; the second makes all anew.
	took, err := engine.Call(ctx, copied, noDriver, "verify-reproducible")
	if err != nil {
		return err
	}
	p.Figures = append(p.Figures, result.Of("from nothing", result.Seconds, took.Seconds()))
	return nil
}
