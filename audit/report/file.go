package report

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// Write writes the report as indented JSON.
func (r *Report) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// Read reads the report in a file.
func Read(path string) (*Report, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var r Report
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fmt.Errorf("%s is not an audit report: %w", path, err)
	}
	if r.SchemaVersion == "" {
		return nil, fmt.Errorf("%s is not an audit report: it has no schema_version", path)
	}
	return &r, nil
}

// File is a place for a report. Nothing is seen under its name until the whole
// report is written.
type File struct {
	path    string
	pending *renameio.PendingFile // nil where path is not a regular file
}

// Create makes sure that a report can be written to path, before the long work
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

// Write writes the report and gives the file its name.
func (f *File) Write(r *Report) error {
	if f.pending == nil {
		w, err := os.OpenFile(f.path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if err := r.Write(w); err != nil {
			w.Close()
			return err
		}
		return w.Close()
	}
	if err := r.Write(f.pending); err != nil {
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
