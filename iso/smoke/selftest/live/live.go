// Package live is the running live system as its checks see it: its files, its
// programs, and what both say.
package live

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// System is a live system. Paths are absolute on it.
type System struct {
	// Root is the directory of its file system, "/" but for tests.
	Root string
	// Exec runs a program.
	Exec func(Command) Answer
	// Free is how much can be written to the file system of a folder, in bytes; 0
	// where that is not known.
	Free func(path string) uint64

	// ExpectInternet: it has to reach the internet.
	ExpectInternet bool
	// NoNetwork: it has no network card, and must come up all the same.
	NoNetwork bool

	tree tree
}

// Here is the system that this program runs on.
func Here() *System {
	return &System{Root: "/", Exec: execute, Free: free}
}

func free(path string) uint64 {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(path, &stat); err != nil {
		return 0
	}
	return stat.Bavail * uint64(stat.Bsize)
}

// Path is where a file of the system is.
func (s *System) Path(path string) string { return filepath.Join(s.Root, path) }

// Files are all files of the system.
func (s *System) Files() fs.FS { return os.DirFS(s.Root) }

// Text is what a file holds, "" where it cannot be read.
func (s *System) Text(path string) string {
	text, _ := os.ReadFile(s.Path(path))
	return string(text)
}

// Word is what a file of one line holds, without the line's end; "" where it cannot
// be read.
func (s *System) Word(path string) string { return strings.TrimSpace(s.Text(path)) }

// Exists tells whether there is a file, or a link that leads to one.
func (s *System) Exists(path string) bool {
	_, err := os.Stat(s.Path(path))
	return err == nil
}

// Info is what is known of a file, nil where there is none.
func (s *System) Info(path string) fs.FileInfo {
	info, err := os.Stat(s.Path(path))
	if err != nil {
		return nil
	}
	return info
}

// Glob lists the files whose paths match a pattern, in order.
func (s *System) Glob(pattern string) []string {
	found, _ := filepath.Glob(s.Path(pattern)) // the patterns are ours, and right
	for i, path := range found {
		found[i] = s.below(path)
	}
	return found
}

// LeadsTo is what a symbolic link says, "" where there is no such link.
func (s *System) LeadsTo(path string) string {
	target, _ := os.Readlink(s.Path(path))
	return target
}

// Real is the file that a path leads to in the end, "" where it leads nowhere.
func (s *System) Real(path string) string {
	real, err := filepath.EvalSymlinks(s.Path(path))
	if err != nil {
		return ""
	}
	return s.below(real)
}

// below takes the root away from a path.
func (s *System) below(path string) string {
	return filepath.Join("/", strings.TrimPrefix(path, s.Root))
}
