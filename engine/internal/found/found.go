// Package found remembers what a host had before its engine changed it, and puts that
// back: how it forwards packets, and that the engine's control groups were not there.
//
// What was found is on disk before anything is changed, so that it can be put back after
// an engine that was killed, too. The file must not outlive the host's own memory of it,
// which a reboot ends.
package found

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Host says where the kernel shows what is kept.
type Host struct {
	IPv4   string // settings of IPv4: /proc/sys/net/ipv4
	Groups string // control groups: /sys/fs/cgroup
}

// Here is the host that this runs on.
var Here = Host{IPv4: "/proc/sys/net/ipv4", Groups: "/sys/fs/cgroup"}

// group is the folder of the engine's control groups, at the top of each hierarchy.
const group = "buildkit"

// forward decides whether packets are forwarded. To change it changes further settings in
// the kernel, each interface's among them; so it is put back before those.
const forward = "ip_forward"

// state is what a file holds.
type state struct {
	Settings map[string]string `json:"settings"` // of IPv4, by their paths
	NoGroups []string          `json:"noGroups"` // folders that are not there
}

// Keep writes what the host has to the file at path. A file that is there stays: the engine
// that it was written for has not been cleaned up after, and it tells what was before that.
func (h Host) Keep(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	now, err := h.settings()
	if err != nil {
		return err
	}
	kept := state{Settings: now, NoGroups: []string{}}
	for _, folder := range h.groups() {
		if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
			kept.NoGroups = append(kept.NoGroups, folder)
		}
	}
	text, err := json.MarshalIndent(kept, "", "  ")
	if err != nil {
		return err
	}
	temporary := path + ".tmp"
	if err := os.WriteFile(temporary, text, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

// PutBack makes the host what the file at path says, and removes the file. Without one
// there is nothing to put back.
func (h Host) PutBack(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var kept state
	if err := json.Unmarshal(text, &kept); err != nil {
		return fmt.Errorf("%s: %w: look at net.ipv4.ip_forward yourself, and remove the file", path, err)
	}
	if err := h.set(kept.Settings); err != nil {
		return err
	}
	for _, folder := range kept.NoGroups {
		// Not of a file that says otherwise.
		if slices.Contains(h.groups(), folder) {
			removeGroup(folder)
		}
	}
	return os.Remove(path)
}

// settings are those that the engine changes, and those that the kernel changes with them.
func (h Host) settings() (map[string]string, error) {
	paths, err := filepath.Glob(filepath.Join(h.IPv4, "conf", "*", "forwarding"))
	if err != nil {
		return nil, err
	}
	paths = append(paths, filepath.Join(h.IPv4, forward), filepath.Join(h.IPv4, "conf/all/accept_redirects"))
	values := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // an interface that went meanwhile
		}
		if err != nil {
			return nil, err
		}
		name, err := filepath.Rel(h.IPv4, path)
		if err != nil {
			return nil, err
		}
		values[name] = strings.TrimSpace(string(text))
	}
	return values, nil
}

// set makes settings what they were, where they are others by then and still there.
func (h Host) set(values map[string]string) error {
	names := slices.Sorted(maps.Keys(values))
	first := slices.Index(names, forward)
	if first > 0 {
		names = append([]string{forward}, slices.Delete(names, first, first+1)...)
	}
	for _, name := range names {
		if !filepath.IsLocal(name) {
			continue // no setting, whatever the file says
		}
		path := filepath.Join(h.IPv4, name)
		now, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && strings.TrimSpace(string(now)) == values[name] {
			continue
		}
		if err == nil {
			err = os.WriteFile(path, []byte(values[name]), 0o644)
		}
		if err != nil {
			return fmt.Errorf("putting back %s=%s: %w", path, values[name], err)
		}
	}
	return nil
}

// groups are the folders that the engine makes, one in each hierarchy of version 1, or in
// the only one of version 2.
func (h Host) groups() []string {
	const mark = "cgroup.procs"
	hierarchies, _ := filepath.Glob(filepath.Join(h.Groups, "*", mark)) // a pattern that is right
	folders := []string{}
	if _, err := os.Stat(filepath.Join(h.Groups, mark)); err == nil {
		hierarchies = []string{filepath.Join(h.Groups, mark)}
	}
	for _, file := range hierarchies {
		folders = append(folders, filepath.Join(filepath.Dir(file), group))
	}
	return folders
}

// removeGroup removes a control group with those below it, the deepest first. One that a
// process is in stays: it is another's.
func removeGroup(folder string) {
	below, _ := os.ReadDir(folder)
	for _, entry := range below {
		if entry.IsDir() {
			removeGroup(filepath.Join(folder, entry.Name()))
		}
	}
	_ = unix.Rmdir(folder) // removes no group that is used, and no folder with files
}
