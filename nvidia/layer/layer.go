// Package layer checks the NVIDIA layer of an ISO and says what is in it.
//
// A layer that passes fits together: every module is for the same kernel, every
// symbol that it needs is there with the type that it was compiled with, and
// modules, libraries, firmware and nvidia-smi are of one version.
package layer

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"bee/nvidia/kmod"
	"bee/nvidia/symvers"
)

// SchemaVersion is the version of the manifest's format. A field that goes or
// changes its meaning raises it; a new one does not.
const SchemaVersion = 1

// Home is the folder of the layer that holds the modules, in one folder for each
// flavour, and the firmware.
const Home = "usr/local/lib/nvidia"

// Manifest says what a layer holds. Equal layers have equal manifests.
type Manifest struct {
	SchemaVersion int `json:"schema_version"`
	// Driver is the version of NVIDIA's driver.
	Driver string `json:"driver"`
	// Origin is where it came from: debian, or run for NVIDIA's installer.
	Origin string `json:"origin"`
	// Kernel that the modules are for, as uname -r says it.
	Kernel string `json:"kernel"`
	// Files of the layer, sorted by path.
	Files []File `json:"files"`
}

// File is a file or symbolic link of the layer.
type File struct {
	Path string `json:"path"`
	// Target of a symbolic link.
	Target    string `json:"target,omitempty"`
	SizeBytes int64  `json:"size_bytes,omitempty"`
	SHA256    string `json:"sha256,omitempty"`
	// Flavour of a kernel module: open or proprietary.
	Flavour string `json:"flavour,omitempty"`
	// Vermagic of a kernel module: the kernel, and what it has to share with it.
	Vermagic string `json:"vermagic,omitempty"`
	// License of a kernel module, as it tells the kernel.
	License string `json:"license,omitempty"`
	// Depends are the modules that a kernel module needs.
	Depends []string `json:"depends,omitempty"`
}

// Expected is what a layer has to be.
type Expected struct {
	Driver, Origin, Kernel string
	// Symvers is a folder with one for each flavour, in which kernel.symvers says
	// what the kernel exports, and Module.symvers what the flavour's modules do.
	Symvers string
}

// Check reads the layer in a folder. The error names all that is wrong with it.
func Check(dir string, want Expected) (*Manifest, error) {
	m := &Manifest{SchemaVersion: SchemaVersion, Driver: want.Driver, Origin: want.Origin, Kernel: want.Kernel}
	modules := map[string]map[string]*kmod.Module{} // by flavour and path
	var wrong []error
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		f, err := read(dir, path, entry)
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, ".ko") {
			module, err := kmod.Open(path)
			if err != nil {
				return err
			}
			f.Flavour = filepath.Base(filepath.Dir(path))
			f.Vermagic, f.License, f.Depends = module.Vermagic, module.License, module.Depends
			if modules[f.Flavour] == nil {
				modules[f.Flavour] = map[string]*kmod.Module{}
			}
			modules[f.Flavour][f.Path] = module
		}
		m.Files = append(m.Files, f)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(modules) == 0 {
		return nil, fmt.Errorf("%s: no kernel module below %s", dir, Home)
	}
	for _, flavour := range slices.Sorted(maps.Keys(modules)) {
		exports, err := symvers.Read(filepath.Join(want.Symvers, flavour, "kernel.symvers"),
			filepath.Join(want.Symvers, flavour, "Module.symvers"))
		if err != nil {
			return nil, err
		}
		for _, path := range slices.Sorted(maps.Keys(modules[flavour])) {
			wrong = append(wrong, checkModule(path, modules[flavour][path], want, exports))
		}
	}
	wrong = append(wrong, checkUserland(dir, m.Files, want.Driver))
	return m, errors.Join(wrong...)
}

func read(dir, path string, entry fs.DirEntry) (File, error) {
	name, err := filepath.Rel(dir, path)
	if err != nil {
		return File{}, err
	}
	f := File{Path: "/" + name}
	if entry.Type()&fs.ModeSymlink != 0 {
		f.Target, err = os.Readlink(path)
		return f, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return File{}, err
	}
	sum := sha256.Sum256(data)
	f.SizeBytes, f.SHA256 = int64(len(data)), hex.EncodeToString(sum[:])
	return f, nil
}

// maxSymbols is how many symbols of one module an error names.
const maxSymbols = 5

func checkModule(path string, m *kmod.Module, want Expected, exports map[string]symvers.Export) error {
	var wrong []error
	if m.Kernel() != want.Kernel {
		wrong = append(wrong, fmt.Errorf("%s is for kernel %s, but the ISO's is %s", path, m.Kernel(), want.Kernel))
	}
	if m.Version != want.Driver {
		wrong = append(wrong, fmt.Errorf("%s is of driver %s, but the programs are of %s", path, m.Version, want.Driver))
	}
	var missing, differing []string
	for _, i := range m.Imports {
		export, found := exports[i.Name]
		switch {
		case !found && !i.Weak:
			missing = append(missing, i.Name)
		case found && i.CRC != export.CRC:
			differing = append(differing, i.Name)
		}
	}
	if len(missing) > 0 {
		wrong = append(wrong, fmt.Errorf("%s needs %d symbols that neither kernel %s nor another module has: %s",
			path, len(missing), want.Kernel, some(missing)))
	}
	if len(differing) > 0 {
		wrong = append(wrong, fmt.Errorf("%s was built with another type of %d symbols than kernel %s and its modules have: %s",
			path, len(differing), want.Kernel, some(differing)))
	}
	return errors.Join(wrong...)
}

func some(names []string) string {
	if len(names) > maxSymbols {
		return strings.Join(names[:maxSymbols], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}

// library matches the name of one of the driver's libraries, which ends in the
// driver's version.
var library = regexp.MustCompile(`^(lib[^/]*)\.so\.(\d+\.\d[\d.]*)$`)

// checkUserland checks that programs, libraries and firmware are of one version.
func checkUserland(dir string, files []File, driver string) error {
	var wrong []error
	found := map[string]bool{}
	for _, f := range files {
		name := filepath.Base(f.Path)
		found[name] = true
		switch match := library.FindStringSubmatch(name); {
		case match != nil && match[2] != driver:
			wrong = append(wrong, fmt.Errorf("%s is of driver %s, but nvidia-smi is of %s", f.Path, match[2], driver))
		case f.Target != "":
			if _, err := os.Stat(filepath.Join(dir, f.Path)); err != nil {
				wrong = append(wrong, fmt.Errorf("%s leads to %s, which is not there", f.Path, f.Target))
			}
		case name == "nvidia-smi":
			data, err := os.ReadFile(filepath.Join(dir, f.Path))
			if err != nil {
				return err
			}
			if !bytes.Contains(data, []byte(driver)) {
				wrong = append(wrong, fmt.Errorf("%s is not of driver %s: it does not hold that version", f.Path, driver))
			}
		}
	}
	for _, name := range []string{"nvidia-smi", "libnvidia-ml.so.1", "libcuda.so.1"} {
		if !found[name] {
			wrong = append(wrong, fmt.Errorf("there is no %s", name))
		}
	}
	return errors.Join(wrong...)
}
