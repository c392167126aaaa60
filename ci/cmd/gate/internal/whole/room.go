package whole

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// noRoom says that a folder has not the room for a source, of which a part has been written:
// the engine's own error does not. It is nil where there is room, or where that is not known.
func noRoom(ctx context.Context, folder, part string, from Source) error {
	needed, err := from.Size(ctx)
	if err != nil {
		return nil
	}
	free, err := room(folder)
	if err != nil {
		return nil
	}
	if free += written(part); free >= needed {
		return nil
	}
	return fmt.Errorf("no space left in %s: %s are needed, %s are free", folder, mib(needed), mib(free))
}

// room is how many bytes this user can still write into a folder.
func room(folder string) (int64, error) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(folder, &disk); err != nil {
		return 0, err
	}
	blocks := disk.Bavail
	if os.Geteuid() == 0 {
		blocks = disk.Bfree
	}
	return int64(blocks) * disk.Bsize, nil
}

// written is how many bytes the files below a folder take.
func written(folder string) (total int64) {
	filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if info, err := entry.Info(); err == nil {
			total += info.Sys().(*syscall.Stat_t).Blocks * 512 // stat(2): always in such units
		}
		return nil
	})
	return total
}

func mib(bytes int64) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }
