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
	"golang.org/x/sys/unix"

	"bee/core/versions"
	"bee/engine/internal/debian"
	"bee/engine/internal/image"
	"bee/engine/internal/layout"
	"bee/engine/internal/progress"
	"bee/engine/internal/sandbox"
)

// An Engine is everything that the supervisor needs to run one.
type Engine struct {
	Version  string   // of Dagger
	Programs string   // folder of Dagger's programs
	Root     string   // root file system
	Images   string   // store of the images below
	SDK      string   // manifest digest of the Go SDK's image
	Debian   string   // manifest digest of the image debian
	Golang   string   // manifest digest of the image golang
	Layers   []string // folders of what the images were made from
}

// A Builder makes artefacts. One at a time works in a layout: its user holds
// the build lock.
type Builder struct {
	Layout   layout.Layout
	Source   string // folder of the Go module that pins Dagger: engine/dagger
	Versions *versions.Versions
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
	cmd := group(ctx, "go", append(args, packages...)...)
	cmd.Dir = b.Source
	temporary := filepath.Join(dir, "tmp")
	if err := os.Mkdir(temporary, 0o755); err != nil {
		return err
	}
	cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOTOOLCHAIN=go"+b.Versions.Go, "GOTMPDIR="+temporary)
	cmd.Stdout, cmd.Stderr = b.Log, b.Log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go build %s: %w", strings.Join(packages, " "), err)
	}
	return os.RemoveAll(temporary)
}

// artefact returns the folder of the artefact, made by fill where it does not
// exist yet.
func (b *Builder) artefact(name, key, what string, fill func(dir string) error) (string, error) {
	dir := filepath.Join(b.Layout.Artefacts(), name+"-"+key)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := b.checkSpace(); err != nil {
		return "", err
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

// checkSpace fails early where the disk is too full to make what is missing.
func (b *Builder) checkSpace() error {
	const need = 4 << 30
	var disk unix.Statfs_t
	if err := unix.Statfs(string(b.Layout), &disk); err != nil {
		return fmt.Errorf("%s: %w", b.Layout, err)
	}
	if free := disk.Bavail * uint64(disk.Bsize); free < need {
		return fmt.Errorf("%s has %.1f GiB free, and building the engine takes %d GiB: make room, or set XDG_CACHE_HOME to a folder on a larger disk",
			b.Layout, float64(free)/(1<<30), need>>30)
	}
	return nil
}

// Clean removes what the given engine does not use: artefacts of other inputs,
// what an interrupted build left, and the caches of engines of other versions.
// Nothing else may run in the layout.
func (b *Builder) Clean(engine Engine) error {
	keep := []string{engine.Programs, filepath.Dir(engine.Root), engine.Images}
	keep = append(keep, engine.Layers...)
	all, err := filepath.Glob(filepath.Join(b.Layout.Artefacts(), "*"))
	if err != nil {
		return err
	}
	states, err := filepath.Glob(b.Layout.State("*"))
	if err != nil {
		return err
	}
	keep = append(keep, b.Layout.State(engine.Version))
	for _, path := range append(all, states...) {
		if !slices.Contains(keep, path) {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	return nil
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
const recipe = 2

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
		sources := debian.HostMirror("/etc").Sources(b.Versions.DebianRelease)
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

// makeLayer makes a root file system as the layer of an artefact's folder.
func (b *Builder) makeLayer(ctx context.Context, dir string, rootfs debian.Rootfs) error {
	if err := debian.Install(b.Log); err != nil {
		return err
	}
	temporary := filepath.Join(dir, "tmp")
	if err := os.Mkdir(temporary, 0o755); err != nil {
		return err
	}
	err := rootfs.Make(ctx, filepath.Join(dir, layerFile), temporary, b.Log)
	if err != nil && rootfs.Sources != nil && ctx.Err() == nil {
		progress.Printf("the host's own mirror does not give %s (see %s): trying Debian's default", rootfs.Release, b.Layout.BuildLog())
		rootfs.Sources = nil
		err = rootfs.Make(ctx, filepath.Join(dir, layerFile), temporary, b.Log)
	}
	if err != nil {
		return err
	}
	return os.RemoveAll(temporary)
}

// root makes the engine's root: folder rootfs, and the same as a layer.
func (b *Builder) root(ctx context.Context, sources []string) (string, error) {
	rootfs := debian.Rootfs{Release: b.Versions.DebianRelease, Include: toolPackages, Sources: sources, Epoch: b.Versions.Time()}
	return b.artefact("root", b.rootfsKey(rootfs), "making the engine's root from Debian packages", func(dir string) error {
		if err := b.makeLayer(ctx, dir, rootfs); err != nil {
			return err
		}
		return b.extract(ctx, filepath.Join(dir, layerFile), filepath.Join(dir, "rootfs"))
	})
}

// base makes the layer of the image debian.
func (b *Builder) base(ctx context.Context, sources []string) (string, error) {
	rootfs := debian.Rootfs{Release: b.Versions.DebianRelease, Include: basePackages, Sources: sources, Epoch: b.Versions.Time()}
	return b.artefact("base", b.rootfsKey(rootfs), "making the image debian from Debian packages", func(dir string) error {
		return b.makeLayer(ctx, dir, rootfs)
	})
}

func (b *Builder) rootfsKey(rootfs debian.Rootfs) string {
	return key(recipe, rootfs.Arguments(), rootfs.Sources, rootfs.Epoch.Unix())
}

// toolchain makes the layer /usr/local/go.
func (b *Builder) toolchain(ctx context.Context) (string, error) {
	return b.artefact("toolchain", key(recipe, b.Versions.Go, b.Versions.Epoch()), "packing Go "+b.Versions.Go, func(dir string) error {
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
		}}, b.Versions.Time())
	})
}

// caches makes the Go SDK's module cache (mod) and build cache (build), filled
// with the modules that generated code imports and what those need.
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
				{From: "/etc/hosts", To: "/etc/hosts"},
			},
			Env:  slices.Concat(imageEnv, pairs(b.GoEnv), ProxyEnv(), []string{"HOME=/root", "CGO_ENABLED=0", "GOFLAGS=-modcacherw"}),
			Dir:  "/src",
			Args: []string{"/usr/local/go/bin/go", "build", "."},
		}
		// On Debian this file has the authorities of the site too.
		const bundle = "/etc/ssl/certs/ca-certificates.crt"
		if _, err := os.Stat(bundle); err == nil {
			box.Binds = append(box.Binds, sandbox.Bind{From: bundle, To: bundle})
		}
		cmd, err := box.Command(ctx, b.Self)
		if err != nil {
			return err
		}
		cmd.Stdout, cmd.Stderr = b.Log, b.Log
		if err := sandbox.Run(cmd); err != nil {
			return fmt.Errorf("compiling in %s: %w", box.Root, err)
		}
		if err := os.RemoveAll(unpacked); err != nil {
			return err
		}
		return timeless(compiled)
	})
}

func (b *Builder) extract(ctx context.Context, layer, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	cmd := group(ctx, "tar", "--extract", "--numeric-owner", "--preserve-permissions", "--file="+layer, "--directory="+dir)
	cmd.Stdout, cmd.Stderr = b.Log, b.Log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("unpacking %s: %w", layer, err)
	}
	return nil
}

// images puts the images together and describes the engine that uses them.
func (b *Builder) images(programs, root, base, toolchain, caches string) (Engine, error) {
	settings := public(b.GoEnv)
	goEnv := pairs(settings)
	delete(settings, goProxy) // see SystemEnv
	sdkEnv := pairs(settings)
	id := key(recipe, filepath.Base(programs), filepath.Base(root), filepath.Base(base),
		filepath.Base(toolchain), filepath.Base(caches), goEnv)
	const description = "engine.json"
	dir, err := b.artefact("images", id, "making the images", func(dir string) error {
		sdk := filepath.Join(caches, "sdk-"+layerFile)
		err := image.WriteLayer(sdk, []image.Tree{
			{From: programs, To: "/usr/local/bin", Only: []string{"codegen"}},
			{From: filepath.Join(caches, "mod"), To: "/go/pkg/mod"},
			{From: filepath.Join(caches, "build"), To: "/root/.cache/go-build", Time: untrimmed},
		}, b.Versions.Time())
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
		engine := Engine{Version: b.Versions.Dagger, Programs: programs, Root: filepath.Join(root, "rootfs"), Layers: []string{base, toolchain, caches}}
		plain := v1.ImageConfig{Env: imageEnv[:1], Cmd: []string{"bash"}}
		goConfig := func(settings []string) v1.ImageConfig {
			return v1.ImageConfig{Env: append(slices.Clone(imageEnv), settings...), WorkingDir: "/go", Cmd: []string{"bash"}}
		}
		for _, one := range []struct {
			digest *string
			layers []v1.Descriptor
			config v1.ImageConfig
		}{
			{&engine.Debian, layers[:1], plain},
			{&engine.Golang, layers[1:3], goConfig(goEnv)},
			{&engine.SDK, layers[1:4], goConfig(sdkEnv)},
		} {
			manifest, err := store.AddImage(one.layers, one.config, b.Versions.Time())
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
