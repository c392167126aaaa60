// Package filelock locks files: the kernel takes a lock away with the process that holds
// it, however that ends.
package filelock

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// Lock is a lock on an open file, see fcntl(2). Unlike one of flock(2), it can be asked
// about without being taken.
type Lock struct{ file *os.File }

// Commands of fcntl(2) that package syscall does not name.
const (
	getLock = 36 // F_OFD_GETLK
	setLock = 37 // F_OFD_SETLK
)

// ErrLocked says that another process, or this one, holds the lock.
var ErrLocked = errors.New("locked already")

// Try takes the lock at path, or returns ErrLocked. The file says who holds it, for those
// who ask.
func Try(path, says string) (*Lock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	// Not for others to read: that is enough to keep this lock from being taken.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := file.Chmod(0o600); err != nil { // of an older program's file
		file.Close()
		return nil, err
	}
	whole := syscall.Flock_t{Type: syscall.F_WRLCK}
	if err := syscall.FcntlFlock(file.Fd(), setLock, &whole); err != nil {
		file.Close()
		if errors.Is(err, syscall.EAGAIN) {
			return nil, ErrLocked
		}
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	if err := errors.Join(file.Truncate(0), writeAt(file, says)); err != nil {
		file.Close()
		return nil, err
	}
	return &Lock{file}, nil
}

func writeAt(file *os.File, text string) error {
	_, err := file.WriteAt([]byte(text), 0)
	return err
}

// Release gives the lock back. The file stays.
func (l *Lock) Release() { l.file.Close() }

// longest is how much is read of what a holder says.
const longest = 64 << 10

// Holder returns whether the lock at path is held, and what its holder says: nothing,
// where that one has just taken it.
func Holder(path string) (says string, held bool, err error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	defer file.Close()
	whole := syscall.Flock_t{Type: syscall.F_WRLCK}
	if err := syscall.FcntlFlock(file.Fd(), getLock, &whole); err != nil {
		return "", false, fmt.Errorf("asking for the lock %s: %w", path, err)
	}
	if whole.Type == syscall.F_UNLCK {
		return "", false, nil // what the file says is of the past
	}
	text, err := io.ReadAll(io.LimitReader(file, longest))
	return string(text), true, err
}
