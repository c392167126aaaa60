package machine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	maxStderr = 64 << 10
	// grace is how long a killed tool may take to vanish before it counts as
	// stuck, and how long output may trail behind the end of a tool.
	grace = 2 * time.Second
)

// Host is the machine that the program runs on. It is for one audit: what the
// outputs of all tools take up together is bounded.
type Host struct{ outputs outputs }

// Has implements [Machine].
func (*Host) Has(tool string) bool {
	_, err := exec.LookPath(tool)
	return err == nil
}

// Files implements [Machine].
func (*Host) Files() fs.FS { return os.DirFS("/") }

// Run implements [Machine]. The tool runs in a process group of its own with no
// input; the whole group is killed when the tool ends or must end.
func (h *Host) Run(ctx context.Context, c Command) Result {
	if ctx.Err() != nil {
		return Result{Command: c, Err: interrupted(ctx)}
	}
	ctx, cancelLimit := context.WithTimeoutCause(ctx, c.Limit, ErrTimeLimit)
	defer cancelLimit()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	stdout := h.outputs.add(func() { cancel(ErrOutputLimit) })
	stderr := &head{}
	cmd := exec.Command(c.Tool, c.Args...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = grace

	start := time.Now()
	err := cmd.Start()
	if err == nil {
		err = wait(ctx, cmd)
	}
	duration := time.Since(start)
	out, cut := stdout.close()
	// The tool may have ended before it could be killed.
	var exit *ExitError
	if cut && (err == nil || errors.As(err, &exit)) {
		err = ErrOutputLimit
	}
	return Result{Command: c, Stdout: out, Stderr: stderr.bytes(), Duration: duration, Err: err}
}

// wait waits for the end of cmd, and kills its process group then, or when ctx
// ends.
func wait(ctx context.Context, cmd *exec.Cmd) error {
	ended := make(chan struct{})
	go func() {
		// The ended tool is not reaped yet, so that its process group cannot be
		// another's when it is killed below.
		for unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
		}
		close(ended)
	}()
	var cause error
	select {
	case <-ended:
	case <-ctx.Done():
		cause = context.Cause(ctx)
		if !errors.Is(cause, ErrTimeLimit) && !errors.Is(cause, ErrOutputLimit) {
			cause = interrupted(ctx)
		}
	}
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	if cause == nil {
		// It cannot hang any more, however slow the machine is.
		return exitError(cmd.Wait())
	}

	reaped := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(reaped)
	}()
	select {
	case <-reaped:
		return cause
	case <-time.After(2 * grace): // cmd.Wait itself needs up to one grace
		return errors.Join(cause, ErrStuck)
	}
}

func interrupted(ctx context.Context) error {
	return fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
}

func exitError(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		e := &ExitError{Status: exit.ExitCode()}
		if s, ok := exit.Sys().(syscall.WaitStatus); ok && s.Signaled() {
			e.Signal = s.Signal()
		}
		return e
	}
	// A process that left the group still held the output: the tool itself
	// ended well, and all that it printed is here.
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	return err
}

// head keeps the first bytes of an output. It can be read while a process that
// was given up on still holds the other end.
type head struct {
	mu sync.Mutex
	b  []byte
}

func (h *head) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.b = append(h.b, p[:min(len(p), maxStderr-len(h.b))]...)
	return len(p), nil
}

func (h *head) bytes() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	return bytes.Clone(h.b)
}
