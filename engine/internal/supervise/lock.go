package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// A lock is one on an open file, see fcntl(2): the kernel takes it away with
// the process that holds it, however that ends. Unlike flock(2), it can be asked
// about without being taken. The file holds the process id of the holder, for
// those who want to signal it.
type lock struct {
	file *os.File
}

var errLocked = errors.New("locked by another process")

// tryLock takes the lock at path, or returns errLocked.
func tryLock(path string) (*lock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	whole := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &whole); err != nil {
		file.Close()
		if errors.Is(err, unix.EAGAIN) {
			return nil, errLocked
		}
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	if err := errors.Join(file.Truncate(0), writeAt(file, strconv.Itoa(os.Getpid()))); err != nil {
		file.Close()
		return nil, err
	}
	return &lock{file}, nil
}

func writeAt(file *os.File, text string) error {
	_, err := file.WriteAt([]byte(text), 0)
	return err
}

func (l *lock) release() { l.file.Close() }

// WithLock runs do while it holds the lock at path. It waits for another
// holder and says so once by calling waiting with that one's process id.
func WithLock(ctx context.Context, path string, waiting func(pid int), do func() error) error {
	told := false
	for {
		held, err := tryLock(path)
		if err == nil {
			defer held.release()
			return do()
		}
		if !errors.Is(err, errLocked) {
			return err
		}
		// The holder may be gone by now, or not have written its id yet.
		if pid, err := holder(path); err == nil && pid != 0 && !told {
			waiting(pid)
			told = true
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// holder returns the process that holds the lock at path, 0 when none does.
func holder(path string) (int, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer file.Close()
	whole := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(file.Fd(), unix.F_OFD_GETLK, &whole); err != nil {
		return 0, fmt.Errorf("asking for the lock %s: %w", path, err)
	}
	if whole.Type == unix.F_UNLCK {
		return 0, nil // what the file says is of the past
	}
	text, err := io.ReadAll(io.LimitReader(file, maxPID+1))
	if err != nil || len(text) == 0 {
		return 0, err
	}
	pid, err := parsePID(string(text))
	if err != nil {
		return 0, fmt.Errorf("%s is locked, but holds no process id: %w", path, err)
	}
	return pid, nil
}

// maxPID is how many bytes an id has at most.
const maxPID = 10

// parsePID reads the id of one process: with a sign, or as 0, it would be a group of
// processes, or all, to whoever signals it.
func parsePID(text string) (int, error) {
	pid, err := strconv.ParseUint(text, 10, 31)
	if err == nil && pid == 0 {
		err = errors.New("0 is none")
	}
	return int(pid), err
}
