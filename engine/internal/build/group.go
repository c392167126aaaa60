package build

import (
	"context"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// group returns a command that ends with all its children when the context
// does: compilers must not write on where an interrupted build is cleaned up.
func group(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
	return cmd
}
