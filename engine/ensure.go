package main

import (
	"context"
	"os"
	"path/filepath"

	"bee/engine/internal/build"
	"bee/engine/internal/layout"
	"bee/engine/internal/override"
	"bee/engine/internal/progress"
	"bee/engine/internal/supervise"
	"bee/engine/internal/versions"
)

const runnerHost = "_EXPERIMENTAL_DAGGER_RUNNER_HOST"

func ensure(ctx context.Context, local bool) error {
	v, err := versions.Load(".")
	if err != nil {
		return err
	}
	l, err := layout.Default()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	source, err := filepath.Abs("engine/dagger")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(string(l), 0o755); err != nil {
		return err
	}
	log, err := os.Create(l.BuildLog())
	if err != nil {
		return err
	}
	b := &build.Builder{Layout: l, Source: source, Versions: v, Self: self, Log: log}
	engine, err := b.Engine(ctx)
	if err != nil {
		return err
	}
	if err := supervise.Start(ctx, l, engine, self); err != nil {
		return err
	}
	_, err = override.Write(versions.LocalFile, []override.Line{
		{Key: "DEBIAN_IMAGE", Value: supervise.Registry + "/debian:" + v.Release + "@" + engine.Debian, Why: "x"},
		{Key: "GOLANG_IMAGE", Value: supervise.Registry + "/golang:" + v.Go + "@" + engine.Golang, Why: "x"},
	})
	progress.Printf("ready")
	return err
}
