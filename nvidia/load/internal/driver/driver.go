// Package driver loads the NVIDIA driver that is in the image.
package driver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"bee/core/pci"
	"bee/nvidia/internal/fabric"
	"bee/nvidia/load/internal/flavour"
	"bee/nvidia/load/internal/module"
	"bee/nvidia/load/internal/node"
)

// What is in the image, and where the kernel is told of it.
const (
	dir             = "/usr/local/lib/nvidia"
	firmware        = dir + "/firmware"
	certificate     = dir + "/module-certificate.der" // where the modules are signed
	firmwareSetting = "/sys/module/firmware_class/parameters/path"
	persistenced    = "/usr/local/bin/nvidia-persistenced"
	driverGPUs      = "/proc/driver/nvidia/gpus"
)

const (
	modprobeLimit = 20 * time.Second
	// nvidia-persistenced sets up one GPU after the other before it goes into the
	// background: a minute, where there are many.
	persistencedLimit = 2 * time.Minute
)

// Kernel is what loading takes of the kernel; package kernel has the real one.
type Kernel interface {
	Release() (string, error)
	Insert(path string) (log []string, err error)
	Remove(module string) error
	MakeNode(path string, major, minor uint32) (made bool, err error)
	Open(path string) (io.Closer, error)
	Run(ctx context.Context, limit time.Duration, program string, args ...string) error
}

// Loader loads the driver.
type Loader struct {
	Root   string // directory of the file system
	Kernel Kernel
	Say    func(format string, args ...any) // called for each line but the last
}

// Load loads the driver, if there are a GPU and a driver for it. The summary says
// what was loaded, or why there was nothing to load; the error why a driver that
// should be loaded is not.
func (l *Loader) Load(ctx context.Context) (summary string, err error) {
	all, err := pci.GPUs(os.DirFS(l.Root))
	if err != nil {
		return "", fmt.Errorf("no driver loaded: %w", err)
	}
	if len(all) == 0 {
		return "no NVIDIA GPU on the PCI bus, nothing to load", nil
	}
	wish := l.wish()
	if wish == off {
		return fmt.Sprintf("%s, but %soff is on the kernel command line: no driver loaded", count(len(all)), option), nil
	}
	var image []flavour.Flavour
	for _, f := range []flavour.Flavour{flavour.Open, flavour.Proprietary} {
		if _, err := os.Stat(module.File(l.path(dir, string(f)), module.Driver)); err == nil {
			image = append(image, f)
		}
	}
	if len(image) == 0 {
		return fmt.Sprintf("%s, but no NVIDIA driver in this image", count(len(all))), nil
	}
	free := l.withoutForeign(all)
	if len(free) == 0 {
		return "no driver loaded: other drivers have all GPUs", nil
	}
	f, gpus := l.choose(free, image, wish)
	if len(gpus) == 0 {
		return fmt.Sprintf("no driver loaded: none in this image is for %s", count(len(free))), nil
	}

	modules, err := l.modules(f)
	if err != nil {
		return "", fmt.Errorf("no driver loaded: %w", err)
	}
	version := modules[module.Find(modules, module.Driver)].Version
	l.Say("loading driver %s (%s)", version, f)
	l.takeFromNouveau(gpus)
	l.setFirmwarePath()
	loaded, err := l.insert(ctx, modules)
	if err != nil {
		return "", fmt.Errorf("no driver loaded: %w", err)
	}
	nodes := l.makeNodes(loaded)
	release := l.setUp(nodes)
	l.startPersistence(ctx)
	release()
	l.fabric(version)

	summary = fmt.Sprintf("driver %s (%s) loaded for %s", version, f, l.taken(gpus, len(all)))
	if !slices.Contains(loaded, module.UVM) {
		return "", fmt.Errorf("%s, but without %s: no CUDA program runs", summary, module.UVM)
	}
	return summary, nil
}

// withoutForeign leaves out the GPUs that a driver has which knows why, such as
// vfio-pci.
func (l *Loader) withoutForeign(gpus []pci.GPU) []pci.GPU {
	var left []pci.GPU
	for _, g := range gpus {
		switch g.Driver {
		case "", "nvidia", "nouveau":
			left = append(left, g)
		default:
			l.Say("%v is left to driver %s, which has it", g, g.Driver)
		}
	}
	return left
}

// choose decides on one of the flavours in the image, the one wished for, else the
// one that drives most of the GPUs, and returns those that it is for.
func (l *Loader) choose(gpus []pci.GPU, image []flavour.Flavour, wish flavour.Flavour) (f flavour.Flavour, chosen []pci.GPU) {
	f = wish
	if f == "" {
		var devices []uint16
		for _, g := range gpus {
			devices = append(devices, g.Device)
		}
		f = flavour.Best(devices)
	}
	if !slices.Contains(image, f) {
		l.Say("the %s modules are not in this image", f)
		f = f.Other()
	}
	fate := "is left out"
	if f == wish {
		fate = "may not work" // a wish is tried against the table, which is not the last word
	}
	for _, g := range gpus {
		drives := f.Drives(g.Device)
		if drives || f == wish {
			chosen = append(chosen, g)
		}
		switch generation := flavour.Of(g.Device); {
		case drives:
		case len(generation.Flavours) == 0:
			l.Say("%v %s: it is %s, which this driver no longer drives", g, fate, generation.Name)
		default:
			l.Say("%v %s: it is %s, which only the %s modules drive", g, fate, generation.Name, f.Other())
		}
	}
	return f, chosen
}

// modules reads the modules of a flavour, in the order in which to load them.
func (l *Loader) modules(f flavour.Flavour) ([]module.Module, error) {
	folder := l.path(dir, string(f))
	all, err := module.Read(folder)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{module.Driver, module.UVM} {
		if module.Find(all, name) < 0 {
			return nil, fmt.Errorf("%s is missing: build the ISO anew", module.File(folder, name))
		}
	}
	release, err := l.Kernel.Release()
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		if m.Kernel() != release {
			return nil, fmt.Errorf("driver for another kernel: %s is for %s, but %s runs: build the ISO anew, with the headers of its kernel", m.Path, m.Kernel(), release)
		}
	}
	return module.Order(all)
}

// takeFromNouveau frees the GPUs that the kernel's own driver has.
func (l *Loader) takeFromNouveau(gpus []pci.GPU) {
	found := false
	for _, g := range gpus {
		if g.Driver != "nouveau" {
			continue
		}
		found = true
		if err := l.unbind(g); err != nil {
			l.Say("%v stays with nouveau: %v: boot with nouveau.modeset=0", g, err)
		} else {
			l.Say("%v is taken from nouveau", g)
		}
	}
	if !found {
		return
	}
	if err := l.Kernel.Remove("nouveau"); err != nil {
		l.Say("module nouveau stays: %v", err)
	}
}

// unbind takes a GPU away from the driver that has it.
func (l *Loader) unbind(g pci.GPU) error {
	f, err := os.OpenFile(l.path("/sys/bus/pci/drivers", g.Driver, "unbind"), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(g.Address)
	return errors.Join(err, f.Close())
}

// setFirmwarePath tells the kernel of the firmware in the image: on Alpine the
// modloop hides what is added to /lib/firmware.
func (l *Loader) setFirmwarePath() {
	// Not os.WriteFile, which would make the file where there is no such setting.
	f, err := os.OpenFile(l.path(firmwareSetting), os.O_WRONLY|os.O_TRUNC, 0)
	if err == nil {
		// without a line end, which some kernels take for a part of the path
		_, err = f.WriteString(l.path(firmware))
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		l.Say("the kernel does not look for firmware in %s: %v", firmware, err)
	}
}

// insert loads the modules, and those of the kernel's that they need. It returns
// the names of those that are loaded, an error where the driver itself is not.
func (l *Loader) insert(ctx context.Context, modules []module.Module) (loaded []string, err error) {
	foreign := map[string]error{} // the outcome of each
	for _, name := range module.Foreign(modules) {
		foreign[name] = l.Kernel.Run(ctx, modprobeLimit, "modprobe", name)
	}
	loaded = l.present()
	for _, m := range modules {
		missing := func(need string) bool {
			if err, ok := foreign[need]; ok {
				// What modprobe does not find may be in the kernel: the kernel will
				// tell, except that InfiniBand is not everywhere.
				return err != nil && m.Name == module.Peermem
			}
			return !slices.Contains(loaded, need)
		}
		if slices.Contains(loaded, m.Name) {
			l.Say("module %s is loaded already", m.Name)
		} else if i := slices.IndexFunc(m.Depends, missing); i >= 0 {
			l.Say("module %s is not loaded: it needs %s, which is not", m.Name, m.Depends[i])
		} else if err := l.insertOne(m, foreign); err == nil {
			loaded = append(loaded, m.Name)
		} else if m.Name == module.Driver {
			return nil, err
		} else {
			l.Say("%v", err)
		}
	}
	return loaded, nil
}

// insertOne loads a module. It says what the kernel says before it returns an error.
func (l *Loader) insertOne(m module.Module, foreign map[string]error) error {
	log, err := l.Kernel.Insert(m.Path)
	if err == nil || errors.Is(err, unix.EEXIST) {
		return nil
	}
	if m.Name == module.Peermem {
		// Most kernels lack what it needs.
		return fmt.Errorf("module %s is not loaded: %w; only GPUDirect RDMA needs it", m.Name, err)
	}
	for _, need := range m.Depends {
		if foreign[need] != nil {
			l.Say("module %s needs %s: %v", m.Name, need, foreign[need])
		}
	}
	for _, reason := range m.Reasons(log) {
		l.Say("kernel: %s", reason)
	}
	_, unsigned := os.Stat(l.path(certificate))
	return m.Refusal(err, unsigned == nil)
}

// present lists the modules that the kernel has.
func (l *Loader) present() []string {
	text, _ := os.ReadFile(l.path("/proc/modules"))
	var names []string
	for line := range strings.Lines(string(text)) {
		name, _, _ := strings.Cut(line, " ")
		names = append(names, name)
	}
	return names
}

func (l *Loader) makeNodes(loaded []string) []node.Node {
	nodes, err := node.Wanted(l.Root, slices.Contains(loaded, module.Modeset), slices.Contains(loaded, module.UVM))
	if err != nil {
		l.Say("device nodes are missing: %v", err)
	}
	for _, n := range nodes {
		if _, err := l.Kernel.MakeNode(n.Path, n.Major, n.Minor); err != nil {
			l.Say("device node is missing: %v", err)
		}
	}
	return nodes
}

// setUp has the driver set up all GPUs at once, as far as it lets several in at a time: it does
// so when a GPU's node is opened, and nvidia-persistenced would open one after the other. They
// stay set up for as long as they are open.
func (l *Loader) setUp(nodes []node.Node) (release func()) {
	nodes = slices.DeleteFunc(slices.Clone(nodes), func(n node.Node) bool { return n.GPU == "" })
	opened := make([]io.Closer, len(nodes))
	said := make([]string, len(nodes))
	var all sync.WaitGroup
	for i, n := range nodes {
		all.Go(func() {
			start := time.Now()
			f, err := l.Kernel.Open(n.Path)
			if err != nil {
				said[i] = fmt.Sprintf("GPU %s cannot be set up: %v, see dmesg", n.GPU, err)
				return
			}
			opened[i] = f
			said[i] = fmt.Sprintf("GPU %s was set up in %.1f s", n.GPU, time.Since(start).Seconds())
		})
	}
	all.Wait()
	for _, line := range said {
		l.Say("%s", line)
	}
	return func() {
		for _, f := range opened {
			if f != nil {
				f.Close()
			}
		}
	}
}

// startPersistence keeps the driver's state between programs: else it would set up
// every GPU anew for each.
func (l *Loader) startPersistence(ctx context.Context) {
	program := l.path(persistenced)
	if _, err := os.Stat(program); err != nil {
		return
	}
	if err := l.Kernel.Run(ctx, persistencedLimit, program); err != nil {
		l.Say("no persistence mode, so programs are slow to start: %v", err)
	}
}

// fabric says what is missing where there are NVSwitches and nobody to set them up.
func (l *Loader) fabric(version string) {
	need, err := fabric.Of(l.Root)
	if err != nil || need == nil {
		return
	}
	if missing := need.Missing(l.Root, version); missing != "" {
		l.Say("%s, and CUDA may not start: %s", need.Switches, missing)
	}
}

// taken says how many of all GPUs the driver took, after a line on each of those
// for which it was chosen that it did not take.
func (l *Loader) taken(gpus []pci.GPU, all int) string {
	entries, _ := os.ReadDir(l.path(driverGPUs))
	for _, g := range gpus {
		has := func(e os.DirEntry) bool { return e.Name() == g.Address }
		if !slices.ContainsFunc(entries, has) {
			l.Say("%v was not taken by the driver, see dmesg", g)
		}
	}
	if len(entries) == all {
		return count(all)
	}
	return fmt.Sprintf("%d of %s", len(entries), count(all))
}

func (l *Loader) path(parts ...string) string {
	return filepath.Join(append([]string{l.Root}, parts...)...)
}

func count(gpus int) string {
	if gpus == 1 {
		return "1 NVIDIA GPU"
	}
	return fmt.Sprintf("%d NVIDIA GPUs", gpus)
}
