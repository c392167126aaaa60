package part

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"bee/bench/internal/result"
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
	copied, err := b.Copy()
	if err != nil {
		return err
	}
	whole := func() (time.Duration, error) {
		return engine.Call(ctx, copied, "build", "export", "--path", filepath.Join(b.Scratch, "dist"))
	}
	file := filepath.Join(copied, changed)
	afterChange := func() (time.Duration, error) {
		text := fmt.Sprintf(change, time.Now().Format(time.RFC3339Nano))
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return 0, fmt.Errorf("the change: %w", err)
		}
		defer os.Remove(file)
		return whole()
	}

	b.Progress("build: once, so that the engine has all that it needs; this is not measured, and takes some minutes where it has nothing")
	if _, err := whole(); err != nil {
		return err
	}
	for _, measured := range []struct {
		name string
		run  func() (time.Duration, error)
	}{
		{"no-op", whole},
		{"one change", afterChange},
	} {
		var runs []float64
		for i := range buildRuns {
			took, err := measured.run()
			if err != nil {
				return err
			}
			b.Progress("build: %s, %d of %d: %.1f s", measured.name, i+1, buildRuns, took.Seconds())
			runs = append(runs, took.Seconds())
		}
		p.Figures = append(p.Figures, result.Of(measured.name, result.Seconds, runs...))
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
