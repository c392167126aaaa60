package outfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

const (
	// oPath opens a folder only to hold it: package syscall lacks Linux's O_PATH.
	oPath = 0x200000
	// maxLinks are followed, as by the kernel.
	maxLinks = 40
	// others may write: the bits of a mode that say so.
	others = 0o022
)

// place is a name in a folder. The folder is held open, so that it stays the same one
// whatever is renamed on the way to it.
type place struct {
	folder *os.File
	name   string
	info   fs.FileInfo // what has the name; nil where nothing has
	// Whether nobody but root and the user could have put a link of theirs there.
	safe bool
	// The open file of this process that the name stands for; -1 for none.
	descriptor int
}

// in is the path of a name in the folder.
func (p *place) in(name string) string {
	return fmt.Sprintf("/proc/self/fd/%d/%s", p.folder.Fd(), name)
}

// find walks to the place that a path names, and holds each folder while it looks into it.
//
// It follows links that belong to the user or to root; but only until it comes through a
// folder that belongs to somebody else, or that others may write to and that has no sticky
// bit. These others can move in it what they like, also a link of the user.
func find(path string) (*place, error) {
	p := &place{safe: true, descriptor: -1}
	start := "."
	if strings.HasPrefix(path, "/") {
		start = "/"
	}
	if err := p.enter(start); err != nil {
		return nil, err
	}
	names := strings.Split(path, "/")
	for links := 0; len(names) > 0; {
		p.name, names = names[0], names[1:]
		if p.name == "" || p.name == "." {
			continue
		}
		last := len(names) == 0
		var err error
		p.info, err = os.Lstat(p.in(p.name))
		switch {
		case last && errors.Is(err, fs.ErrNotExist):
			p.info, err = nil, nil
			return p, nil
		case err != nil:
		case p.info.Mode().Type() != fs.ModeSymlink:
			if last {
				return p, nil
			}
			err = p.enter(p.in(p.name))
		case last && p.standsForOpenFile():
			return p, nil
		case p.safe && isTrusted(p.info):
			var target string
			if target, err = os.Readlink(p.in(p.name)); err != nil {
				break
			}
			if links++; links > maxLinks {
				err = syscall.ELOOP
			}
			if strings.HasPrefix(target, "/") {
				p.safe = true
				err = errors.Join(err, p.enter("/"))
			}
			names = append(strings.Split(target, "/"), names...)
		case last:
			return p, nil
		default:
			err = fmt.Errorf("%s on the way is a link that somebody else could have put there: give the path of the folder that it should lead to", p.name)
		}
		if err != nil {
			p.folder.Close()
			return nil, err
		}
	}
	p.folder.Close()
	return nil, errFolder
}

// enter goes on to a folder.
func (p *place) enter(path string) error {
	folder, err := os.OpenFile(path, oPath|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	if p.folder != nil {
		p.folder.Close()
	}
	p.folder = folder
	info, err := folder.Stat()
	if err != nil {
		return err
	}
	p.safe = p.safe && isTrusted(info) && (info.Mode()&others == 0 || info.Mode()&fs.ModeSticky != 0)
	return nil
}

// standsForOpenFile reports whether the name is one of an open file of this process, in
// /proc/self/fd, where /dev/stdout leads; it keeps the number. The text of such a link is no
// path, and opening it anew would begin at the start of a file that has been written to.
func (p *place) standsForOpenFile() bool {
	number, err := strconv.Atoi(p.name)
	if err != nil {
		return false
	}
	own, err := os.Stat("/proc/self/fd")
	if err != nil {
		return false
	}
	info, err := p.folder.Stat()
	if err != nil || !os.SameFile(own, info) {
		return false
	}
	p.descriptor = number
	return true
}

// isDevice reports whether what has the name is written to and not replaced: a pipe, a
// terminal, another device. One that a stranger put there is replaced.
func (p *place) isDevice() bool {
	if p.info.Mode().IsRegular() || p.info.Mode().Type() == fs.ModeSymlink {
		return false
	}
	if isTrusted(p.info) {
		return true
	}
	// The terminal of whoever became root by sudo is still theirs, in a folder of root's.
	folder, err := p.folder.Stat()
	return err == nil && p.safe && folder.Mode()&others == 0
}

// isOwn reports whether something belongs to the user who runs the program.
func isOwn(info fs.FileInfo) bool { return owner(info) == os.Geteuid() }

// isTrusted reports whether something belongs to that user, or to root, who can do anything.
func isTrusted(info fs.FileInfo) bool { return isOwn(info) || owner(info) == 0 }

func owner(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid)
	}
	return -1
}
