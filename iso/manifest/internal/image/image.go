// Package image tells what is in a finished ISO, read back from nothing but the ISO.
package image

import (
	"bytes"
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

	"bee/core/beerelease"
	"bee/core/iso9660"
	"bee/core/manifest"
	"bee/iso/manifest/internal/memory"
)

const releaseFile = "/etc/bee-release"

// Read reads the ISO at path; of its layers, those that the memory does not have. It
// calls progress before each step that takes a while.
func Read(path string, known memory.Memory, progress func(string)) (*manifest.Manifest, error) {
	if _, err := iso9660.Check(path); err != nil {
		return nil, err
	}
	m := &manifest.Manifest{SchemaVersion: manifest.SchemaVersion}
	progress("reading the medium")
	folder, err := os.MkdirTemp("", "manifest-medium-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	var reading errgroup.Group
	reading.Go(func() (err error) {
		m.ISO.SizeBytes, m.ISO.SHA256, err = digest(path)
		return err
	})
	reading.Go(func() (err error) {
		if err := extract(path, folder); err != nil {
			return err
		}
		m.Medium, err = list(folder)
		return err
	})
	if err := reading.Wait(); err != nil {
		return nil, err
	}
	on := medium{folder, m.Medium, known, progress}
	base, err := baseOf(on)
	if err == nil {
		err = base.read(m, on)
	}
	if err == nil && m.Release == nil {
		err = errors.New("no layer has " + releaseFile)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// readRelease reads the release file of a layer, nil where it has none.
func readRelease(content func(string) ([]byte, error)) (map[string]string, error) {
	text, err := content(releaseFile)
	if err != nil || text == nil {
		return nil, err
	}
	return beerelease.Parse(string(text)), nil
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

func list(folder string) (files []manifest.MediumFile, err error) {
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
			f.SizeBytes = new(int64)
			*f.SizeBytes, f.SHA256, err = digest(path)
		}
		files = append(files, f)
		return err
	})
	slices.SortFunc(files, func(a, b manifest.MediumFile) int { return strings.Compare(a.Path, b.Path) })
	return files, err
}

func digest(path string) (size int64, sum string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, "", err
	}
	defer file.Close()
	hash := sha256.New()
	size, err = io.Copy(hash, file)
	return size, hex.EncodeToString(hash.Sum(nil)), err
}
