// Package image tells what is in a finished ISO, read back from nothing but the ISO.
package image

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"bee/core/iso9660"
	"bee/core/manifest"
	"bee/iso/manifest/internal/memory"
	"bee/iso/manifest/internal/packages"
	"bee/iso/manifest/internal/program"
)

const releaseFile = "/etc/bee-release"

// mediumPackages has the packages that parts of the medium itself come from, such as boot
// loaders, in the form of the package manager's own database.
const mediumPackages = "/boot/packages"

// Contents is what is on an ISO: its manifest, and what a bill of materials says besides.
type Contents struct {
	Manifest manifest.Manifest
	// System is the distribution that the packages are of, and its release: debian-13.
	System string
	// Packages of the running system, and of the medium itself.
	Packages, MediumPackages []packages.Package
	// Layers are those of the manifest.
	Layers []Layer
	// SHA1 of the medium's files, by path.
	SHA1 map[string]string
	// Programs that Go compiled, by the path of the medium's file that they are in.
	Programs map[string]*program.Program
}

// Read reads the ISO at path; of its layers, those that the memory does not have. It
// calls progress before each step that takes a while.
func Read(path string, known memory.Memory, progress func(string)) (*Contents, error) {
	if _, err := iso9660.Check(path); err != nil {
		return nil, err
	}
	c := &Contents{
		Manifest: manifest.Manifest{SchemaVersion: manifest.SchemaVersion},
		SHA1:     map[string]string{},
		Programs: map[string]*program.Program{},
	}
	m := &c.Manifest
	progress("reading the medium")
	folder, err := os.MkdirTemp("", "manifest-medium-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	var reading errgroup.Group
	reading.Go(func() error {
		d, err := digest(path)
		m.ISO = manifest.Image{SizeBytes: d.size, SHA256: d.sha256}
		return err
	})
	reading.Go(func() (err error) {
		if err := extract(path, folder); err != nil {
			return err
		}
		m.Medium, err = list(folder, c.SHA1)
		return err
	})
	if err := reading.Wait(); err != nil {
		return nil, err
	}
	on := medium{folder, m.Medium, known, progress}
	base, err := baseOf(on)
	if err == nil {
		err = base.read(c, on)
	}
	if err == nil && m.Release == nil {
		err = errors.New("no layer has " + releaseFile)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	m.Packages = packages.Names(c.Packages)
	return c, nil
}

// addProgram adds what is in a file of the medium, where it is a program of Go's.
func (c *Contents) addProgram(file string, content []byte) {
	if p := program.Read(bytes.NewReader(content)); p != nil {
		c.Programs[file] = p
	}
}

// extract unpacks the medium into a folder.
func extract(iso, folder string) error {
	iso, err := filepath.Abs(iso) // xorriso takes some words for addresses of drives
	if err != nil {
		return err
	}
	out, err := exec.Command("xorriso", "-osirrox", "on:auto_chmod_off", "-report_about", "WARNING",
		"-indev", "stdio:"+iso, "-extract", "/", folder).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return errors.New("xorriso is not in PATH; the Debian package is called so, too")
	}
	if err != nil {
		return fmt.Errorf("%s: xorriso cannot read it: %w: %s", iso, err, bytes.TrimSpace(out))
	}
	return nil
}

// list lists the medium, and adds the SHA-1 of its files.
func list(folder string, sha1s map[string]string) (files []manifest.MediumFile, err error) {
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		f := manifest.MediumFile{Path: "/" + strings.TrimPrefix(path[len(folder):], "/"), Mode: fmt.Sprintf("%04o", info.Mode().Perm())}
		switch info.Mode().Type() {
		case fs.ModeDir:
			f.Type = "directory"
		case fs.ModeSymlink:
			f.Type = "symlink"
			f.Target, err = os.Readlink(path)
		default:
			f.Type = "file"
			var d digests
			d, err = digest(path)
			f.SizeBytes, f.SHA256, sha1s[f.Path] = &d.size, d.sha256, d.sha1
		}
		files = append(files, f)
		return err
	})
	slices.SortFunc(files, func(a, b manifest.MediumFile) int { return strings.Compare(a.Path, b.Path) })
	return files, err
}

// digests are of a file, in hexadecimal.
type digests struct {
	size         int64
	sha256, sha1 string
}

func digest(path string) (digests, error) {
	file, err := os.Open(path)
	if err != nil {
		return digests{}, err
	}
	defer file.Close()
	hash, hash1 := sha256.New(), sha1.New()
	size, err := io.Copy(io.MultiWriter(hash, hash1), file)
	return digests{size, hex.EncodeToString(hash.Sum(nil)), hex.EncodeToString(hash1.Sum(nil))}, err
}
