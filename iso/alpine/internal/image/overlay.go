package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"chainguard.dev/apko/pkg/apk/apk"

	"bee/core/layers"
	"bee/iso/alpine/internal/initramfs"
	"bee/iso/alpine/internal/repository"
	"bee/iso/alpine/internal/resolve"
)

const (
	// overlayImage is an initramfs with overlayName at its root.
	overlayImage = "boot/bee.img"
	overlayName  = "bee.apkovl.tar.gz"
	// what of the overlay is looked at
	worldFile = "etc/apk/world"
	liveFile  = "usr/local/lib/bee/live"

	maxKept = 1 << 20 // bytes
)

// besides is what init installs besides world: openssl where the initramfs has a signature of the
// modloop. Where that is not to be had, it is in the world all the same, and iso/live misses it.
var besides = []string{"alpine-base", "openssl"}

// checkOverlay checks the overlay, and that what its world names can be installed.
func (m *medium) checkOverlay(ctx context.Context, index *repository.Index) {
	// init takes it where the command line names no other, of any disk
	others, _ := filepath.Glob(m.path("*.apkovl.tar.gz*")) // the pattern is good
	for _, other := range others {
		m.wrong(filepath.Base(other), "an overlay that is not the initramfs's")
	}
	if !m.exists(overlayImage) {
		m.wrong(overlayImage, "not there")
		return
	}
	files, err := initramfs.Read(m.path(overlayImage), func(name string) bool { return name == overlayName })
	if err != nil {
		m.wrong(overlayImage, "%s", strings.TrimPrefix(err.Error(), m.path(overlayImage)+": "))
		return
	}
	if files[overlayName] == nil {
		m.wrong(overlayImage, "no %s in it", overlayName)
		return
	}
	contents, err := m.readOverlay(files[overlayName])
	if err != nil {
		m.wrong(overlayName, "not whole: %v", err)
		return
	}
	for _, name := range []string{worldFile, layers.File, liveFile} {
		if _, found := contents[name]; !found {
			m.wrong(overlayName, "no %s in it", name)
		}
	}
	// with an overlay, init starts services of its own only if asked to
	if _, found := contents["etc/.default_boot_services"]; found {
		m.wrong(overlayName, "etc/.default_boot_services in it: init would start services of its own")
	}
	if list, found := contents[layers.File]; found {
		m.checkLayers(list)
	}
	if world, found := contents[worldFile]; found && len(index.Packages()) > 0 { // else it was said already
		m.checkWorld(ctx, overlayName, strings.Fields(world), index)
	}
}

// readOverlay reads all of the overlay: names of all entries, with the content of those that
// are looked at. Owners are checked on the way.
func (m *medium) readOverlay(overlay []byte) (map[string]string, error) {
	zip, err := gzip.NewReader(bytes.NewReader(overlay)) // reads all members, one after the other
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
			m.wrong(overlayName, "%s in it belongs to %d:%d, not to root", path, header.Uid, header.Gid)
		}
		contents[path] = ""
		if path == liveFile && header.Mode&0o111 == 0 {
			m.wrong(overlayName, "%s in it cannot be started: its mode is %04o", path, header.Mode)
		}
		if path == worldFile || path == layers.File {
			if header.Size > maxKept {
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

// checkLayers checks that the medium has the layers of a list, and no others.
func (m *medium) checkLayers(list string) {
	all, err := layers.Parse(layers.File, list)
	if err != nil {
		m.wrong(overlayName, "%v", err)
		return
	}
	known := map[string]bool{}
	for _, layer := range all {
		known[layer.Name] = true
		if err := layers.Check([]layers.Layer{layer}, m.path(layers.Folder)); err != nil {
			m.wrong(layers.Folder+"/"+layer.Name, "%s", strings.TrimPrefix(err.Error(), m.path(layers.Folder+"/"+layer.Name)+" "))
		}
	}
	there, _ := filepath.Glob(m.path(layers.Folder + "/*.squashfs")) // the pattern is good
	for _, path := range there {
		if name := filepath.Base(path); !known[name] {
			m.wrong(layers.Folder+"/"+name, "not in %s of the overlay", layers.File)
		}
	}
}

// checkBoot checks what the boot loaders hand over, so that the overlay, the program that it
// starts, and the medium are those of this ISO.
func (m *medium) checkBoot() {
	for _, name := range []string{"boot/grub/grub.cfg", "boot/syslinux/syslinux.cfg"} {
		text := string(m.read(name))
		if text == "" {
			continue
		}
		words := strings.Fields(strings.ReplaceAll(text, ",", " ")) // of SYSLINUX's list of initramfs
		for _, want := range []string{"/" + overlayImage, "apkovl=/" + overlayName, "init=/" + liveFile} {
			if !slices.Contains(words, want) {
				m.wrong(name, "no %s in it", want)
			}
		}
		i := slices.IndexFunc(words, func(word string) bool { return strings.HasPrefix(word, "bee.id=") })
		if i < 0 {
			m.wrong(name, "no bee.id= in it")
		} else if file := layers.Folder + "/" + strings.TrimPrefix(words[i], "bee.id="); !m.exists(file) {
			m.wrong(name, "%s, but there is no /%s", words[i], file)
		}
	}
}

// checkWorld notes each name that cannot be installed on its own; where all can,
// it tries them together. init skips what it cannot install, and boots.
func (m *medium) checkWorld(ctx context.Context, name string, world []string, index *repository.Index) {
	world = append(world, besides...)
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
