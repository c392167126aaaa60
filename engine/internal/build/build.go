// Package build makes the local engine from source: Dagger's programs from the
// Go module proxy, root file systems from Debian packages, and images of both.
//
// Every artefact lies in a folder named by a key of its inputs, made under a
// temporary name and renamed: what exists is whole, and what has the right key
// is not made again.
package build

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"bee/engine/internal/debian"
	"bee/engine/internal/image"
	"bee/engine/internal/layout"
	"bee/engine/internal/progress"
	"bee/engine/internal/sandbox"
	"bee/engine/internal/versions"
)

// An Engine is everything that the supervisor needs to run one.
type Engine struct {
	Version  string // of Dagger
	Programs string // folder of Dagger's programs
	Root     string // root file system
	Images   string // store of the images below
	SDK      string // manifest digest of the Go SDK's image
	Debian   string // manifest digest of the image debian
	Golang   string // manifest digest of the image golang
}

// A Builder makes artefacts. One at a time works in a layout: its user holds
// the build lock.
type Builder struct {
	Layout   layout.Layout
	Source   string // folder of the Go module that pins Dagger: engine/dagger
	Versions versions.Versions
	Self     string // path of this program, for sandboxes
	Log      io.Writer
	GoEnv    map[string]string // settings of `go env` that differ from the default
}

// Packages of the image debian, beyond the minimal set.
var basePackages = []string{"ca-certificates"}

// Packages of the engine's own root, which is the lowest layer of the images
// golang and Go SDK too: one root file system is made where three would do.
var toolPackages = []string{
	"ca-certificates", "git", "openssh-client", // Go modules
	"runc", "iptables", "dnsmasq-base", "openssl", "pigz", "xz-utils", // engine
}

// goBuild compiles packages of the module that pins Dagger into dir.
func (b *Builder) goBuild(ctx context.Context, dir string, packages ...string) error {
	const version = "github.com/dagger/dagger/engine."
	args := []string{"build", "-trimpath", "-buildvcs=false",
		"-ldflags=-s -w -X " + version + "Version=" + b.Versions.Dagger + " -X " + version + "Tag=" + b.Versions.Dagger,
		"-o", dir + "/"}
	cmd := exec.CommandContext(ctx, "go", append(args, packages...)...)
	cmd.Dir = b.Source
	cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOTOOLCHAIN=go"+b.Versions.Go)
	cmd.Stdout, cmd.Stderr = b.Log, b.Log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go build %s: %w", strings.Join(packages, " "), err)
	}
	return nil
}

// artefact returns the folder of the artefact, made by fill where it does not
// exist yet.
func (b *Builder) artefact(name, key, what string, fill func(dir string) error) (string, error) {
	dir := filepath.Join(b.Layout.Artefacts(), name+"-"+key)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	done := progress.Step("%s", what)
	temporary := dir + ".tmp"
	if err := os.RemoveAll(temporary); err != nil {
		return "", err
	}
	if err := os.MkdirAll(temporary, 0o755); err != nil {
		return "", err
	}
	if err := fill(temporary); err != nil {
		return "", errors.Join(fmt.Errorf("%s: %w", what, err), os.RemoveAll(temporary))
	}
	if err := os.Rename(temporary, dir); err != nil {
		return "", err
	}
	done()
	return dir, nil
}

// programKey is the key of what goBuild compiles.
func (b *Builder) programKey() (string, error) {
	files, err := keyOfFiles(b.Source)
	return key(files, b.Versions.Dagger, b.Versions.Go), err
}

// CommandLine makes the Dagger command line alone and returns its folder.
func (b *Builder) CommandLine(ctx context.Context) (string, error) {
	if err := b.checkVersion(); err != nil {
		return "", err
	}
	id, err := b.programKey()
	if err != nil {
		return "", err
	}
	dir, err := b.artefact("cli", id, "building the Dagger command line", func(dir string) error {
		return b.goBuild(ctx, dir, "github.com/dagger/dagger/cmd/dagger")
	})
	if err != nil {
		return "", err
	}
	return dir, b.linkCommandLine(dir)
}

func (b *Builder) linkCommandLine(dir string) error {
	if err := os.MkdirAll(b.Layout.Bin(), 0o755); err != nil {
		return err
	}
	link := filepath.Join(b.Layout.Bin(), "dagger")
	target := filepath.Join(dir, "dagger")
	if old, err := os.Readlink(link); err == nil && old == target {
		return nil
	}
	temporary := link + ".tmp"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(target, temporary); err != nil {
		return err
	}
	return os.Rename(temporary, link)
}

// checkVersion compares the two places that name Dagger's version.
func (b *Builder) checkVersion() error {
	path := filepath.Join(b.Source, "go.mod")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !slices.Contains(strings.Fields(string(text)), b.Versions.Dagger) ||
		!strings.Contains(string(text), "github.com/dagger/dagger "+b.Versions.Dagger+" ") {
		return fmt.Errorf("VERSIONS has DAGGER_VERSION=%s, but %s requires another: run `GOWORK=off go get github.com/dagger/dagger@%[1]s dagger.io/dagger@%[1]s && GOWORK=off go mod tidy` there, and in its folder sdk for dagger.io/dagger",
			b.Versions.Dagger, path)
	}
	return nil
}

// recipe is a part of every key. Raise it when this package makes something
// else of the same inputs.
const recipe = 1

// imageEnv is the environment of both Go images. The toolchain is pinned:
// a module that wants another one must say so by GO_VERSION.
var imageEnv = []string{
	"PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"GOPATH=/go",
	"GOTOOLCHAIN=local",
}

const layerFile = "layer.tar"

// Engine makes all that a local engine needs.
func (b *Builder) Engine(ctx context.Context) (Engine, error) {
	if err := b.checkVersion(); err != nil {
		return Engine{}, err
	}
	var programs, root, base, toolchain, caches string
	group, ctx := errgroup.WithContext(ctx)
	// The compiler is busy longest. What else there is to do goes beside it,
	// one after the other, as most of it keeps a processor busy too.
	group.Go(func() (err error) {
		programs, err = b.programs(ctx)
		return err
	})
	group.Go(func() (err error) {
		sources := b.sources(ctx)
		if toolchain, err = b.toolchain(ctx); err != nil {
			return err
		}
		if root, err = b.root(ctx, sources); err != nil {
			return err
		}
		if caches, err = b.caches(ctx, root, toolchain); err != nil {
			return err
		}
		base, err = b.base(ctx, sources)
		return err
	})
	if err := group.Wait(); err != nil {
		return Engine{}, err
	}
	engine, err := b.images(programs, root, base, toolchain, caches)
	if err != nil {
		return Engine{}, err
	}
	if err := b.linkCommandLine(filepath.Join(programs, "cli")); err != nil {
		return Engine{}, err
	}
	return engine, nil
}

// programs compiles Dagger, and sorts the programs by where they go:
// cli (a user's PATH), cni (/opt/cni/bin) and the rest.
func (b *Builder) programs(ctx context.Context) (string, error) {
	id, err := b.programKey()
	if err != nil {
		return "", err
	}
	return b.artefact("programs", key(recipe, id), "building Dagger from source", func(dir string) error {
		// "tool" means all packages of the module's tool directives.
		if err := b.goBuild(ctx, dir, "tool"); err != nil {
			return err
		}
		places := map[string][]string{
			"cli": {"dagger"},
			"cni": {"bridge", "dnsname", "firewall", "host-local", "loopback"},
		}
		for place, names := range places {
			if err := os.Mkdir(filepath.Join(dir, place), 0o755); err != nil {
				return err
			}
			for _, name := range names {
				if err := os.Rename(filepath.Join(dir, name), filepath.Join(dir, place, name)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// sources returns the apt sources of the host's own mirror, when that mirror
// has the release.
func (b *Builder) sources(ctx context.Context) []string {
	mirror := debian.HostMirror("/etc")
	return mirror.Sources(b.Versions.Release)
}

// root makes the engine's root: folder rootfs, and the same as a layer.
func (b *Builder) root(ctx context.Context, sources []string) (string, error) {
	rootfs := debian.Rootfs{Release: b.Versions.Release, Include: toolPackages, Sources: sources, Epoch: b.Versions.Snapshot}
	return b.artefact("root", b.rootfsKey(rootfs), "making the engine's root from Debian packages", func(dir string) error {
		layer := filepath.Join(dir, layerFile)
		if err := rootfs.Make(ctx, layer, b.Log); err != nil {
			return err
		}
		return b.extract(ctx, layer, filepath.Join(dir, "rootfs"))
	})
}

// base makes the layer of the image debian.
func (b *Builder) base(ctx context.Context, sources []string) (string, error) {
	rootfs := debian.Rootfs{Release: b.Versions.Release, Include: basePackages, Sources: sources, Epoch: b.Versions.Snapshot}
	return b.artefact("base", b.rootfsKey(rootfs), "making the image debian from Debian packages", func(dir string) error {
		return rootfs.Make(ctx, filepath.Join(dir, layerFile), b.Log)
	})
}

func (b *Builder) rootfsKey(rootfs debian.Rootfs) string {
	return key(recipe, rootfs.Arguments(), rootfs.Sources, rootfs.Epoch.Unix())
}

// toolchain makes the layer /usr/local/go.
func (b *Builder) toolchain(ctx context.Context) (string, error) {
	return b.artefact("toolchain", key(recipe, b.Versions.Go, b.Versions.Snapshot.Unix()), "packing Go "+b.Versions.Go, func(dir string) error {
		cmd := exec.CommandContext(ctx, "go", "env", "GOROOT")
		cmd.Env = append(os.Environ(), "GOTOOLCHAIN=go"+b.Versions.Go)
		cmd.Stderr = b.Log
		goroot, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("finding Go %s: %w", b.Versions.Go, err)
		}
		return image.WriteLayer(filepath.Join(dir, layerFile), []image.Tree{{
			From: strings.TrimSpace(string(goroot)),
			To:   "/usr/local/go",
			Only: []string{"VERSION", "bin", "go.env", "lib", "pkg/include", "pkg/tool", "src"},
		}}, b.Versions.Snapshot)
	})
}

// caches makes the Go SDK's module cache (mod) and build cache (build), filled
// with the standard library and the modules that generated code imports.
func (b *Builder) caches(ctx context.Context, root, toolchain string) (string, error) {
	source := filepath.Join(b.Source, "sdk")
	files, err := keyOfFiles(source)
	if err != nil {
		return "", err
	}
	id := key(recipe, files, filepath.Base(root), filepath.Base(toolchain))
	return b.artefact("caches", id, "filling the Go SDK's caches", func(dir string) error {
		// The build cache knows files by their path: what is compiled must lie
		// where the image has it, hence a sandbox.
		unpacked := filepath.Join(dir, "toolchain")
		if err := b.extract(ctx, filepath.Join(toolchain, layerFile), unpacked); err != nil {
			return err
		}
		modules, compiled := filepath.Join(dir, "mod"), filepath.Join(dir, "build")
		for _, folder := range []string{modules, compiled} {
			if err := os.Mkdir(folder, 0o755); err != nil {
				return err
			}
		}
		box := sandbox.Sandbox{
			Root: filepath.Join(root, "rootfs"),
			Binds: []sandbox.Bind{
				{From: filepath.Join(unpacked, "usr/local/go"), To: "/usr/local/go"},
				{From: modules, To: "/go/pkg/mod"},
				{From: compiled, To: "/root/.cache/go-build"},
				{From: source, To: "/src"},
				{From: "/etc/resolv.conf", To: "/etc/resolv.conf"},
				{From: "/etc/ssl/certs", To: "/etc/ssl/certs"},
			},
			Env:  slices.Concat(imageEnv, pairs(b.GoEnv), ProxyEnv(), []string{"HOME=/root", "CGO_ENABLED=0", "GOFLAGS=-modcacherw"}),
			Dir:  "/src",
			Args: []string{"/bin/sh", "-ec", "go build std; go build -ldflags '-s -w' ."},
		}
		cmd, err := box.Command(ctx, b.Self)
		if err != nil {
			return err
		}
		cmd.Stdout, cmd.Stderr = b.Log, b.Log
		if err := runLocked(cmd); err != nil {
			return fmt.Errorf("compiling in %s: %w", box.Root, err)
		}
		return os.RemoveAll(unpacked)
	})
}

func (b *Builder) extract(ctx context.Context, layer, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "tar", "--extract", "--numeric-owner", "--preserve-permissions", "--file="+layer, "--directory="+dir)
	cmd.Stdout, cmd.Stderr = b.Log, b.Log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("unpacking %s: %w", layer, err)
	}
	return nil
}

// images puts the images together and describes the engine that uses them.
func (b *Builder) images(programs, root, base, toolchain, caches string) (Engine, error) {
	goEnv := pairs(b.GoEnv)
	id := key(recipe, filepath.Base(programs), filepath.Base(root), filepath.Base(base),
		filepath.Base(toolchain), filepath.Base(caches), goEnv)
	const description = "engine.json"
	dir, err := b.artefact("images", id, "making the images", func(dir string) error {
		sdk := filepath.Join(caches, "sdk-"+layerFile)
		err := image.WriteLayer(sdk, []image.Tree{
			{From: programs, To: "/usr/local/bin", Only: []string{"codegen"}},
			{From: filepath.Join(caches, "mod"), To: "/go/pkg/mod"},
			{From: filepath.Join(caches, "build"), To: "/root/.cache/go-build"},
		}, b.Versions.Snapshot)
		if err != nil {
			return err
		}
		store := image.Store(dir)
		var layers []v1.Descriptor
		for _, path := range []string{filepath.Join(base, layerFile), filepath.Join(root, layerFile), filepath.Join(toolchain, layerFile), sdk} {
			layer, err := store.AddLayer(path)
			if err != nil {
				return err
			}
			layers = append(layers, layer)
		}
		engine := Engine{Version: b.Versions.Dagger, Programs: programs, Root: filepath.Join(root, "rootfs")}
		plain := v1.ImageConfig{Env: imageEnv[:1], Cmd: []string{"bash"}}
		golang := v1.ImageConfig{Env: append(slices.Clone(imageEnv), goEnv...), WorkingDir: "/go", Cmd: []string{"bash"}}
		for _, one := range []struct {
			digest *string
			layers []v1.Descriptor
			config v1.ImageConfig
		}{
			{&engine.Debian, layers[:1], plain},
			{&engine.Golang, layers[1:3], golang},
			{&engine.SDK, layers[1:4], golang},
		} {
			manifest, err := store.AddImage(one.layers, one.config, b.Versions.Snapshot)
			if err != nil {
				return err
			}
			*one.digest = manifest.String()
		}
		text, err := json.MarshalIndent(engine, "", "  ")
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, description), text, 0o644)
	})
	if err != nil {
		return Engine{}, err
	}
	text, err := os.ReadFile(filepath.Join(dir, description))
	if err != nil {
		return Engine{}, err
	}
	var engine Engine
	if err := json.Unmarshal(text, &engine); err != nil {
		return Engine{}, fmt.Errorf("%s in %s: %w", description, dir, err)
	}
	engine.Images = dir
	return engine, nil
}
