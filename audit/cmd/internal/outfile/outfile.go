// Package outfile writes files that are seen under their names only once they
// are whole.
package outfile

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// File is a place for a file.
type File struct {
	path    string
	pending *renameio.PendingFile // nil where path is not a regular file
}

// Create makes sure that a file can be written to path, before the long work
// begins. Call Close when done.
func Create(path string) (*File, error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	// A rename would replace a device or a pipe by a file: write into those.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		if info.IsDir() {
			return nil, fmt.Errorf("%s is a folder: give a file name", path)
		}
		return &File{path: path}, nil
	}
	pending, err := renameio.NewPendingFile(path, renameio.WithPermissions(0o644))
	if err != nil {
		return nil, err
	}
	return &File{path: path, pending: pending}, nil
}

// Write has the content written and gives the file its name.
func (f *File) Write(content func(io.Writer) error) error {
	if f.pending == nil {
		w, err := os.OpenFile(f.path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if err := content(w); err != nil {
			w.Close()
			return err
		}
		return w.Close()
	}
	if err := content(f.pending); err != nil {
		return err
	}
	return f.pending.CloseAtomicallyReplace()
}

// Close removes what was not written to its end.
func (f *File) Close() error {
	if f.pending == nil {
		return nil
	}
	return f.pending.Cleanup()
}
