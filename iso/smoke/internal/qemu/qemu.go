// Package qemu runs virtual machines that end with the program that started
// them, whatever happens to it.
package qemu

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"bee/core/machine"
)

// Program is the QEMU that is run, from PATH.
const Program = "qemu-system-x86_64"

// Config describes a machine.
type Config struct {
	// Path of the ISO image.
	ISO string
	// What the ISO is: machine.CD or machine.USB.
	Media    string
	Firmware Firmware
	// Memory in MiB.
	MemoryMiB int
	// KVM or TCG, see [Probe].
	Accelerator Accelerator
	// Arguments of QEMU for hardware beside that, see package hardware.
	Hardware []string
}

// CPUs of each machine: two, so that services do start side by side.
const CPUs = 2

// args are QEMU's arguments for the machine, but for its console and monitor.
func (c Config) args(vars string) []string {
	args := append(c.Accelerator.platform(),
		"-nodefaults", "-no-user-config", "-no-reboot",
		"-m", strconv.Itoa(c.MemoryMiB),
		"-device", "VGA", "-display", "none",
		"-drive", "if=none,id=medium,format=raw,readonly=on,file="+Escape(c.ISO),
	)
	if c.Media == machine.USB {
		args = append(args, "-device", "qemu-xhci", "-device", "usb-storage,drive=medium,bootindex=0")
	} else {
		args = append(args, "-device", "ide-cd,drive=medium,bootindex=0")
	}
	if c.Firmware.Code != "" {
		args = append(args,
			"-drive", "if=pflash,format=raw,readonly=on,file="+Escape(c.Firmware.Code),
			"-drive", "if=pflash,format=raw,file="+Escape(vars))
	}
	return append(args, c.Hardware...)
}

// Escape makes a value safe within QEMU's comma-separated options.
func Escape(value string) string { return strings.ReplaceAll(value, ",", ",,") }

// Machine is a running virtual machine.
type Machine struct {
	// Serial is the first serial port. It ends when the machine does.
	Serial  io.ReadWriteCloser
	monitor *monitor
	process *process
}

// Start starts a machine that runs until ctx ends, [Machine.Close] is called or
// the guest turns itself off.
func Start(ctx context.Context, config Config) (*Machine, error) {
	vars, remove, err := config.Firmware.copyVars()
	if err != nil {
		return nil, err
	}
	serial, serialFile, err := pipe()
	if err != nil {
		remove()
		return nil, err
	}
	control, controlFile, err := pipe()
	if err != nil {
		serial.Close()
		serialFile.Close()
		remove()
		return nil, err
	}
	cmd := exec.Command(Program, append(config.args(vars),
		// the first two files after standard error
		"-chardev", "socket,id=serial,fd=3", "-serial", "chardev:serial",
		"-chardev", "socket,id=monitor,fd=4", "-mon", "chardev=monitor,mode=control")...)
	cmd.ExtraFiles = []*os.File{serialFile, controlFile}
	process, err := start(ctx, cmd, remove)
	serialFile.Close()
	controlFile.Close()
	if err != nil {
		serial.Close()
		control.Close()
		remove()
		return nil, err
	}
	return &Machine{Serial: serial, monitor: newMonitor(control), process: process}, nil
}

// Done is closed when QEMU has ended.
func (m *Machine) Done() <-chan struct{} { return m.process.done }

// Err says, once Done is closed, why QEMU ended, in its own words where it had
// something to say.
func (m *Machine) Err() error {
	<-m.process.done
	return m.process.err
}

// Close ends the machine and waits until it is gone.
func (m *Machine) Close() {
	m.process.kill()
	select {
	case <-m.process.done:
	case <-time.After(endTime): // a process stuck in the kernel cannot be killed
	}
	m.Serial.Close()
	m.monitor.Close()
}

// pipe is a socket pair: one end for this program, the other to pass on. Unlike
// a socket in the file system it leaves nothing behind.
func pipe() (net.Conn, *os.File, error) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socketpair: %w", err)
	}
	mine, theirs := os.NewFile(uintptr(fds[0]), "socket"), os.NewFile(uintptr(fds[1]), "socket")
	defer mine.Close()
	conn, err := net.FileConn(mine)
	if err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return conn, theirs, nil
}

// Interactive runs a machine with its serial port on this program's terminal, which gets what
// the machine writes by the screen, and returns when the guest turns itself off, the person
// there leaves QEMU (Ctrl-A X) or ctx ends.
func Interactive(ctx context.Context, config Config, screen io.Writer) error {
	vars, remove, err := config.Firmware.copyVars()
	if err != nil {
		return err
	}
	cmd := exec.Command(Program, append(config.args(vars), "-serial", "mon:stdio")...)
	cmd.Stdin, cmd.Stdout = os.Stdin, screen
	// stays in the terminal's foreground process group
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	process, err := start(ctx, cmd, remove)
	if err != nil {
		remove()
		return err
	}
	<-process.done
	if process.err == errGuestEnded || ctx.Err() != nil {
		return nil
	}
	return process.err
}

// endTime is how long a killed QEMU may take to be gone.
const endTime = 5 * time.Second

// process is a running QEMU.
type process struct {
	kill func()
	done chan struct{}
	err  error // set before done is closed
}

var (
	errGuestEnded = errors.New("the machine restarted or turned itself off")
	errNoQEMU     = fmt.Errorf("%s is not in PATH; on Debian the package qemu-system-x86 has it", Program)
)

// start runs cmd until it ends, kill is called or ctx ends; cleanup is called
// afterwards. The kernel kills it when this program dies.
func start(ctx context.Context, cmd *exec.Cmd, cleanup func()) (*process, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	// what holds standard error open may outlive QEMU, but not for long
	cmd.WaitDelay = time.Second
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	end := func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if !cmd.SysProcAttr.Setpgid { // on a terminal, which QEMU puts back in order
		end = func() { cmd.Process.Signal(syscall.SIGTERM) }
	}

	ctx, cancel := context.WithCancel(ctx)
	p := &process{kill: cancel, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// Pdeathsig fires when the thread that forked ends, not the program:
		// this goroutine keeps that thread until QEMU is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			cancel()
			started <- err
			return
		}
		started <- nil
		stop := context.AfterFunc(ctx, end)
		err := cmd.Wait()
		stop()
		cancel()
		p.err = reason(err, stderr.String())
		cleanup()
		close(p.done)
	}()
	if err := <-started; err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return nil, errNoQEMU
		}
		return nil, err
	}
	return p, nil
}

func reason(err error, stderr string) error {
	lines := strings.FieldsFunc(stderr, func(r rune) bool { return r == '\n' || r == '\r' })
	// TCG names the CPU features that it cannot emulate
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.Contains(line, "warning:") })
	switch {
	case len(lines) > 0:
		return fmt.Errorf("QEMU ended: %s", strings.Join(lines, "; "))
	case err != nil:
		return fmt.Errorf("QEMU ended: %w", err)
	}
	return errGuestEnded
}
