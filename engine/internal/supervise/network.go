package supervise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"bee/core/filelock"
	"bee/engine/internal/bridge"
	"bee/engine/internal/found"
)

// hostFolder holds what engines of a host have to know of each other. A reboot ends it.
const hostFolder = "/run/bee-engine"

// network is the bridge of this network namespace, held by one engine.
type network struct {
	lock  *filelock.Lock
	found string // file with what the host had before
}

// lockNetwork makes sure that no other engine uses the same bridge, whoever started it. It
// says whose the lock is. Only root can hold it, so that nobody else keeps engines away.
func lockNetwork(folder, says string) (network, error) {
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return network{}, fmt.Errorf("%w: run this as root, whose the local engine is", err)
	}
	info, err := os.Lstat(folder)
	if err != nil {
		return network{}, err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || !info.IsDir() || int(stat.Uid) != os.Geteuid() || info.Mode().Perm() != 0o700 {
		return network{}, fmt.Errorf("%s is not a folder that only you may enter: remove it", folder)
	}
	// Bridges belong to a network namespace.
	namespace, err := os.Stat("/proc/thread-self/ns/net")
	if err != nil {
		return network{}, err
	}
	path := filepath.Join(folder, fmt.Sprintf("%s-%d", bridge.Name, namespace.Sys().(*syscall.Stat_t).Ino))
	lock, err := filelock.Try(path+".lock", says)
	if errors.Is(err, filelock.ErrLocked) {
		whose, _, _ := filelock.Holder(path + ".lock")
		err = fmt.Errorf("another local engine, of %s, uses the bridge %s: stop it with `go run ./engine down`, as the user and with the XDG_CACHE_HOME that started it (%w)", whose, bridge.Name, err)
	}
	if err != nil {
		return network{}, err
	}
	return network{lock, path + ".json"}, nil
}

// cleanUp takes away what an engine left, and puts back what was there before it.
func (n network) cleanUp(ctx context.Context, tools bridge.Tools) error {
	return errors.Join(tools.Remove(ctx), found.Here.PutBack(n.found))
}
