package stick

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"bee/core/sums"
	"bee/iso/partition"
)

// loop makes a device of a file with ext4.
func loop(t *testing.T, flags ...string) partition.Partition {
	t.Helper()
	image := filepath.Join(t.TempDir(), "image")
	if out, err := exec.Command("mkfs.ext4", "-q", image, "4M").CombinedOutput(); err != nil {
		t.Skipf("no file system: %v: %s", err, out)
	}
	out, err := exec.Command("losetup", append(flags, "--find", "--show", image)...).Output()
	if err != nil {
		t.Skipf("no loop device: %v", err)
	}
	device := strings.TrimSpace(string(out))
	t.Cleanup(func() { exec.Command("losetup", "--detach", device).Run() })
	return partition.Partition{Device: device, FileSystem: "ext4"}
}

func TestMount(t *testing.T) {
	p := loop(t)
	root, unmount, err := Mount(p)
	if err != nil {
		t.Fatal(err)
	}
	exclusive := func() error { // the kernel lets nobody have what is mounted
		fd, err := unix.Open(p.Device, unix.O_RDONLY|unix.O_EXCL, 0)
		if err == nil {
			unix.Close(fd)
		}
		return err
	}
	if err := exclusive(); !errors.Is(err, unix.EBUSY) {
		t.Errorf("mounted, got %v", err)
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil || strings.Contains(string(mounts), p.Device+" ") {
		t.Errorf("it is seen at a path, %v", err)
	}
	if _, err := Put(root, collect(t, 1, nil), nil); err != nil {
		t.Error(err)
	}
	if err := errors.Join(unmount(), exclusive()); err != nil {
		t.Errorf("unmounted, got %v", err)
	}
	if root, unmount, err = Mount(p); err != nil {
		t.Fatal(err)
	}
	if text, err := root.ReadFile(name + "/" + sums.File); err != nil || !strings.HasSuffix(string(text), "  bee-audit.json\n") {
		t.Errorf("got %q, %v", text, err)
	}
	if err := unmount(); err != nil {
		t.Error(err)
	}
}

func TestMountFails(t *testing.T) {
	for want, p := range map[string]partition.Partition{
		"its file system is ntfs, not one of vfat, exfat, ext4: format it anew": {Device: "/dev/null", FileSystem: "ntfs"},
		"it cannot be mounted: ": {Device: "/dev/null", FileSystem: "ext4"},
	} {
		if _, _, err := Mount(p); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestWriteProtected(t *testing.T) {
	if _, _, err := Mount(loop(t, "--read-only")); err == nil || !strings.HasPrefix(err.Error(), "it is write-protected: ") {
		t.Errorf("got %v", err)
	}
}
