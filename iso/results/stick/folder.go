package stick

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"bee/core/sums"
	"bee/iso/results/collection"
)

// folder is one of a collection, on a file system.
type folder struct {
	*os.Root
	name string
}

// part ends the name of a file that is not whole yet.
const part = ".part"

// Put writes a collection into its folder at root, and returns the folder's name. Files that are
// there already stay as they are; what there is no room for is left out, which is an error that
// names it. SHA256SUMS, of what is there, comes last.
//
// Files that are named as not yet sent are on a list for [Send].
func Put(root *os.Root, c *collection.Collection, notSent []string) (name string, err error) {
	if err := sweep(root); err != nil {
		return "", err
	}
	f, err := open(root, c)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if err := f.list(notSent); err != nil {
		return f.name, err
	}
	there := f.sums()
	var left []string
	var whole []collection.File
	for _, file := range c.Files {
		if !f.has(file, there) {
			err := f.fit(file)
			if errors.Is(err, errNoRoom) {
				left = append(left, fmt.Sprintf("%s (%d KiB)", file.Name, (file.Size+1023)/1024))
				continue
			}
			if err != nil {
				return f.name, err
			}
		}
		whole = append(whole, file)
	}
	list := collection.Sums(whole)
	if digest, err := f.digest(sums.File); err != nil || digest != list.Digest {
		if err := f.write(sums.File, list.Content()); err != nil {
			return f.name, err
		}
	}
	if left != nil {
		free, _, err := f.free()
		return f.name, errors.Join(fmt.Errorf("no room for %s: %d KiB are free", strings.Join(left, ", "), free>>10), err)
	}
	return f.name, nil
}

// open makes the folder, or finds it. Where one of that name has the report of another audit, as
// of a machine whose clock begins at the same time at each start, a number is added.
func open(root *os.Root, c *collection.Collection) (*folder, error) {
	for n := 1; ; n++ {
		f := &folder{name: c.Folder}
		if n > 1 {
			f.name = fmt.Sprintf("%s-%d", c.Folder, n)
		}
		made := root.Mkdir(f.name, 0o755)
		if made != nil && !errors.Is(made, fs.ErrExist) {
			return nil, made
		}
		var err error
		if f.Root, err = root.OpenRoot(f.name); err != nil {
			return nil, err
		}
		if made == nil {
			return f, sync(root)
		}
		if other, err := f.isOther(c); err != nil || other {
			f.Close()
			if err != nil {
				return nil, err
			}
			continue
		}
		return f, nil
	}
}

// isOther tells whether a folder has the report of another audit.
func (f *folder) isOther(c *collection.Collection) (bool, error) {
	report, ok := c.Find(collection.Report)
	digest, err := f.digest(collection.Report)
	if errors.Is(err, fs.ErrNotExist) || !ok {
		return false, nil
	}
	return digest != report.Digest, err
}

func (f *folder) digest(name string) (string, error) {
	file, err := f.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	return sums.Digest(file)
}

// sweep removes what was not whole when the power went, in all folders and before anything is
// written: FAT may hold the place of such a file to be free, so that another file would share it.
func sweep(root *os.Root) error {
	paths, err := fs.Glob(root.FS(), "*/*"+part)
	for _, file := range paths {
		if collection.IsFolder(path.Dir(file)) {
			err = errors.Join(err, root.Remove(file))
		}
	}
	return err
}

// sums is what the folder's list says; one that cannot be read says nothing.
func (f *folder) sums() []sums.Sum {
	file, err := f.Open(sums.File)
	if err != nil {
		return nil
	}
	defer file.Close()
	text, _ := io.ReadAll(io.LimitReader(file, 1<<20))
	there, _ := sums.Parse(string(text))
	return there
}

// has tells whether the folder has a file already.
func (f *folder) has(file collection.File, there []sums.Sum) bool {
	info, err := f.Lstat(file.Name)
	return err == nil && info.Mode().IsRegular() && info.Size() == file.Size && slices.Contains(there, file.Sum)
}

var errNoRoom = errors.New("no room")

// reserve is how many blocks are left for the list, and for what the file system itself needs for
// a file and its name.
const reserve = 4

// fit writes a file where there is room for it.
func (f *folder) fit(file collection.File) error {
	free, block, err := f.free()
	if err != nil {
		return err
	}
	if (file.Size+block-1)/block+reserve > free/block {
		return errNoRoom
	}
	err = f.write(file.Name, file.Content())
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EFBIG) { // FAT ends at 4 GiB
		return errNoRoom
	}
	return err
}

// free is the space that is free, and that of a block, of which a file takes whole ones.
func (f *folder) free() (bytes, block int64, err error) {
	at, err := f.Open(".")
	if err != nil {
		return 0, 0, err
	}
	defer at.Close()
	var stat unix.Statfs_t
	if err := unix.Fstatfs(int(at.Fd()), &stat); err != nil {
		return 0, 0, err
	}
	return int64(stat.Bavail) * stat.Bsize, stat.Bsize, nil
}

// write writes a file that has its name once all of it is on the medium.
func (f *folder) write(name string, content io.Reader) error {
	file, err := f.Create(name + part)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = f.Rename(name+part, name)
	}
	if err != nil {
		return errors.Join(err, f.Remove(name+part))
	}
	return sync(f.Root)
}

// remove removes a file that may not be there.
func (f *folder) remove(name string) error {
	err := f.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return errors.Join(err, sync(f.Root))
}

// sync waits until a folder's names are on the medium.
func sync(root *os.Root) error {
	at, err := root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(at.Sync(), at.Close())
}
