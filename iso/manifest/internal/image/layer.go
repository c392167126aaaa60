package image

import (
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"bee/core/beerelease"
	"bee/core/manifest"
	"bee/core/vendorlist"
	"bee/iso/internal/squashfs"
	"bee/iso/manifest/internal/license"
	"bee/iso/manifest/internal/memory"
	"bee/iso/manifest/internal/packages"
	"bee/iso/manifest/internal/program"
)

// liveLayers are the squashfs images that lie over each other, in the order of their names.
const liveLayers = "/live/*.squashfs"

// Layer is what was read of one. It is kept as JSON: see memory.
type Layer struct {
	Files    []manifest.File
	SHA1     map[string]string             // of regular files, by path
	Programs map[string]*program.Program   // that Go compiled, by path
	Release  map[string]string             // nil where the layer has no such file
	Packages []packages.Package            // nil where the layer has no package database
	Owners   map[string]string             // path to package: see packages.Owners
	Licenses map[string]license.Expression // by package
	System   string                        // the distribution and its release, such as debian-13
	CUDA     string                        // version that gpu_burn was compiled with
	Glibc    string                        // version of the one that gpu_burn brings along
	Vendor   []vendorlist.Program          // programs of vendors that it brings
}

// readLayers adds the layers of a medium, and the release that the highest one tells.
func readLayers(c *Contents, on medium) error {
	names, err := on.find(liveLayers)
	if err != nil {
		return err
	}
	for _, name := range names {
		l, err := memory.Read(on.known, on.digest(name), func() (Layer, error) {
			return readLayer(on.open(name))
		})
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		c.add(name, l)
		if l.Release != nil {
			c.Manifest.Release = l.Release
		}
	}
	c.Manifest.VendorPrograms, err = vendorPrograms(c.Layers)
	return err
}

// vendorPrograms are those that layers list, as they are in the layers.
func vendorPrograms(layers []Layer) ([]manifest.VendorProgram, error) {
	var all []manifest.VendorProgram
	for _, l := range layers {
		for _, p := range l.Vendor {
			file := vendorlist.Folder + "/" + p.Name
			i := slices.IndexFunc(l.Files, func(f manifest.File) bool { return f.Path == file })
			if i < 0 || l.Files[i].SHA256 != p.SHA256 {
				return nil, fmt.Errorf("%s is not what %s beside it says", file, vendorlist.File)
			}
			all = append(all, manifest.VendorProgram{Name: p.Name, Version: p.Version, SizeBytes: *l.Files[i].SizeBytes, SHA256: p.SHA256})
		}
	}
	return all, nil
}

func (c *Contents) add(name string, l Layer) {
	c.Manifest.Layers = append(c.Manifest.Layers, manifest.Layer{Path: name, Files: l.Files})
	c.Layers = append(c.Layers, l)
}

const (
	osRelease    = "/usr/lib/os-release"
	gpuBurn      = "/usr/local/lib/gpu_burn/manifest.json"
	gpuBurnGlibc = "/usr/local/lib/gpu_burn/lib/libc.so.6"
)

// glibcVersion is in the text that libc.so.6 prints of itself.
var glibcVersion = regexp.MustCompile(`GNU C Library \([^)]*GLIBC ([^)]+)\)`)

func readLayer(path string) (Layer, error) {
	image, err := squashfs.Open(path)
	if err != nil {
		return Layer{}, err
	}
	defer image.Close()
	l := Layer{Files: image.Files, SHA1: image.SHA1, Programs: map[string]*program.Program{}}
	for _, f := range image.Files {
		if f.SizeBytes == nil || !executable(f.Mode) {
			continue
		}
		if p := program.Read(image.Section(f)); p != nil {
			l.Programs[f.Path] = p
		}
	}
	if l.Release, err = readRelease(image.Content, releaseFile); err != nil {
		return l, err
	}
	system, err := readRelease(image.Content, osRelease)
	if err != nil {
		return l, err
	}
	if system != nil {
		l.System = system["ID"] + "-" + system["VERSION_ID"]
	}
	if err := l.readGPUBurn(image); err != nil {
		return l, err
	}
	list, err := image.Content(vendorlist.File)
	if err != nil {
		return l, err
	}
	if l.Vendor, err = vendorlist.Parse(string(list)); err != nil {
		return l, err
	}
	return l, l.readPackages(image)
}

// executable tells whether a mode, such as 0755, lets anybody execute a file.
func executable(mode string) bool { return strings.ContainsAny(mode[1:], "1357") }

// readRelease reads a file in the form of /etc/os-release, nil where there is none.
func readRelease(content func(string) ([]byte, error), name string) (map[string]string, error) {
	text, err := content(name)
	if err != nil || text == nil {
		return nil, err
	}
	return beerelease.Parse(string(text)), nil
}

func (l *Layer) readGPUBurn(image *squashfs.Image) error {
	text, err := image.Content(gpuBurn)
	if err != nil || text == nil {
		return err
	}
	var known struct{ CUDA string }
	if err := json.Unmarshal(text, &known); err != nil {
		return fmt.Errorf("%s: %w", gpuBurn, err)
	}
	l.CUDA = known.CUDA
	glibc, err := image.Content(gpuBurnGlibc)
	if err != nil {
		return err
	}
	if version := glibcVersion.FindSubmatch(glibc); version != nil {
		l.Glibc = string(version[1])
	}
	return nil
}

// readPackages reads what dpkg has installed, where the layer has its database.
func (l *Layer) readPackages(image *squashfs.Image) error {
	status, err := image.Content(packages.DpkgStatus)
	if err != nil || status == nil {
		return err
	}
	if l.Packages, err = packages.Dpkg(status); err != nil {
		return fmt.Errorf("%s: %w", packages.DpkgStatus, err)
	}
	lists := map[string]string{}
	same := map[string]string{} // package to the one whose documents it has
	l.Licenses = map[string]license.Expression{}
	for _, f := range image.Files {
		list, isList := packages.ListOf(f.Path)
		of, isCopyright := license.CopyrightOf(f.Path)
		if !isList && !isCopyright {
			if f.Type == "symlink" && path.Dir(f.Path) == license.Documents {
				same[path.Base(f.Path)] = path.Base(f.Target)
			}
			continue
		}
		name := f.Path
		if f.Type == "symlink" { // to that of another package of one source
			name = path.Join(path.Dir(name), f.Target)
		}
		text, err := image.Content(name)
		if err != nil {
			return err
		}
		if isList {
			lists[list] = string(text)
		} else {
			l.Licenses[of] = license.Copyright(string(text))
		}
	}
	for of, other := range same {
		if known, found := l.Licenses[other]; found {
			l.Licenses[of] = known
		}
	}
	l.Owners = packages.Owners(lists, image.Files)
	return nil
}
