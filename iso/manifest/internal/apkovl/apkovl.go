// Package apkovl lists what is in an apkovl, the tar.gz that Alpine unpacks over its
// root when it boots.
package apkovl

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"bee/iso/manifest/internal/layer"
)

// Image is an apkovl that was read.
type Image struct {
	// Files, sorted by path. Of several entries of one path the last one counts, as
	// when they are unpacked.
	Files []layer.File

	name string
}

// Open reads the apkovl at name to its end.
func Open(name string) (*Image, error) {
	files := map[string]layer.File{}
	err := each(name, func(f layer.File, content io.Reader) error {
		if f.Type == "file" {
			hash := sha256.New()
			size, err := io.Copy(hash, content)
			if err != nil {
				return err
			}
			f.SizeBytes, f.SHA256 = &size, hex.EncodeToString(hash.Sum(nil))
		}
		files[f.Path] = f
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	sorted := slices.SortedFunc(maps.Values(files), func(a, b layer.File) int { return strings.Compare(a.Path, b.Path) })
	return &Image{Files: sorted, name: name}, nil
}

// Content returns the content of a regular file, or nil where there is none.
func (i *Image) Content(name string) (data []byte, err error) {
	err = each(i.name, func(f layer.File, content io.Reader) error {
		if f.Path != name {
			return nil
		}
		data = nil
		if f.Type == "file" {
			data, err = io.ReadAll(content)
		}
		return err
	})
	return data, err
}

var types = map[byte]string{
	tar.TypeDir: "directory", tar.TypeReg: "file", tar.TypeSymlink: "symlink",
	tar.TypeChar: "character device", tar.TypeBlock: "block device", tar.TypeFifo: "fifo",
}

// each calls visit for every entry, in the order of the file.
func each(name string, visit func(layer.File, io.Reader) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	archive := tar.NewReader(unzipped)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			_, err := io.Copy(io.Discard, unzipped) // to the checksum
			return err
		}
		if err != nil {
			return err
		}
		f := layer.File{
			Path:   path.Clean("/" + h.Name),
			Type:   types[h.Typeflag],
			Mode:   fmt.Sprintf("%04o", h.Mode&0o7777),
			UID:    h.Uid,
			GID:    h.Gid,
			Target: h.Linkname,
		}
		switch f.Type {
		case "":
			return fmt.Errorf("%s: an entry of type %q, which this program does not know", h.Name, h.Typeflag)
		case "character device", "block device":
			f.Device = fmt.Sprintf("%d:%d", h.Devmajor, h.Devminor)
		}
		if err := visit(f, archive); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
}
