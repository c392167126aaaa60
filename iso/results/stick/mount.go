// Package stick writes results to a partition so that a power cut, or whoever pulls the stick,
// takes no file that was finished.
package stick

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"bee/iso/partition"
)

// FileSystems are those that results are written to.
var FileSystems = []string{"vfat", "exfat", "ext4"}

var options = []string{
	// On FAT, which has no journal, a file that is renamed has its new name on the medium before it
	// loses the old one, and what it replaces is given up last.
	"dirsync",
	// What was not finished when the power went may lead nowhere: it is removed, and no reason to
	// write nothing more.
	"errors=continue",
}

// Mount mounts a partition where only this process sees it, until unmount is called or the
// process ends, however that happens.
func Mount(p partition.Partition) (root *os.Root, unmount func() error, err error) {
	if !slices.Contains(FileSystems, p.FileSystem) {
		return nil, nil, fmt.Errorf("its file system is %s, not one of %s: format it anew", p.FileSystem, strings.Join(FileSystems, ", "))
	}
	mounted, err := p.Mount(options...)
	switch {
	case errors.Is(err, unix.EROFS) || errors.Is(err, unix.EACCES):
		return nil, nil, fmt.Errorf("it is write-protected: %w", err)
	case errors.Is(err, unix.EBUSY):
		return nil, nil, fmt.Errorf("it is in use, as all of the medium is that bee was booted from: take another one, or boot with bee.toram: %w", err)
	case err != nil:
		return nil, nil, fmt.Errorf("it cannot be mounted: %w", err)
	}
	if root, err = os.OpenRoot(fmt.Sprintf("/proc/self/fd/%d", mounted)); err != nil {
		unix.Close(mounted)
		return nil, nil, err
	}
	return root, func() error {
		return errors.Join(syncAll(root), root.Close(), unix.Close(mounted))
	}, nil
}

// syncAll waits until all of a file system is on its medium, and tells what the kernel could not
// write: what it tells on unmounting is told to nobody.
func syncAll(root *os.Root) error {
	at, err := root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(at.Fd())), at.Close())
}
