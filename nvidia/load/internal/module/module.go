// Package module reads NVIDIA's kernel modules from a folder, puts them in order
// and tells why the kernel refuses one.
package module

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"bee/nvidia/kmod"
)

// Modules of NVIDIA's by name, as /proc/modules has them.
const (
	Driver  = "nvidia"
	UVM     = "nvidia_uvm"
	Modeset = "nvidia_modeset"
	DRM     = "nvidia_drm"
	Peermem = "nvidia_peermem"
)

// names in the order in which they are loaded, where their needs allow it. What
// CUDA needs comes first: all else is about screens, and direct memory access of
// network cards.
var names = []string{Driver, UVM, Modeset, DRM, Peermem}

// Module is a module in a file.
type Module struct {
	Path string
	kmod.Module
}

// File is the file in which a folder has the module of that name.
func File(dir, name string) string {
	return filepath.Join(dir, strings.ReplaceAll(name, "_", "-")+".ko")
}

// Read reads those of the modules that a folder has.
func Read(dir string) ([]Module, error) {
	var all []Module
	for _, name := range names {
		path := File(dir, name)
		m, err := kmod.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if m.Name != name {
			return nil, fmt.Errorf("%s: it is module %s, not %s", path, m.Name, name)
		}
		// depends has names as in files, with a hyphen
		for i, d := range m.Depends {
			m.Depends[i] = strings.ReplaceAll(d, "-", "_")
		}
		all = append(all, Module{path, *m})
	}
	return all, nil
}

// Find returns the place of the module with that name, -1 where it is missing.
func Find(all []Module, name string) int {
	return slices.IndexFunc(all, func(m Module) bool { return m.Name == name })
}

// Order returns the modules so that each comes after those that it needs.
func Order(all []Module) ([]Module, error) {
	var ordered []Module
	var open []string // each is needed by the one before it
	var add func(m Module) error
	add = func(m Module) error {
		if Find(ordered, m.Name) >= 0 {
			return nil
		}
		circle := slices.Contains(open, m.Name)
		open = append(open, m.Name)
		if circle {
			return fmt.Errorf("%s: modules need each other in a circle: %s", m.Path, strings.Join(open, " → "))
		}
		for _, need := range m.Depends {
			if i := Find(all, need); i >= 0 {
				if err := add(all[i]); err != nil {
					return err
				}
			}
		}
		open = open[:len(open)-1]
		ordered = append(ordered, m)
		return nil
	}
	for _, m := range all {
		if err := add(m); err != nil {
			return nil, err
		}
	}
	return ordered, nil
}

// Foreign returns the names of the modules that these need and that are not
// NVIDIA's.
func Foreign(all []Module) []string {
	var foreign []string
	for _, m := range all {
		for _, need := range m.Depends {
			if !slices.Contains(names, need) && !slices.Contains(foreign, need) {
				foreign = append(foreign, need)
			}
		}
	}
	return foreign
}
