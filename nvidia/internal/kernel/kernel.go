// Package kernel asks the running kernel for what loading a driver takes.
package kernel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Kernel is the running kernel.
type Kernel struct{}

// Release is the kernel's release, as uname -r says it.
func (Kernel) Release() (string, error) {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return "", os.NewSyscallError("uname", err)
	}
	return unix.ByteSliceToString(name.Release[:]), nil
}

// Insert loads the module in a file, and returns what the kernel logged
// meanwhile. What the kernel answers is an error of type unix.Errno.
func (Kernel) Insert(path string) (log []string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// Whoever may load modules may read the log, as a rule. Without it, there is
	// only less to tell.
	kmsg, kmsgErr := openLog()
	if kmsgErr == nil {
		defer kmsg.close()
	}
	err = unix.FinitModule(int(f.Fd()), "", 0)
	if kmsgErr == nil {
		log = kmsg.read()
	}
	return log, err
}

// Remove unloads a module, unless it is in use.
func (Kernel) Remove(module string) error {
	return unix.DeleteModule(module, unix.O_NONBLOCK)
}

// MakeNode makes a character device that all may read and write, and reports
// whether it had to: one that is right is left alone.
func (Kernel) MakeNode(path string, major, minor uint32) (made bool, err error) {
	const mode = 0o666
	device := unix.Mkdev(major, minor)
	var is unix.Stat_t
	switch err := unix.Lstat(path, &is); {
	case err == nil && is.Mode == unix.S_IFCHR|mode && is.Rdev == device:
		return false, nil
	case err == nil:
		if err := os.Remove(path); err != nil {
			return false, err
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return false, err
	}
	if err := unix.Mknod(path, unix.S_IFCHR|mode, int(device)); err != nil {
		return false, &os.PathError{Op: "mknod", Path: path, Err: err}
	}
	return true, os.Chmod(path, mode) // the umask took some of it away
}

// Open opens a device node, for as long as it is not closed.
func (Kernel) Open(path string) (io.Closer, error) { return os.OpenFile(path, os.O_RDWR, 0) }

// Run runs a program, and ends it after the limit. The error holds what it wrote.
func (k Kernel) Run(ctx context.Context, limit time.Duration, program string, args ...string) error {
	_, err := k.Output(ctx, limit, program, args...)
	return err
}

// Output is [Kernel.Run] with what the program wrote.
func (Kernel) Output(ctx context.Context, limit time.Duration, program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.WaitDelay = time.Second // a daemon may keep what it was started with open
	output, err := cmd.CombinedOutput()
	switch {
	case err == nil || errors.Is(err, exec.ErrWaitDelay):
		return string(output), nil
	case ctx.Err() != nil:
		return "", fmt.Errorf("%s: no end within %v", program, limit)
	}
	if len(output) > 0 {
		err = fmt.Errorf("%w: %s", err, oneLine(output))
	}
	return "", fmt.Errorf("%s: %w", program, err)
}

// Start starts a program that stays when this one is over, in a session of its own.
func (Kernel) Start(program string, args ...string) error {
	cmd := exec.Command(program, args...)
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true}
	return cmd.Start()
}

// Sleep waits, until ctx ends at most.
func (Kernel) Sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
