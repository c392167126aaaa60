package live

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// File is a file of the system, of any type.
type File struct {
	Path string
	Mode fs.FileMode
	Size int64
	// Capable: who runs it gets capabilities (capabilities(7)).
	Capable bool
}

// tree is all files, found once: under emulation that takes a second.
type tree struct {
	once  sync.Once
	files []File
	err   error
}

// maxFiles is more than a live system has.
const maxFiles = 200_000

// Tree is all files of the file systems at / and /run. What else is mounted is the kernel's,
// or the medium, or a folder for everybody.
func (s *System) Tree() ([]File, error) {
	s.tree.once.Do(func() {
		for _, top := range []string{"/", "/run"} {
			if s.tree.err == nil && (top == "/" || s.mounted(top)) {
				s.tree.err = s.walk(top)
			}
		}
		if s.tree.err == nil && !slices.ContainsFunc(s.tree.files, func(f File) bool { return f.Mode.IsRegular() }) {
			s.tree.err = errors.New("there are no files")
		}
	})
	return s.tree.files, s.tree.err
}

// mounted tells whether a folder is on another file system than /.
func (s *System) mounted(path string) bool {
	info, root := s.Info(path), s.Info("/")
	return info != nil && root != nil && device(info) != device(root)
}

func device(info fs.FileInfo) uint64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return stat.Dev
	}
	return 0
}

func (s *System) walk(top string) error {
	var on uint64
	return filepath.WalkDir(s.Path(top), func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // it is gone since
			return nil
		}
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if path == s.Path(top) {
			on = device(info)
			return nil
		}
		// of the files of an overlay, each has the device of the layer that it is from
		if entry.IsDir() && device(info) != on {
			return fs.SkipDir
		}
		if len(s.tree.files) == maxFiles {
			return fmt.Errorf("there are more than %d files", maxFiles)
		}
		s.tree.files = append(s.tree.files, File{s.below(path), info.Mode(), info.Size(), capable(path, info.Mode())})
		return nil
	})
}

func capable(path string, mode fs.FileMode) bool {
	if !mode.IsRegular() || mode&0o111 == 0 {
		return false
	}
	size, err := unix.Lgetxattr(path, "security.capability", nil)
	return err == nil && size > 0
}
