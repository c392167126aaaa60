package whole

import (
	"fmt"
	"os"
	"syscall"
)

// checkRoom refuses to begin what has no room: the engine's own error would not say so.
func checkRoom(folder string, size int64) error {
	free, err := room(folder)
	if err == nil && free < size {
		err = fmt.Errorf("no space left in %s: %s are needed, %s are free", folder, mib(size), mib(free))
	}
	return err
}

// explained is an error with how much room there is, where that is not enough for all: so
// it is where others wrote to the same file system meanwhile.
func explained(err error, folder string, size int64) error {
	if noRoom := checkRoom(folder, size); noRoom != nil {
		return fmt.Errorf("%w; %w", err, noRoom)
	}
	return err
}

// room is how many bytes this user can still write into a folder.
func room(folder string) (int64, error) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(folder, &disk); err != nil {
		return 0, fmt.Errorf("%s: %w", folder, err)
	}
	blocks := disk.Bavail
	if os.Geteuid() == 0 {
		blocks = disk.Bfree
	}
	return int64(blocks) * disk.Bsize, nil
}

func mib(bytes int64) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }
