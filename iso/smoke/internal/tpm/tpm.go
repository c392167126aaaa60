// Package tpm is the TPM of a virtual machine: swtpm, which QEMU's tpm-emulator speaks with.
package tpm

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"bee/iso/smoke/internal/qemu"
)

// Program is what is run, from PATH.
const Program = "swtpm"

// Serve runs a TPM 2.0 that nobody has used yet, on the connection by which QEMU controls it,
// until that ends. What it keeps is gone then.
func Serve(conn *net.UnixConn) error {
	state, err := os.MkdirTemp("", "smoke-tpm-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(state)
	control, err := conn.File()
	if err != nil {
		return err
	}
	defer control.Close()
	if err := syscall.SetNonblock(int(control.Fd()), false); err != nil {
		return err
	}
	conn.Close() // swtpm has the one end that there is
	// the first file behind standard input, output and error
	cmd := exec.Command(Program, "socket", "--tpm2", "--ctrl", "type=unixio,clientfd=3", "--tpmstate", "dir="+state, "--flags", "startup-clear", "--terminate")
	cmd.ExtraFiles = []*os.File{control}
	cmd.SysProcAttr = qemu.Rights()
	if user := cmd.SysProcAttr.Credential; user != nil {
		if err := os.Chown(state, int(user.Uid), int(user.Gid)); err != nil {
			return err
		}
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	// Pdeathsig fires when the thread that forked ends, not the program.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", Program, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return nil
}
