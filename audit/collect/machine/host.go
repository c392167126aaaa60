package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	maxStderr = 64 << 10
	// stuckAfter is how long a killed tool may take to vanish before it counts as
	// stuck: long for a kernel, but a machine can be slow. Where there is time, it is
	// waited for once more, for slowStuckAfter.
	stuckAfter, slowStuckAfter = 5 * time.Second, 10 * time.Second
	// trail is how long output may trail behind the end of a tool.
	trail = 2 * time.Second
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
	first := h.once(ctx, c, c.Limit)
	if !errors.Is(first.Err, ErrTimeLimit) || errors.Is(first.Err, ErrStuck) || c.SecondLimit == 0 || !Leaves(ctx, c.SecondLimit) {
		return first
	}
	second := h.once(ctx, c, c.SecondLimit)
	second.Duration += first.Duration
	dropped := first.Stdout
	var exit *ExitError
	if second.Err != nil && !errors.As(second.Err, &exit) {
		second.Err = fmt.Errorf("%w; run once more, it %w", first.Err, second.Err)
		// Neither came to its end: the one that came further has more to say.
		if len(first.Stdout) > len(second.Stdout) {
			dropped = second.Stdout
			second.Stdout, second.Stderr = first.Stdout, first.Stderr
		}
	}
	h.outputs.forget(dropped)
	return second
}

// once runs a tool once.
func (h *Host) once(ctx context.Context, c Command, limit time.Duration) Result {
	if ctx.Err() != nil {
		return Result{Command: c, Err: interrupted(ctx)}
	}
	total := ctx
	ctx, cancelLimit := context.WithTimeoutCause(ctx, limit, fmt.Errorf("%w of %v", ErrTimeLimit, limit))
	defer cancelLimit()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	stdout := h.outputs.add(func() { cancel(ErrOutputLimit) })
	stderr := &head{}
	cmd := exec.Command(c.Tool, c.Args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}

	start := time.Now()
	err := run(ctx, total, cmd, stdout, stderr)
	duration := time.Since(start)
	out, cut := stdout.close()
	// The tool may have ended before it could be killed.
	var exit *ExitError
	if cut && (err == nil || errors.As(err, &exit)) {
		err = ErrOutputLimit
	}
	return Result{Command: c, Stdout: out, Stderr: stderr.b, Duration: duration, Err: err}
}

// run runs cmd until it ends, or ctx, which ends before total.
func run(ctx, total context.Context, cmd *exec.Cmd, stdout, stderr io.Writer) error {
	out, err := newPipe(stdout)
	if err != nil {
		return err
	}
	defer out.r.Close()
	errs, err := newPipe(stderr)
	if err != nil {
		out.w.Close()
		return err
	}
	defer errs.r.Close()
	cmd.Stdout, cmd.Stderr = out.w, errs.w
	err = cmd.Start()
	out.start()
	errs.start()
	if err != nil {
		return err
	}
	err = wait(ctx, total, cmd)
	late, cancel := context.WithTimeout(context.Background(), trail)
	defer cancel()
	out.finish(late)
	errs.finish(late)
	return err
}

// wait waits for the end of cmd, and kills its process group then, or when ctx
// ends. As far as total goes, it waits for a slow end of what was killed.
func wait(ctx, total context.Context, cmd *exec.Cmd) error {
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
	case <-time.After(stuckAfter):
	}
	if Leaves(total, slowStuckAfter) {
		select {
		case <-reaped:
			return cause
		case <-time.After(slowStuckAfter):
		case <-total.Done():
		}
	}
	return fmt.Errorf("%w, and %w", cause, ErrStuck)
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
	return err
}

// pipe is what a tool's output comes through. Unlike that of os/exec, it loses
// nothing of a tool that has ended, however little time this process gets.
type pipe struct {
	r, w *os.File
	to   io.Writer
	done chan struct{} // closed when nothing more is read
}

func newPipe(to io.Writer) (*pipe, error) {
	r, w, err := os.Pipe()
	return &pipe{r, w, to, make(chan struct{})}, err
}

// start begins to read, once the tool has the other end.
func (p *pipe) start() {
	p.w.Close()
	go func() {
		defer close(p.done)
		_, _ = io.Copy(p.to, p.r)
	}()
}

// finish reads the rest. A process that left the tool's group, or that was given
// up on, may still hold the other end: after late, only what is in the pipe is
// read.
func (p *pipe) finish(late context.Context) {
	select {
	case <-p.done:
		return
	case <-late.Done():
	}
	_ = p.r.SetReadDeadline(time.Now())
	<-p.done
	_ = p.r.SetReadDeadline(time.Time{})
	conn, err := p.r.SyscallConn()
	if err != nil {
		return
	}
	rest := make([]byte, 1<<20) // pipes are not larger
	_ = conn.Read(func(fd uintptr) bool {
		if n, err := syscall.Read(int(fd), rest); err == nil {
			_, _ = p.to.Write(rest[:n])
		}
		return true
	})
}

// head keeps the first bytes of an output.
type head struct{ b []byte }

func (h *head) Write(p []byte) (int, error) {
	h.b = append(h.b, p[:min(len(p), maxStderr-len(h.b))]...)
	return len(p), nil
}
