package partition

import (
	"strings"

	"golang.org/x/sys/unix"
)

// Mount mounts the partition where only this process sees it, at no path, and returns a descriptor
// of its root. options are those of its file system, as for mount(8).
func (p Partition) Mount(options ...string) (int, error) {
	context, err := unix.Fsopen(p.FileSystem, unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, err
	}
	defer unix.Close(context)
	if err := unix.FsconfigSetString(context, "source", p.Device); err != nil {
		return -1, err
	}
	for _, option := range options {
		if name, value, ok := strings.Cut(option, "="); ok {
			err = unix.FsconfigSetString(context, name, value)
		} else {
			err = unix.FsconfigSetFlag(context, option)
		}
		if err != nil {
			return -1, err
		}
	}
	if err := unix.FsconfigCreate(context); err != nil {
		return -1, err
	}
	return unix.Fsmount(context, unix.FSMOUNT_CLOEXEC,
		unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC|unix.MOUNT_ATTR_NOATIME|unix.MOUNT_ATTR_NOSYMFOLLOW)
}
