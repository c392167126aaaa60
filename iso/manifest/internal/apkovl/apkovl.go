// Package apkovl lists what is in an apkovl, the tar.gz that Alpine unpacks over its
// root when it boots.
package apkovl

import (
	"archive/tar"
	"bytes"
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

	"bee/core/manifest"
	"bee/iso/manifest/internal/layer"
)

// Image is an apkovl that was read.
type Image struct {
	// Files, sorted by path. Of several entries of one path the last one counts, as
	// when they are unpacked.
	Files []manifest.File

	name    string
	entries map[string]int // by path, which entry has the content
}

// Open reads the apkovl at name to its end.
func Open(name string) (*Image, error) {
	files, entries := map[string]manifest.File{}, map[string]int{}
	err := each(name, func(entry int, f manifest.File, content io.Reader) error {
		switch f.Type {
		case "file":
			hash := sha256.New()
			size, err := io.Copy(hash, content)
			if err != nil {
				return err
			}
			f.SizeBytes, f.SHA256 = &size, hex.EncodeToString(hash.Sum(nil))
		case hardLink:
			target := clean(f.Target)
			linked, found := files[target]
			if !found {
				return fmt.Errorf("a hard link to %s, which is not there before it", target)
			}
			linked.Path = f.Path
			f, entry = linked, entries[target]
		}
		files[f.Path], entries[f.Path] = f, entry
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	sorted := slices.SortedFunc(maps.Values(files), func(a, b manifest.File) int { return strings.Compare(a.Path, b.Path) })
	return &Image{sorted, name, entries}, nil
}

// Content returns the content of a regular file, or nil where there is none.
func (i *Image) Content(name string) (data []byte, err error) {
	wanted, found := i.entries[name]
	if !found {
		return nil, nil
	}
	err = each(i.name, func(entry int, f manifest.File, content io.Reader) (err error) {
		if entry == wanted && f.Type == "file" {
			if data, err = io.ReadAll(io.LimitReader(content, layer.MaxContent+1)); len(data) > layer.MaxContent {
				err = errors.New("too large to be read")
			}
		}
		return err
	})
	return data, err
}

// hardLink is a type that only entries have: of files it is another name.
const hardLink = "hard link"

var types = map[byte]string{
	tar.TypeDir: "directory", tar.TypeReg: "file", tar.TypeLink: hardLink, tar.TypeSymlink: "symlink",
	tar.TypeChar: "character device", tar.TypeBlock: "block device", tar.TypeFifo: "fifo",
}

// clean makes a path of a name in the archive.
func clean(name string) string { return path.Clean("/" + name) }

// each calls visit for every entry, in the order of the file.
func each(name string, visit func(entry int, f manifest.File, content io.Reader) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file) // of all members, one after the other
	if err != nil {
		return err
	}
	archive := tar.NewReader(unzipped)
	for entry := 0; ; entry++ {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			_, err := io.Copy(padding{}, unzipped) // to the checksum
			return err
		}
		if err != nil {
			return err
		}
		// its holes may be of any size, and busybox, which unpacks apkovls, knows none
		if h.PAXRecords["GNU.sparse.major"] != "" || h.PAXRecords["GNU.sparse.map"] != "" {
			return fmt.Errorf("%s: a sparse file", h.Name)
		}
		f := manifest.File{
			Path:   clean(h.Name),
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
		if err := visit(entry, f, archive); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
}

// padding takes what follows the end of the archive. A member that did not leave out
// its end would hide those after it from whatever unpacks the apkovl.
type padding struct{}

func (padding) Write(p []byte) (int, error) {
	if len(bytes.Trim(p, "\x00")) > 0 {
		return 0, errors.New("there is more behind the end of the archive, which nothing would unpack")
	}
	return len(p), nil
}
