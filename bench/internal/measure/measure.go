// Package measure runs a program and tells what it took.
package measure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Usage is what a program took, with the programs that it started and waited for.
type Usage struct {
	// From its start to its end.
	Wall time.Duration
	// Of all processors, in user and kernel mode.
	CPU time.Duration
	// Of the largest process: the most memory that it had at a time.
	PeakBytes int64
}

// A program counts as its own peak what the process had that became it. The bench would
// be the larger of the two, so a shell makes the process, and leaves it: the bench, which
// inherits it, asks the kernel about it alone. It becomes the program only when it reads a
// line, since a shell that is still there would ask about it in the bench's place.
const leave = `{ read -r line <&3 && exec "$@" 3<&-; } >/dev/null & echo $!`

// lastWords are how much of what a program said goes into an error.
const lastWords = 2000

// Run runs a program, whose output is thrown away. One that exits with another status
// than 0 is an error. Where ctx ends, so does the program.
func Run(ctx context.Context, program string, args ...string) (Usage, error) {
	if _, err := exec.LookPath(program); err != nil {
		return Usage{}, err
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return Usage{}, fmt.Errorf("to inherit processes: %w", err)
	}
	// A pipe would keep the shell waiting for whoever holds it.
	said, err := os.CreateTemp("", "bee-bench-*.stderr")
	if err != nil {
		return Usage{}, err
	}
	defer said.Close()
	if err := os.Remove(said.Name()); err != nil {
		return Usage{}, err
	}

	gate, open, err := os.Pipe()
	if err != nil {
		return Usage{}, err
	}
	defer open.Close()
	var id bytes.Buffer
	shell := exec.Command("sh", append([]string{"-c", leave, "sh", program}, args...)...)
	shell.Stdout, shell.Stderr, shell.ExtraFiles = &id, said, []*os.File{gate}
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = shell.Start()
	gate.Close()
	if err != nil {
		return Usage{}, err
	}
	stop := context.AfterFunc(ctx, func() { unix.Kill(-shell.Process.Pid, unix.SIGKILL) })
	defer stop()
	if err := shell.Wait(); err != nil {
		return Usage{}, errors.Join(context.Cause(ctx), fmt.Errorf("sh: %w%s", err, end(said)))
	}
	process, err := strconv.Atoi(strings.TrimSpace(id.String()))
	if err != nil {
		return Usage{}, fmt.Errorf("sh: %w", err)
	}
	began := time.Now()
	if _, err := open.WriteString("\n"); err != nil && ctx.Err() == nil {
		return Usage{}, fmt.Errorf("%s did not start: %w", program, err)
	}
	status, usage, err := wait(process)
	wall := time.Since(began)
	if err != nil {
		return Usage{}, err
	}
	if ctx.Err() != nil {
		return Usage{}, context.Cause(ctx)
	}
	if !status.Exited() || status.ExitStatus() != 0 {
		return Usage{}, fmt.Errorf("%s: %s%s", program, ending(status), end(said))
	}
	return Usage{
		Wall:      wall,
		CPU:       time.Duration(usage.Utime.Nano() + usage.Stime.Nano()),
		PeakBytes: usage.Maxrss * 1024,
	}, nil
}

// wait waits for the end of a process.
func wait(process int) (status unix.WaitStatus, usage unix.Rusage, err error) {
	for {
		if _, err = unix.Wait4(process, &status, 0, &usage); err != unix.EINTR {
			return status, usage, err
		}
	}
}

func ending(status unix.WaitStatus) string {
	if status.Signaled() {
		return "ended by signal: " + status.Signal().String()
	}
	return fmt.Sprintf("exit status %d", status.ExitStatus())
}

// end is what a program said last.
func end(said *os.File) string {
	size, err := said.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return ""
	}
	text, _ := io.ReadAll(io.NewSectionReader(said, max(0, size-lastWords), lastWords))
	return ": " + strings.TrimSpace(string(text))
}
