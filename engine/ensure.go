package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"bee/core/claim"
	"bee/core/clone"
	"bee/core/versions"
	"bee/engine/internal/build"
	"bee/engine/internal/layout"
	"bee/engine/internal/override"
	"bee/engine/internal/progress"
	"bee/engine/internal/provision"
	"bee/engine/internal/supervise"
)

// ensure makes sure that the Dagger command line and an engine for it are there.
// With local, that is the local engine, whatever else could be used. With ask, what the
// site reaches is found out anew.
func ensure(ctx context.Context, local, ask bool) error {
	m, err := newManager()
	if err != nil {
		return err
	}
	if err := clone.Mark("."); err != nil {
		return err
	}
	if err := m.layout.Make(); err != nil {
		return err
	}
	mine := claim.Claim{Thing: string(m.layout), Does: "builds or starts the engine"}
	release, err := claim.Take(ctx, mine, func(other claim.Claim) { progress.Printf("waiting for %s", other) })
	if err != nil {
		return err
	}
	defer release()
	m.ask = ask
	return m.ensure(ctx, local)
}

type manager struct {
	ask      bool
	versions *versions.Versions
	layout   layout.Layout
	self     string
}

func newManager() (*manager, error) {
	v, err := pins(".")
	if err != nil {
		return nil, err
	}
	l, err := layout.Default()
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	return &manager{versions: v, layout: l, self: self}, err
}

func (m *manager) ensure(ctx context.Context, local bool) error {
	log, err := os.Create(m.layout.BuildLog())
	if err != nil {
		return err
	}
	defer log.Close()
	source, err := filepath.Abs(filepath.Join("engine", "dagger"))
	if err != nil {
		return err
	}
	settings, err := build.ModuleSettings(ctx)
	if err != nil {
		return err
	}
	builder := &build.Builder{Layout: m.layout, Source: source, Versions: m.versions, Self: m.self, Log: log, GoEnv: settings}

	host := os.Getenv(runnerHost)
	if m.byEnv(host) {
		host = ""
	}
	_, running, err := supervise.Running(m.layout)
	if err != nil {
		return err
	}
	switch {
	case local:
		return m.useLocal(ctx, builder)
	case host != "":
		return m.useHost(ctx, builder, host)
	case running != 0:
		return m.useLocal(ctx, builder)
	}
	image, err := engineImage(".", m.versions)
	if err != nil {
		return err
	}
	if runtime, image := provision.Runtime(ctx, image, log); runtime != "" {
		if _, err := m.commandLine(ctx, builder); err != nil {
			return err
		}
		wrote, err := override.Write(versions.LocalFile, override.Block{Lines: engineLines(m.versions, image)})
		if err != nil {
			return err
		}
		say(wrote)
		progress.Printf("ready: Dagger runs its engine with %s", runtime)
		return nil
	}
	return m.useLocal(ctx, builder)
}

// byEnv tells whether a runner host is what env prints, and no choice of the user.
func (m *manager) byEnv(host string) bool {
	return host == m.layout.Address() || provision.IsHost(host, m.versions.DaggerImage)
}

// useHost checks the engine that the user chose.
func (m *manager) useHost(ctx context.Context, builder *build.Builder, host string) error {
	dagger, err := m.commandLine(ctx, builder)
	if err != nil {
		return err
	}
	scheme, address, _ := strings.Cut(host, "://")
	switch scheme {
	case "unix", "tcp":
		err = supervise.Answers(ctx, scheme, address)
	default:
		// A way of Dagger's own to reach an engine: only Dagger can tell.
		cmd := exec.CommandContext(ctx, dagger, "core", "version")
		cmd.Env = append(os.Environ(), "NO_COLOR=1")
		var output []byte
		if output, err = cmd.CombinedOutput(); err != nil {
			lines := strings.Split(strings.TrimSpace(string(output)), "\n")
			err = errors.New(lines[len(lines)-1])
		}
	}
	if err != nil {
		return fmt.Errorf("no engine answers at %s=%s (%w): start that engine, or unset the variable", runnerHost, host, err)
	}
	progress.Printf("ready: the engine at %s", host)
	return nil
}

// useLocal builds what is missing and starts the local engine.
func (m *manager) useLocal(ctx context.Context, builder *build.Builder) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("no container runtime here can run Dagger's engine (see %s), and the local engine needs root, as it mounts file systems and sets up a network: run this as root, or start docker or podman, or set %s to an engine that runs elsewhere", m.layout.BuildLog(), runnerHost)
	}
	engine, err := builder.Engine(ctx)
	if err != nil {
		return m.buildError(ctx, err)
	}
	started, err := supervise.Start(ctx, m.layout, engine, build.SystemEnv(builder.GoEnv), m.self)
	if err != nil {
		return err
	}
	if started {
		if err := builder.Clean(engine); err != nil {
			return err
		}
	}
	wrote, err := keep(ctx, versions.LocalFile, imageLines(m.versions, engine), m.ask, time.Now(), func(ctx context.Context) []override.Line {
		return site.lines(ctx, m.versions)
	})
	if err != nil {
		return err
	}
	say(wrote)
	progress.Printf("ready: local engine %s", engine.Version)
	return nil
}

// say tells what was changed, if anything.
func say(changed string) {
	if changed != "" {
		progress.Printf("%s", changed)
	}
}

// commandLine makes sure that the Dagger command line is there in the right
// version, the user's own or one built from source, and returns its name.
func (m *manager) commandLine(ctx context.Context, builder *build.Builder) (string, error) {
	const dagger = "dagger"
	output, err := exec.CommandContext(ctx, dagger, "version").Output()
	if err == nil && strings.HasPrefix(string(output), dagger+" "+m.versions.Dagger+" ") {
		return dagger, nil
	}
	dir, err := builder.CommandLine(ctx)
	if err != nil {
		return "", m.buildError(ctx, err)
	}
	return filepath.Join(dir, dagger), nil
}

// buildError adds to an error of the builder what the tool that failed said.
func (m *manager) buildError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("interrupted: the next run takes up what is finished")
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("%w\n%s", err, supervise.Tail(m.layout.BuildLog(), 20))
	}
	return err
}
