package image

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"chainguard.dev/apko/pkg/apk/apk"

	"bee/iso/alpine/internal/repository"
	"bee/iso/alpine/internal/resolve"
)

const (
	worldFile = "etc/apk/world"
	maxWorld  = 1 << 20 // bytes
	// base is what init installs besides world.
	base = "alpine-base"
)

// checkOverlay checks the overlay, and that what its world names can be installed.
func (m *medium) checkOverlay(ctx context.Context, index *repository.Index) {
	const pattern = "*.apkovl.tar.gz"
	files, err := filepath.Glob(m.path(pattern))
	if err != nil || len(files) != 1 {
		m.wrong("/", "%d overlays (%s), but one is expected", len(files), pattern)
		return
	}
	name := filepath.Base(files[0])
	contents, err := m.readOverlay(name)
	if err != nil {
		m.wrong(name, "not whole: %v", err)
		return
	}
	// with an overlay, init starts the services that a system needs only if asked to
	if !slices.ContainsFunc(slices.Collect(maps.Keys(contents)), func(file string) bool {
		return file == "etc/.default_boot_services" || strings.HasPrefix(file, "etc/runlevels/sysinit/")
	}) {
		m.wrong(name, "neither etc/.default_boot_services nor a service in etc/runlevels/sysinit in it: nothing starts what a system needs")
	}
	world, found := contents[worldFile]
	if !found {
		m.wrong(name, "no %s in it", worldFile)
		return
	}
	if len(index.Packages()) > 0 { // else it was said already
		m.checkWorld(ctx, name, strings.Fields(world), index)
	}
}

// readOverlay reads all of the overlay: names of all entries, with content for
// world. Owners are checked on the way.
func (m *medium) readOverlay(name string) (map[string]string, error) {
	file, err := os.Open(m.path(name))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	zip, err := gzip.NewReader(file) // reads all members, one after the other
	if err != nil {
		return nil, err
	}
	contents := map[string]string{}
	for archive := tar.NewReader(zip); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		path := strings.TrimSuffix(strings.TrimPrefix(header.Name, "./"), "/")
		if header.Uid != 0 || header.Gid != 0 {
			m.wrong(name, "%s in it belongs to %d:%d, not to root", path, header.Uid, header.Gid)
		}
		contents[path] = ""
		if path == worldFile {
			if header.Size > maxWorld {
				return nil, fmt.Errorf("%s has %d bytes", path, header.Size)
			}
			text, err := io.ReadAll(archive)
			if err != nil {
				return nil, err
			}
			contents[path] = string(text)
		}
	}
	// what follows the archive's end is still part of the checksum
	if _, err := io.Copy(io.Discard, zip); err != nil {
		return nil, err
	}
	if len(contents) == 0 {
		return nil, errors.New("no file in it")
	}
	return contents, nil
}

// checkWorld notes each name that cannot be installed on its own; where all can,
// it tries them together. init skips what it cannot install, and boots.
func (m *medium) checkWorld(ctx context.Context, name string, world []string, index *repository.Index) {
	world = append(world, base)
	indexes := []apk.NamedIndex{index}
	alone := true
	for _, wanted := range world {
		if strings.HasPrefix(wanted, "!") {
			continue
		}
		if _, err := resolve.Install(ctx, indexes, []string{wanted}); err != nil {
			m.wrong(name, "%s of world cannot be installed from the medium: %s", wanted, oneLine(err))
			alone = false
		}
	}
	if !alone {
		return
	}
	if _, err := resolve.Install(ctx, indexes, world); err != nil {
		m.wrong(name, "world cannot be installed from the medium: %s", oneLine(err))
	}
}

func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
