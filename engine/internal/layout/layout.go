// Package layout names the places of the local engine on the host.
package layout

import (
	"fmt"
	"os"
	"path/filepath"
)

// A Layout is the folder that holds everything of the local engine, below the
// user's cache directory. Removing it after `down` removes the engine.
type Layout string

// Default returns the layout of this user: <cache>/bee/engine, where <cache> is
// $XDG_CACHE_HOME or ~/.cache.
func Default() (Layout, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	layout := Layout(filepath.Join(cache, "bee", "engine"))
	// sockaddr_un holds 108 bytes with the final zero.
	if len(layout.Socket()) > 107 {
		return "", fmt.Errorf("%s is too long for a socket: set XDG_CACHE_HOME to a shorter path", layout.Socket())
	}
	return layout, nil
}

// Make makes the folder, for its user alone: logs, sockets and what runs as root are no
// matter of others.
func (l Layout) Make() error {
	if err := os.MkdirAll(string(l), 0o700); err != nil {
		return fmt.Errorf("%w: set XDG_CACHE_HOME to a folder that you may write to", err)
	}
	return os.Chmod(string(l), 0o700) // of an older program's, too
}

func (l Layout) in(elements ...string) string {
	return filepath.Join(append([]string{string(l)}, elements...)...)
}

// What is built, each in a folder named by a key of its inputs.
func (l Layout) Artefacts() string { return l.in("artefacts") }

// BuildLog is what the tools said during the last build.
func (l Layout) BuildLog() string { return l.in("build.log") }

// Bin holds a link to the Dagger command line, for PATH.
func (l Layout) Bin() string { return l.in("bin") }

// State is the engine's own: its cache of every build.
func (l Layout) State(version string) string { return l.in("state", version) }

// Run holds what exists for the running engine.
func (l Layout) Run() string { return l.in("run") }

// SupervisorLock is held by the supervisor as long as it lives.
func (l Layout) SupervisorLock() string { return l.in("run", "supervisor.lock") }

// Supervisor is the copy of this program that runs as the supervisor.
func (l Layout) Supervisor() string { return l.in("run", "bee-engine") }

// Spec is what the running engine was started with.
func (l Layout) Spec() string { return l.in("run", "spec.json") }

// Log is what the engine and its supervisor say.
func (l Layout) Log() string { return l.in("run", "engine.log") }

// Scratch is the engine's /run, /tmp and network state, new at every start.
func (l Layout) Scratch() string { return l.in("run", "scratch") }

// Config is the engine's own configuration.
func (l Layout) Config() string { return l.in("run", "config.json") }

// Socket is where the engine answers.
func (l Layout) Socket() string { return l.in("run", "socket", "engine.sock") }

// Address is where Dagger finds the engine.
func (l Layout) Address() string { return "unix://" + l.Socket() }
