// Package whole puts files where they belong when they are whole, and not before: what was
// there stays until then.
package whole

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// part is the folder inside the one that is filled, so that both are on one file system,
// where new files wait until all are there.
const part = ".part"

// Source is what a folder is filled from.
type Source interface {
	// Export writes all of it into a folder.
	Export(ctx context.Context, folder string) error
	// Size is how many bytes it has.
	Size(ctx context.Context) (int64, error)
	// Contents is the text of one of its files.
	Contents(ctx context.Context, name string) (string, error)
}

// Folder exports a source into a new folder, and moves what is there then into the folder
// of the path, in place of what has the same name. Each check looks at the new folder first.
func Folder(ctx context.Context, path string, from Source, checks ...func(folder string) error) (err error) {
	_, err = os.Stat(path)
	isNew := errors.Is(err, fs.ErrNotExist)
	defer func() {
		if err != nil && isNew {
			os.Remove(path) // where it is empty
		}
	}()
	waiting := filepath.Join(path, part)
	if err := os.RemoveAll(waiting); err != nil { // of one that was killed
		return err
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	// Not one that somebody else made meanwhile, nor a link to one.
	if err := os.Mkdir(waiting, 0o700); err != nil {
		return err
	}
	defer os.RemoveAll(waiting)
	if err := from.Export(ctx, waiting); err != nil {
		return errors.Join(err, noRoom(ctx, path, waiting, from))
	}
	for _, look := range append([]func(string) error{readable}, checks...) {
		if err := look(waiting); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(waiting)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		to := filepath.Join(path, entry.Name())
		if entry.IsDir() { // no folder is renamed to one that has something in it
			if err := os.RemoveAll(to); err != nil {
				return err
			}
		}
		if err := os.Rename(filepath.Join(waiting, entry.Name()), to); err != nil {
			return err
		}
	}
	return nil
}

// File has fill write a new file, in a folder that nobody else may write to, which then takes
// the place of the one at the path.
func File(path string, fill func(file string) error) error {
	folder, err := os.MkdirTemp(filepath.Dir(path), part+"-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	waiting := filepath.Join(folder, filepath.Base(path))
	if err := fill(waiting); err != nil {
		return err
	}
	return os.Rename(waiting, path)
}

// readable lets everyone read what is in a folder, whatever the modes are of what it was
// copied from.
func readable(folder string) error {
	return filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return os.Chmod(path, 0o755)
		case entry.Type().IsRegular():
			return os.Chmod(path, 0o644)
		}
		return nil
	})
}
