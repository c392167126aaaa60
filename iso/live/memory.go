package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"bee/core/kmsg"
	"bee/core/layers"
)

// inMemory is where what is copied or fetched lies.
const inMemory = place + "/memory"

// reserve is memory that has to be left for the system when the layers are in memory.
const reserve = 256 << 20

// errNoRoom is that layers do not fit into memory.
var errNoRoom = errors.New("this machine has too little memory for the layers")

// mountMemory is a file system of all memory that can be spared, for this many bytes at least.
func mountMemory(needed int64) error {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return err
	}
	room, err := spare(string(text))
	if err != nil {
		return err
	}
	if room <= 0 || room < needed {
		return fmt.Errorf("%w: %d MB are to be copied, and %d MB are free beside those that it runs in", errNoRoom, needed/1e6, max(room, 0)/1e6)
	}
	return mountAt(inMemory, "tmpfs", "tmpfs", 0, fmt.Sprintf("mode=755,size=%d", room))
}

// spare is how much of the memory that is free need not be kept for the system.
func spare(meminfo string) (bytes int64, err error) {
	for line := range strings.Lines(meminfo) {
		var free int64
		if n, _ := fmt.Sscanf(line, "MemAvailable: %d kB", &free); n == 1 {
			return free<<10 - reserve, nil
		}
	}
	return 0, errors.New("/proc/meminfo does not say how much memory is free")
}

// wanted are the layers that this machine can use: to copy or fetch the others would take time and
// memory for nothing. Those are told of, and listed in a file.
func wanted(all []layers.Layer) []layers.Layer {
	if hasNVIDIA() {
		return all
	}
	kept, list := []layers.Layer{}, ""
	for _, layer := range all {
		if !layer.ForGPUs() {
			kept = append(kept, layer)
			continue
		}
		kmsg.Say("%s is left out, for there is nothing of NVIDIA's on the PCI bus", layer.Name)
		list += layer.Name + "\n"
	}
	if list != "" {
		if err := os.WriteFile("/"+layers.LeftOut, []byte(list), 0o644); err != nil {
			kmsg.Say("%v", err)
		}
	}
	return kept
}

// hasNVIDIA tells whether there is a GPU of NVIDIA's, or an NVSwitch.
func hasNVIDIA() bool {
	files, _ := filepath.Glob("/sys/bus/pci/devices/*/vendor") // the pattern is good
	return slices.ContainsFunc(files, func(file string) bool {
		text, _ := os.ReadFile(file)
		return strings.TrimSpace(string(text)) == "0x10de"
	})
}

// toRAM copies what the system needs of a medium into memory, and lets go of the medium.
func (m medium) toRAM(all []layers.Layer) (source, error) {
	all = wanted(all)
	files, size, err := m.needed(all)
	if err != nil {
		return source{}, err
	}
	if err := mountMemory(size); err != nil {
		os.Remove("/" + layers.LeftOut) // they stay on the medium
		return source{}, err
	}
	for _, path := range files {
		if err := m.copy(path, all); err != nil {
			return source{}, err
		}
	}
	if err := unix.Unmount(m.point, 0); err != nil {
		return source{}, fmt.Errorf("%s: %w", m.point, err)
	}
	// where Alpine looks for what its packages and modules are on
	if err := unix.Mount(inMemory, m.point, "", unix.MS_MOVE, ""); err != nil {
		return source{}, fmt.Errorf("%s: %w", m.point, err)
	}
	kmsg.Say("all is in memory: the medium on %s may be taken away", m.device)
	return source{m.folder(), withoutTrees(all)}, nil
}

// more is what Alpine's system reads of a medium beside the layers: the packages, which apk knows
// by their signatures, and the kernel's modules, which OpenRC does.
var more = regexp.MustCompile(`^(apks/.*|boot/modloop-.*|\.alpine-release)$`)

// needed are the paths of the files to copy, and how large they are together.
func (m medium) needed(all []layers.Layer) (paths []string, size int64, err error) {
	return paths, size, fs.WalkDir(os.DirFS(m.point), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || layerAt(path, all) == nil && !more.MatchString(path) {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		paths, size = append(paths, path), size+info.Size()
		return nil
	})
}

// layerAt is the layer that is a file of a medium, nil where that is something else.
func layerAt(path string, all []layers.Layer) *layers.Layer {
	for i, layer := range all {
		if path == layers.Folder+"/"+layer.Name {
			return &all[i]
		}
	}
	return nil
}

func (m medium) copy(path string, all []layers.Layer) error {
	from, err := os.Open(filepath.Join(m.point, path))
	if err != nil {
		return err
	}
	defer from.Close()
	_, err = keep(path, func(to io.Writer) error {
		if layer := layerAt(path, all); layer != nil {
			return layer.Copy(to, from, from.Name())
		}
		_, err := io.Copy(to, from)
		return err
	})
	return err
}

// keep makes a file in memory, and says how much was written.
func keep(path string, write func(io.Writer) error) (written int64, err error) {
	path = filepath.Join(inMemory, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return 0, err
	}
	to, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	told := &progress{what: filepath.Base(path)}
	err = write(io.MultiWriter(to, told))
	return told.done, errors.Join(err, to.Close())
}

// withoutTrees are layers that were checked as a whole, so that their hash trees need not be.
func withoutTrees(all []layers.Layer) (checked []layers.Layer) {
	for _, layer := range all {
		layer.Verity = nil
		checked = append(checked, layer)
	}
	return checked
}
