package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"bee/core/claim"
	"bee/gate/internal/module"
	"bee/gate/internal/output"
)

// runnerHost is the variable by which Dagger is told where its engine is.
const runnerHost = "_EXPERIMENTAL_DAGGER_RUNNER_HOST"

// logs is the folder of the logs, below the top of the repository.
const logs = "dist"

// withEngine uses the engine, which nobody stops meanwhile, and tells where its progress
// goes: into a log of a name and, on a terminal, there; without a name, to standard error.
// What guests, mirrors and builds say is in it, which commands neither a runner, that reads
// both streams, nor the terminal of who reads a log.
func (g *gate) withEngine(ctx context.Context, log string, do func(context.Context, module.Progress) error) error {
	top, err := g.top()
	if err != nil {
		return err
	}
	mine := claim.UseEngine(g.getenv(runnerHost), absolute(top))
	return g.withClaims(ctx, []claim.Claim{mine}, func() error {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		progress := module.Progress{Interrupted: func() { cancel(errors.New("interrupted")) }}
		to := g.stderr
		if log != "" && !output.InActions(g.getenv) { // which keeps the log of each step
			path := filepath.Join(top, logs, log)
			file, err := createLog(path)
			if err != nil {
				return err
			}
			defer file.Close()
			to, progress.View = file, g.terminal
			defer func() { g.out.Printf("log: %s\n", shown(path)) }()
		}
		lines := g.out.Log(to)
		defer lines.Close()
		progress.Log = lines
		return do(ctx, progress)
	})
}

// withClaims does something while this process has what it claims.
func (g *gate) withClaims(ctx context.Context, claims []claim.Claim, do func() error) error {
	for _, mine := range claims {
		release, err := claim.Take(ctx, mine, func(other claim.Claim) { g.out.Printf("waiting for %s\n", other) })
		if err != nil {
			return err
		}
		defer release()
	}
	return do()
}

// createLog makes a new file: another process may still write to the one that was there, and a
// link would lead elsewhere.
func createLog(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
}

// shown is a path as short as it can be said here.
func shown(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if relative, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(relative) {
		return relative
	}
	return path
}
