package burn

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// process is a program that runs in a process group of its own. It is over when
// nothing of the group is left, which is killed when the program has ended or has
// to.
//
// [bee/audit/collect/machine.Host] is for tools that answer once: it hands nothing out
// before their end and gives them no time to end by themselves.
type process struct {
	cmd *exec.Cmd
	// What it prints. Both have to be read until done.
	stdout, stderr chan []byte
	stop           chan struct{} // closed to end it
	done           chan struct{} // closed when it is over
	// State is how it ended, nil where it hangs in the kernel and was left behind.
	// Valid when done.
	state *os.ProcessState
}

// start starts a program.
func start(cmd *exec.Cmd, l limits) (*process, error) {
	// Children whose parent has ended become ours: else nobody might reap them, and
	// the group would not end.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, os.NewSyscallError("prctl", err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, stdout: make(chan []byte), stderr: make(chan []byte), stop: make(chan struct{}), done: make(chan struct{})}
	go p.supervise(l, stdout, stderr)
	return p, nil
}

// supervise sees the program to its end.
func (p *process) supervise(l limits, stdout, stderr io.ReadCloser) {
	defer close(p.done)
	var readers sync.WaitGroup
	readers.Go(func() { p.read(stdout, p.stdout) })
	readers.Go(func() { p.read(stderr, p.stderr) })
	read := make(chan struct{})
	go func() {
		readers.Wait()
		close(read)
	}()
	ended := make(chan *os.ProcessState, 1)
	go func() {
		// Not cmd.Wait, which would close what is still to be read.
		state, _ := p.cmd.Process.Wait()
		ended <- state
	}()
	select {
	case p.state = <-ended:
	case <-p.stop:
	}
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{0, 0}, {syscall.SIGTERM, l.terminate}, {syscall.SIGKILL, l.kill}} {
		_ = syscall.Kill(-p.cmd.Process.Pid, step.signal)
		if p.gone(ended, step.wait) {
			break
		}
	}
	select {
	case <-read:
	case <-time.After(l.trail): // held open by a process that left the group
	}
	stdout.Close()
	stderr.Close()
}

// gone waits until nothing is left of the group, and reports whether nothing is.
func (p *process) gone(ended <-chan *os.ProcessState, wait time.Duration) bool {
	for deadline := time.Now().Add(wait); ; time.Sleep(20 * time.Millisecond) {
		if p.state == nil {
			select {
			case p.state = <-ended:
			default:
			}
		}
		// The program itself is reaped by its Wait.
		if p.state != nil {
			for {
				pid, err := unix.Wait4(-p.cmd.Process.Pid, nil, unix.WNOHANG, nil)
				if err != unix.EINTR && pid <= 0 {
					break
				}
			}
			if unix.Kill(-p.cmd.Process.Pid, 0) == unix.ESRCH {
				return true
			}
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}

func (p *process) read(from io.Reader, to chan<- []byte) {
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		if n > 0 {
			select {
			case to <- bytes.Clone(b[:n]):
			case <-p.done:
				return
			}
		}
		if err != nil {
			return
		}
	}
}
