package supervise

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"bee/core/filelock"
	"bee/engine/internal/bridge"
	"bee/engine/internal/build"
	"bee/engine/internal/found"
	"bee/engine/internal/image"
	"bee/engine/internal/layout"
	"bee/engine/internal/sandbox"
)

// Registry is the name under which the engine finds the images of the store.
// No such host exists: the engine's configuration leads it to this process,
// whatever port that listens on, so that pinned references stay the same.
const Registry = "registry.bee.internal"

// Supervise runs the engine that the layout's spec describes until that ends or
// a signal asks for its end. It is the supervisor's whole life.
func Supervise(l layout.Layout) error {
	// The engine dies with the thread that started it.
	runtime.LockOSThread()
	held, err := filelock.Try(l.SupervisorLock(), strconv.Itoa(os.Getpid()))
	if err != nil {
		return fmt.Errorf("%s: %w", l.SupervisorLock(), err)
	}
	defer held.Release()
	network, err := lockNetwork(hostFolder, string(l))
	if err != nil {
		return err
	}
	defer network.lock.Release()

	engine, err := readSpec(l)
	if err != nil {
		return err
	}
	address, err := serveImages(engine.Images)
	if err != nil {
		return err
	}
	ctx := context.Background()
	tools, err := bridge.FindTools(ctx, engine.Root, l.Supervisor())
	if err != nil {
		return err
	}
	box, err := prepare(l, engine, address, tools)
	if err != nil {
		return err
	}
	// A supervisor that was killed leaves its network behind.
	if err := network.cleanUp(ctx, tools); err != nil {
		return err
	}
	if err := found.Here.Keep(network.found); err != nil {
		return err
	}
	err = run(l, box)
	return errors.Join(err, network.cleanUp(ctx, tools), ignoreMissing(os.Remove(l.Socket())))
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func serveImages(store string) (address string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() { log.Fatal(http.Serve(listener, image.Registry(image.Store(store)))) }()
	return listener.Addr().String(), nil
}

// The engine forgets its least used results, within a minute after a run, while
// its caches are larger than maxCaches or less than minFree is left on their
// disk, but keeps minCaches.
const (
	gigabyte  = 1_000_000_000
	maxCaches = 40 * gigabyte
	minCaches = 10 * gigabyte
	minFree   = 20 * gigabyte
)

// withheldBytes returns how many free bytes of the disk under folder are not for
// everyone. The engine takes them for free, too, and where they are many its
// own bounds never hold.
func withheldBytes(folder string) (int64, error) {
	var disk unix.Statfs_t
	if err := unix.Statfs(folder, &disk); err != nil {
		return 0, fmt.Errorf("%s: %w", folder, err)
	}
	return int64(disk.Bfree-disk.Bavail) * disk.Bsize, nil
}

// configuration returns the engine's own configuration file.
func configuration(registry string, withheld int64) ([]byte, error) {
	type registryConfig struct {
		Mirrors []string `json:"mirrors,omitempty"`
		HTTP    bool     `json:"http,omitempty"`
	}
	return json.MarshalIndent(map[string]any{
		"logLevel": "info",
		"gc": map[string]int64{
			"maxUsedSpace":  maxCaches,
			"minFreeSpace":  minFree + withheld,
			"reservedSpace": minCaches,
		},
		"registries": map[string]registryConfig{
			Registry: {Mirrors: []string{registry}},
			registry: {HTTP: true},
		},
	}, "", "  ")
}

// dnsmasq comes before the real one in the engine's PATH. Left alone, that takes
// port 53 of every address of the host: it would answer the whole network, and
// fail where another resolver runs. So it takes only the bridge's own, once
// there is a bridge.
const dnsmasq = `#!/bin/sh
exec /usr/sbin/dnsmasq --bind-dynamic "$@"
`

// prepare makes what lives for one run of the engine and returns its sandbox.
func prepare(l layout.Layout, engine build.Engine, registry string, tools bridge.Tools) (sandbox.Sandbox, error) {
	fail := func(err error) (sandbox.Sandbox, error) { return sandbox.Sandbox{}, err }
	if err := os.RemoveAll(l.Scratch()); err != nil {
		return fail(err)
	}
	// Temporary files, leases of addresses and the like must not outlive a run.
	scratch := map[string]string{"tmp": "/tmp", "run": "/run", "cni": "/var/lib/cni", "ca": "/usr/local/share/ca-certificates", "sbin": "/usr/local/sbin"}
	var binds []sandbox.Bind
	for name, place := range scratch {
		folder := filepath.Join(l.Scratch(), name)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fail(err)
		}
		binds = append(binds, sandbox.Bind{From: folder, To: place})
	}
	state := l.State(engine.Version)
	for _, folder := range []string{state, filepath.Dir(l.Socket())} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fail(err)
		}
	}
	if err := ignoreMissing(os.Remove(l.Socket())); err != nil {
		return fail(err)
	}
	withheld, err := withheldBytes(state)
	if err != nil {
		return fail(err)
	}
	config, err := configuration(registry, withheld)
	if err != nil {
		return fail(err)
	}
	if err := writeFile(l.Config(), config, 0o644); err != nil {
		return fail(err)
	}
	// The engine writes to both: it gets copies.
	if err := copyCertificates(filepath.Join(l.Scratch(), "ca")); err != nil {
		return fail(err)
	}
	for _, file := range []string{"/etc/resolv.conf", "/etc/hosts"} {
		if err := copyFile(file, filepath.Join(engine.Root, file)); err != nil {
			return fail(err)
		}
	}
	if err := tools.Link(filepath.Join(l.Scratch(), "sbin")); err != nil {
		return fail(err)
	}
	if err := os.WriteFile(filepath.Join(l.Scratch(), "sbin", "dnsmasq"), []byte(dnsmasq), 0o755); err != nil {
		return fail(err)
	}
	program := func(name string) string { return filepath.Join(engine.Programs, name) }
	return sandbox.Sandbox{
		Root: engine.Root,
		Binds: append(binds,
			sandbox.Bind{From: program("engine"), To: "/usr/local/bin/dagger-engine"},
			sandbox.Bind{From: program("init"), To: "/usr/local/bin/dagger-init"},
			sandbox.Bind{From: filepath.Join(engine.Root, "usr/sbin/runc"), To: "/usr/local/bin/runc"},
			sandbox.Bind{From: program("cni"), To: "/opt/cni/bin"},
			sandbox.Bind{From: engine.Images, To: "/usr/local/share/dagger/content"},
			sandbox.Bind{From: l.Config(), To: "/etc/dagger/engine.json"},
			sandbox.Bind{From: state, To: "/var/lib/dagger"},
			sandbox.Bind{From: filepath.Dir(l.Socket()), To: "/socket"},
		),
		Env: append(slices.Concat(build.ProxyEnv(), systemEnv(os.Environ())),
			"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			"HOME=/root",
			"DAGGER_GO_SDK_MANIFEST_DIGEST="+engine.SDK,
		),
		Dir:  "/",
		Args: []string{"/usr/local/bin/dagger-engine", "--root", "/var/lib/dagger", "--addr", "unix:///socket/" + filepath.Base(l.Socket())},
	}, nil
}

// systemEnv are those of a process's variables that are for the engine.
func systemEnv(variables []string) []string {
	return slices.DeleteFunc(slices.Clone(variables), func(variable string) bool {
		return !strings.HasPrefix(variable, build.SystemEnvPrefix)
	})
}

// run runs the engine until it ends, or asks it to end on a signal.
func run(l layout.Layout, box sandbox.Sandbox) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT, unix.SIGHUP)
	cmd, err := box.Command(context.Background(), l.Supervisor())
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		return fmt.Errorf("the engine ended by itself: %w", exitError(err))
	case <-signals:
	}
	log.Print("stopping the engine")
	if err := cmd.Process.Signal(unix.SIGTERM); err != nil {
		return err
	}
	const patience = 15 * time.Second
	select {
	case <-ended:
		return nil
	case <-time.After(patience):
		log.Printf("the engine is still there after %s: killing it", patience)
		return errors.Join(cmd.Process.Kill(), ignoreExit(<-ended))
	}
}

func exitError(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

func ignoreExit(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil
	}
	return err
}

// copyCertificates copies the certificate authorities that the host was given
// besides Debian's own: the engine puts them into every container.
func copyCertificates(to string) error {
	const from = "/usr/local/share/ca-certificates"
	files, err := filepath.Glob(filepath.Join(from, "*.crt"))
	if err != nil {
		return err
	}
	nested, err := filepath.Glob(filepath.Join(from, "*", "*.crt"))
	if err != nil {
		return err
	}
	for _, file := range append(files, nested...) {
		name := strings.ReplaceAll(strings.TrimPrefix(file, from+"/"), "/", "-")
		if err := copyFile(file, filepath.Join(to, name)); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o644)
}
