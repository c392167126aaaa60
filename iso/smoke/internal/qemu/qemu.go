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
	"bee/iso/smoke/internal/mok"
)

// Program is the QEMU that is run, from PATH.
const Program = "qemu-system-x86_64"

// Config describes a machine.
type Config struct {
	// Path of the ISO image; "" for a machine without a medium.
	ISO string
	// What the ISO is: machine.CD or machine.USB.
	Media string
	// How many bytes of it a second are read at most; 0: no limit.
	MediaBytes int
	Firmware   Firmware
	// Certificate, PEM or DER, that shim and the kernel that it starts trust; nil for none.
	Enrolled []byte
	// Memory in MiB.
	MemoryMiB int
	// KVM or TCG, see [Probe].
	Accelerator Accelerator
	// What it has beside that, see package hardware.
	Hardware Hardware
}

// Hardware is parts of a machine.
type Hardware struct {
	// Arguments of QEMU.
	Args []string
	// What QEMU is handed open; the arguments name each by its number, by [File] or [Socket].
	Handed []Handed
}

// Handed is a file, or a socket.
type Handed struct {
	// Content of the file.
	Content []byte
	// Serve has the other end of a socket that listens in QEMU, until the connection ends,
	// as it does with the machine; nil for a file.
	Serve func(*net.UnixConn) error
	// Program that Serve runs, from PATH. Debian has it in a package of that name.
	Program string
}

// File is the path, in QEMU, of a file that it is handed.
func File(number int) string { return fmt.Sprintf("/proc/self/fd/%d", Socket(number)) }

// Socket is the number, in QEMU, of a socket that it is handed.
func Socket(number int) int { return firstFile + number }

// firstFile is the number of the first file that a program is handed, behind its
// standard input, output and error.
const firstFile = 3

// CPUs of each machine: two, so that services do start side by side.
const CPUs = 2

// args are QEMU's arguments for the machine, but for its console and monitor. The medium,
// where there is one, is the open file of that number.
func (c Config) args(medium int, vars string) []string {
	args := []string{
		"-nodefaults", "-no-user-config", "-no-reboot",
		"-m", strconv.Itoa(c.MemoryMiB),
		"-device", "VGA", "-display", "none",
	}
	if c.ISO != "" {
		args = append(args,
			"-add-fd", fmt.Sprintf("set=0,fd=%d", medium),
			"-drive", "if=none,id=medium,format=raw,readonly=on,file=/dev/fdset/0"+c.throttle())
		if c.Media == machine.USB {
			args = append(args, "-device", "qemu-xhci", "-device", "usb-storage,drive=medium,bootindex=0")
		} else {
			args = append(args, "-device", "ide-cd,drive=medium,bootindex=0")
		}
	}
	if c.Firmware.Code != "" {
		args = append(args,
			"-drive", "if=pflash,format=raw,readonly=on,file="+Escape(c.Firmware.Code),
			"-drive", "if=pflash,format=raw,file="+vars)
	}
	if c.Firmware.Secure {
		args = append(args, "-machine", "smm=on", "-global", "driver=cfi.pflash01,property=secure,value=on")
	}
	return append(args, c.Hardware.Args...)
}

// throttle are the parameters of the medium's drive that limit how fast it is read.
func (c Config) throttle() string {
	if c.MediaBytes == 0 {
		return ""
	}
	return fmt.Sprintf(",throttling.bps-read=%d", c.MediaBytes)
}

// prepare opens all files of the machine, and returns QEMU's arguments for it.
func (c Config) prepare() (args []string, files *handover, err error) {
	files = new(handover)
	if args, err = c.open(files); err != nil {
		files.close()
	}
	return args, files, err
}

func (c Config) open(files *handover) (args []string, err error) {
	for _, handed := range c.Hardware.Handed { // first: see Socket
		if handed.Serve == nil {
			if _, err := files.memory(handed.Content); err != nil {
				return nil, err
			}
			continue
		}
		if name := handed.Program; name != "" {
			if _, err := exec.LookPath(name); err != nil {
				return nil, fmt.Errorf("%s is not in PATH; on Debian the package %s has it", name, name)
			}
		}
		conn, err := files.server()
		if err != nil {
			return nil, err
		}
		go func() {
			defer conn.Close()
			handed.Serve(conn) // its end is that of the machine
		}()
	}
	medium, vars := 0, ""
	if c.ISO != "" {
		iso, err := os.Open(c.ISO)
		if err != nil {
			return nil, err
		}
		medium = files.add(iso)
	}
	if c.Firmware.Vars != "" {
		pristine, err := os.ReadFile(c.Firmware.Vars)
		if err != nil {
			return nil, err
		}
		if c.Enrolled != nil {
			if pristine, err = mok.Enrol(pristine, c.Enrolled); err != nil {
				return nil, fmt.Errorf("enrolling a certificate in %s: %w", c.Firmware.Vars, err)
			}
		}
		if vars, err = files.memory(pristine); err != nil { // a copy, which the machine may write to
			return nil, err
		}
	}
	return c.args(medium, vars), nil
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
	args, files, err := config.prepare()
	if err != nil {
		return nil, err
	}
	defer files.close()
	serial, serialNumber, err := files.socket()
	if err != nil {
		return nil, err
	}
	control, controlNumber, err := files.socket()
	if err != nil {
		serial.Close()
		return nil, err
	}
	process, err := start(ctx, command(config.Accelerator, append(args,
		"-chardev", fmt.Sprintf("socket,id=serial,fd=%d", serialNumber), "-serial", "chardev:serial",
		"-chardev", fmt.Sprintf("socket,id=monitor,fd=%d", controlNumber), "-mon", "chardev=monitor,mode=control",
	), files))
	if err != nil {
		serial.Close()
		control.Close()
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

// Interactive runs a machine with its serial port on this program's terminal, which gets what
// the machine writes by the screen, and returns when the guest turns itself off, the person
// there leaves QEMU (Ctrl-A X) or ctx ends.
func Interactive(ctx context.Context, config Config, screen io.Writer) error {
	args, files, err := config.prepare()
	if err != nil {
		return err
	}
	defer files.close()
	cmd := command(config.Accelerator, append(args, "-serial", "mon:stdio"), files)
	cmd.Stdin, cmd.Stdout = os.Stdin, screen
	cmd.SysProcAttr.Setpgid = false // stays in the terminal's foreground process group
	process, err := start(ctx, cmd)
	if err != nil {
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

// start runs QEMU until it ends, kill is called or ctx ends. The kernel kills it when this
// program dies.
func start(ctx context.Context, cmd *exec.Cmd) (*process, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	// what holds standard error open may outlive QEMU, but not for long
	cmd.WaitDelay = time.Second
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
		close(p.done)
	}()
	if err := <-started; err != nil {
		switch {
		case errors.Is(err, exec.ErrNotFound):
			return nil, errNoQEMU
		case cmd.SysProcAttr.Credential != nil:
			return nil, fmt.Errorf("%w (root runs QEMU as user %d; where that is not possible, run smoke as an ordinary user)", err, unprivileged)
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
