package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"bee/core/kmsg"
	"bee/core/layers"
)

const (
	// place is where layers are mounted, in a file system that OpenRC takes for its own.
	place = "/run/live"
	// root is where the result is put together: a folder that Alpine has, and nothing uses.
	root = "/mnt"
)

// prepare makes the system one that this program can work in: an initramfs has nothing but its
// files, and Alpine's leaves some to OpenRC.
func prepare() error {
	if err := mountKernels(); err != nil {
		return err
	}
	if initramfs {
		os.Setenv("PATH", "/bin")
		gatherRandomness()
		return modprobe("loop", "squashfs", "overlay", "isofs", "vfat", "dm-verity")
	}
	showErrors()
	for _, overlay := range foreignOverlays() {
		kmsg.Say("%s is passed over: an overlay of another system", overlay)
	}
	return complete()
}

// showErrors has the consoles show what say writes, as they do where the kernel is told to be quiet:
// Alpine's initramfs has them show nothing then.
func showErrors() {
	const levels, quiet = "/proc/sys/kernel/printk", 4
	var shown int
	text, _ := os.ReadFile(levels) // where that fails, nobody can be told
	if n, _ := fmt.Sscan(string(text), &shown); n == 1 && shown < quiet {
		os.WriteFile(levels, []byte(strconv.Itoa(quiet)), 0)
	}
}

// mountKernels mounts the file systems that are the kernel's.
func mountKernels() error {
	for _, m := range []struct {
		kind, point, options string
		flags                uintptr
	}{
		{"devtmpfs", "/dev", "", unix.MS_NOSUID},
		{"proc", "/proc", "", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
		{"sysfs", "/sys", "", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
		{"tmpfs", "/run", "mode=755", unix.MS_NOSUID | unix.MS_NODEV},
	} {
		if isMount(m.point) {
			continue
		}
		if err := os.MkdirAll(m.point, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(m.kind, m.point, m.kind, m.flags, m.options); err != nil {
			return fmt.Errorf("%s: %w", m.point, err)
		}
	}
	return nil
}

// isMount tells whether a file system is mounted at a path, also before /proc is.
func isMount(path string) bool {
	var here, above unix.Stat_t
	return unix.Stat(path, &here) == nil && unix.Stat(filepath.Dir(path), &above) == nil && here.Dev != above.Dev
}

// stack lays layers over the system that runs, if that is not an initramfs, under a file system in
// memory for what is written from now on. The result is at the folder root.
func stack(from source) error {
	verified := map[string]string{} // layers that the kernel checks, by the device that each is on
	for _, layer := range from.layers {
		if err := mountLayer(filepath.Join(from.folder, layer.Name), layer.Verity, verified); err != nil {
			return err
		}
	}
	if err := startWatch(verified); err != nil {
		kmsg.Say("nobody tells which layer is damaged, where one is: %v", err)
	}
	const memory = place + "/rw"
	if err := mountAt(memory, "tmpfs", "tmpfs", 0, "mode=755"); err != nil {
		return err
	}
	upper, work := memory+"/upper", memory+"/work"
	for _, path := range []string{upper, work} {
		if err := os.MkdirAll(path, 0o755); err != nil { // it may be of a try before
			return err
		}
	}
	return mountAt(root, "overlay", "overlay", 0, "lowerdir="+lower(from.layers)+",upperdir="+upper+",workdir="+work)
}

func mounted(layer string) string { return place + "/" + layer }

// lower is overlayfs's list of folders, the uppermost first; at its end the system that runs.
func lower(all []layers.Layer) string {
	var folders []string
	for _, layer := range slices.Backward(all) {
		folders = append(folders, mounted(layer.Name))
	}
	if !initramfs {
		folders = append(folders, "/")
	}
	return strings.Join(folders, ":")
}

func mountAt(point, device, kind string, flags uintptr, options string) error {
	if err := os.MkdirAll(point, 0o755); err != nil {
		return err
	}
	if isMount(point) { // of a try before
		return nil
	}
	if err := unix.Mount(device, point, kind, flags, options); err != nil {
		return fmt.Errorf("%s: %w", point, err)
	}
	return nil
}

// mountLayer mounts a file by a loop device, which the kernel frees with the mount, and, where it
// has a hash tree, by one of the device mapper over that.
func mountLayer(file string, tree *layers.Verity, verified map[string]string) error {
	name := filepath.Base(file)
	point := mounted(name)
	if isMount(point) { // of a try before
		return nil
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer control.Close()
	number, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
	if err != nil {
		return fmt.Errorf("%s: no loop device: %w", file, err)
	}
	device, err := os.Open(fmt.Sprintf("/dev/loop%d", number))
	if err != nil {
		return err
	}
	defer device.Close()
	config := unix.LoopConfig{Fd: uint32(f.Fd()), Info: unix.LoopInfo64{Flags: unix.LO_FLAGS_READ_ONLY | unix.LO_FLAGS_AUTOCLEAR}}
	copy(config.Info.File_name[:len(config.Info.File_name)-1], file)
	if err := unix.IoctlLoopConfigure(int(device.Fd()), &config); err != nil {
		return fmt.Errorf("%s: %s: %w", file, device.Name(), err)
	}
	block := device.Name()
	if tree != nil {
		if block, err = verity(name, block, *tree); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		verified[fmt.Sprintf("%d:%d", loopMajor, number)] = name
	}
	if err := mountAt(point, block, "squashfs", unix.MS_RDONLY, ""); err != nil {
		return fmt.Errorf("%s cannot be mounted: %w", file, err)
	}
	return nil
}

// loopMajor is the major number of loop devices, see the kernel's admin-guide/devices.txt.
const loopMajor = 7

// moveMounts takes what is mounted along to the new root.
func moveMounts() error {
	all, err := mounts()
	if err != nil {
		return err
	}
	for _, m := range all {
		if !moves(m.point, all) {
			continue
		}
		if err := os.MkdirAll(root+m.point, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(m.point, root+m.point, "", unix.MS_MOVE, ""); err != nil {
			return fmt.Errorf("%s: %w", m.point, err)
		}
	}
	return nil
}

// pivot makes what is at root the root of all. The file system that was it stays mounted
// below that, where nobody sees it.
func pivot() error {
	if err := os.Chdir(root); err != nil {
		return err
	}
	// of both the same: the old root lies over the new one, until it is taken away
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("the layers do not become the root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("the system below the layers: %w", err)
	}
	return os.Chdir("/")
}

// moves tells whether a mount is taken along to the new root: all that are not below another.
func moves(point string, all []mount) bool {
	if point == "/" || point == root {
		return false
	}
	for _, other := range all {
		if other.point != "/" && strings.HasPrefix(point, other.point+"/") {
			return false
		}
	}
	return true
}

// rescue is a shell on the serial console and the screen, until one is left.
func rescue() {
	kmsg.Say(`here is a shell; "exit" tries again`)
	for _, console := range []string{"/dev/tty1", "/dev/console"} {
		tty, err := os.OpenFile(console, os.O_RDWR, 0)
		if err != nil {
			continue
		}
		shell := exec.Command("/bin/sh")
		shell.Stdin, shell.Stdout, shell.Stderr = tty, tty, tty
		shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		if err := shell.Start(); err != nil {
			continue
		}
		if console == "/dev/console" {
			shell.Wait()
			return
		}
	}
	for { // without a shell, what was said last stays on the screen
		time.Sleep(time.Hour)
	}
}
