// Package image makes OCI images and serves them. Layers stay uncompressed:
// one blob then serves the registry and, as it is, the engine's own content
// store, and no time goes into compressing what never leaves the machine.
package image

import (
	"archive/tar"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A Tree is one folder of the host, and the place in the image where its
// content goes.
type Tree struct {
	From string    // folder on the host
	To   string    // absolute path in the image
	Only []string  // entries of From to take, all when empty
	Time time.Time // of every file, that of the layer when zero
}

// WriteLayer writes a tar of trees to path. Its bytes depend on names, content,
// links and the executable bit only: every entry is owned by root, has a mode
// of 0755 or 0644, and the time epoch or its tree's. A symbolic link at the top of a tree is
// followed, as distributions link parts of the Go tree.
func WriteLayer(path string, trees []Tree, epoch time.Time) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	writer := &layerWriter{tar: tar.NewWriter(file), made: map[string]bool{}}
	for _, tree := range trees {
		writer.time = epoch
		if !tree.Time.IsZero() {
			writer.time = tree.Time
		}
		if err := writer.tree(tree); err != nil {
			return err
		}
	}
	if err := writer.tar.Close(); err != nil {
		return err
	}
	return file.Close()
}

type layerWriter struct {
	tar  *tar.Writer
	time time.Time
	made map[string]bool // folders already written
}

func (w *layerWriter) tree(tree Tree) error {
	if err := w.folder(tree.To); err != nil {
		return err
	}
	only := tree.Only
	if len(only) == 0 {
		entries, err := os.ReadDir(tree.From)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			only = append(only, entry.Name())
		}
	}
	for _, name := range only {
		root, err := filepath.EvalSymlinks(filepath.Join(tree.From, name))
		if err != nil {
			return err
		}
		err = filepath.WalkDir(root, func(from string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			relative, err := filepath.Rel(root, from)
			if err != nil {
				return err
			}
			return w.entry(from, filepath.Join(tree.To, name, relative), entry)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *layerWriter) entry(from, to string, entry fs.DirEntry) error {
	switch entry.Type() {
	case fs.ModeDir:
		return w.folder(to)
	case fs.ModeSymlink:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return w.tar.WriteHeader(w.header(tar.TypeSymlink, to, 0o777, target, 0))
	case 0:
		file, err := os.Open(from)
		if err != nil {
			return err
		}
		defer file.Close()
		info, err := file.Stat()
		if err != nil {
			return err
		}
		mode := int64(0o644)
		if info.Mode()&0o111 != 0 {
			mode = 0o755
		}
		if err := w.tar.WriteHeader(w.header(tar.TypeReg, to, mode, "", info.Size())); err != nil {
			return err
		}
		if _, err := io.Copy(w.tar, file); err != nil {
			return fmt.Errorf("%s: %w", from, err)
		}
		return nil
	}
	return fmt.Errorf("%s is neither file, folder nor symbolic link", from)
}

// folder writes path and the folders above it, each once.
func (w *layerWriter) folder(path string) error {
	if path == "/" || w.made[path] {
		return nil
	}
	if err := w.folder(filepath.Dir(path)); err != nil {
		return err
	}
	w.made[path] = true
	return w.tar.WriteHeader(w.header(tar.TypeDir, path+"/", 0o755, "", 0))
}

func (w *layerWriter) header(kind byte, path string, mode int64, target string, size int64) *tar.Header {
	return &tar.Header{
		Typeflag: kind,
		Name:     strings.TrimPrefix(path, "/"),
		Linkname: target,
		Mode:     mode,
		Size:     size,
		ModTime:  w.time,
		Format:   tar.FormatPAX,
	}
}
