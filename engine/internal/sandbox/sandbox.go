// Package sandbox runs a program in a root file system of its own, with private
// mounts and process ids: nothing that the program mounts is seen outside, and
// every process that it leaves behind ends with it.
//
// The program that imports this package is started again for the inner half; it
// must call Enter when its first argument is Argument.
package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Argument marks the inner half.
const Argument = "sandbox-enter"

// A Bind shows a file or folder of the host inside the root.
type Bind struct {
	From, To string
}

// A Sandbox says what to run, and where.
type Sandbox struct {
	Root  string   // folder that becomes /
	Binds []Bind   // besides /dev and the control groups
	Env   []string `json:"-"` // the whole environment
	Dir   string   // working directory, inside
	Args  []string // the program's path, inside, and its arguments
}

// Command returns a command that runs the sandbox. Everything in it dies with
// the thread that starts it: use Run, or lock the thread.
func (s Sandbox) Command(ctx context.Context, self string) (*exec.Cmd, error) {
	spec, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, Argument, string(spec))
	// It travels as what it is: anybody sees arguments, and proxies have passwords.
	cmd.Env = append([]string{}, s.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID,
		Pdeathsig:  unix.SIGKILL,
	}
	return cmd, nil
}

// Run runs a command whose life hangs on the thread that starts it.
func Run(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return cmd.Run()
}

// Enter is the inner half: it builds the root, moves there and becomes the
// program. It returns only when that fails.
func Enter(spec string) error {
	var s Sandbox
	if err := json.Unmarshal([]byte(spec), &s); err != nil {
		return err
	}
	s.Env = os.Environ()
	return fmt.Errorf("sandbox in %s: %w", s.Root, s.enter())
}

// The engine keeps a database open for each client; its own image asks for as
// many. A lower hard limit of the host stays in force.
const openFiles = 1 << 20

func (s Sandbox) enter() error {
	if err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	// The root must be a mount for pivot_root, and runc needs a real root.
	if err := s.bind(Bind{From: s.Root}); err != nil {
		return err
	}
	// New ones show the process ids and the network that this process has.
	for place, kind := range map[string]string{"proc": "proc", "sys": "sysfs"} {
		target := filepath.Join(s.Root, place)
		if err := unix.Mount(kind, target, kind, unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
			return fmt.Errorf("mounting %s: %w", target, err)
		}
	}
	for _, bind := range append([]Bind{{"/dev", "/dev"}, {"/sys/fs/cgroup", "/sys/fs/cgroup"}}, s.Binds...) {
		if err := s.bind(bind); err != nil {
			return err
		}
	}
	if err := os.Chdir(s.Root); err != nil {
		return err
	}
	// Stacks the old root upon the new one, then takes it away.
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("detaching the old root: %w", err)
	}
	if err := os.Chdir(s.Dir); err != nil {
		return err
	}
	// Refused where the hard limit is lower and fixed: the engine runs anyway.
	_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: openFiles, Max: openFiles})
	return fmt.Errorf("starting %s: %w", s.Args[0], unix.Exec(s.Args[0], s.Args, s.Env))
}

func (s Sandbox) bind(bind Bind) error {
	target := filepath.Join(s.Root, bind.To)
	info, err := os.Stat(bind.From)
	if err != nil {
		return err
	}
	if info.IsDir() {
		err = os.MkdirAll(target, 0o755)
	} else {
		err = touch(target)
	}
	if err != nil {
		return err
	}
	if err := unix.Mount(bind.From, target, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("binding %s to %s: %w", bind.From, target, err)
	}
	return nil
}

func touch(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	return file.Close()
}
