// Package outfile writes files that are seen under the names that a user gave once they are
// whole, and not before: a new file beside the name takes its place.
//
// No link of a stranger is followed on the way: as root, a link in /tmp would lead to any file
// of the machine, and the kernel's protected_symlinks does not help where a program reads links
// by itself. A link is followed where it belongs to the user who runs the program, or to root,
// and nobody else could have put it there (see [find]); any other link of the name itself is
// replaced, as a file is, and on the way to it is an error.
//
// A file that is replaced keeps its mode; one of another user gives its mode only where that is
// stricter than a new file's, and not its owner. Pipes, terminals and other devices are written
// to, and /dev/stdout and its like are the open files that they stand for.
package outfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"syscall"
)

// newMode is that of a new file, of which the umask takes its part.
const newMode = 0o644

// File is a place for a file.
type File struct {
	path string // as the user has it
	*place
	open   *os.File // what is written to; nil for a device, until then
	waits  string   // the name of the new file until it is whole; empty where there is none
	device fs.FileInfo
}

// Create makes sure that a file can be written to path, before the long work begins. Call
// Close when done.
func Create(path string) (*File, error) {
	at, err := find(path)
	if err != nil {
		return nil, named(path, err)
	}
	f := &File{path: path, place: at}
	switch {
	case at.descriptor >= 0:
		var fd int
		if fd, err = syscall.Dup(at.descriptor); err == nil {
			f.open = os.NewFile(uintptr(fd), path)
		}
	case at.info != nil && at.info.IsDir():
		err = errFolder
	case at.info != nil && at.isDevice():
		f.device = at.info
	default:
		err = f.begin()
	}
	if err != nil {
		f.Close()
		return nil, named(path, err)
	}
	return f, nil
}

// begin makes the new file.
func (f *File) begin() (err error) {
	for range 100 { // until there is no such file
		name := fmt.Sprintf(".bee-%08x", rand.Uint32())
		f.open, err = os.OpenFile(f.in(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, newMode)
		if err == nil {
			f.waits = name
			return f.takeMode()
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return err
}

// takeMode gives the new file the mode of the one that it will replace.
func (f *File) takeMode() error {
	if f.info == nil || !f.info.Mode().IsRegular() {
		return nil
	}
	mode := f.info.Mode().Perm()
	if !isOwn(f.info) {
		new, err := f.open.Stat()
		if err != nil {
			return err
		}
		mode &= new.Mode()
	}
	return f.open.Chmod(mode)
}

// Write has the content written and gives the file its name.
func (f *File) Write(content func(io.Writer) error) error {
	if f.device != nil {
		if err := f.openDevice(); err != nil {
			return named(f.path, err)
		}
	}
	if err := content(f.open); err != nil {
		return err
	}
	if f.waits == "" {
		return named(f.path, f.end())
	}
	// The name must not be that of an empty file after a power cut.
	if err := errors.Join(f.open.Sync(), f.end()); err != nil {
		return named(f.path, err)
	}
	if err := os.Rename(f.in(f.waits), f.in(f.name)); err != nil {
		return named(f.path, err)
	}
	f.waits = ""
	return nil
}

func (f *File) openDevice() (err error) {
	if f.open, err = os.OpenFile(f.in(f.name), os.O_WRONLY|syscall.O_NOFOLLOW, 0); err != nil {
		return err
	}
	if info, err := f.open.Stat(); err != nil || !os.SameFile(info, f.device) {
		return errors.Join(err, errors.New("something else took its place meanwhile"))
	}
	return nil
}

func (f *File) end() error {
	open := f.open
	f.open = nil
	return open.Close()
}

// Close removes what was not written to its end.
func (f *File) Close() error {
	var err error
	if f.open != nil {
		err = f.end()
	}
	if f.waits != "" {
		err = errors.Join(err, os.Remove(f.in(f.waits)))
		f.waits = ""
	}
	return errors.Join(err, f.folder.Close())
}

// WriteFile writes a file.
func WriteFile(path string, data []byte) error {
	f, err := Create(path)
	if err != nil {
		return err
	}
	err = f.Write(func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	return errors.Join(err, f.Close())
}

var errFolder = errors.New("it is a folder: give a file name")

// named is an error about the path that the user gave: those of the system name a folder that
// is held open.
func named(path string, err error) error {
	var at *fs.PathError
	var between *os.LinkError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &at):
		err = at.Err
	case errors.As(err, &between):
		err = between.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}
