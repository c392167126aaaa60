// Package service is what the programs have in common that a boot waits for: a log, a time
// limit, and an end also where the kernel does not come back.
package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"bee/core/printable"
)

// Service is a program that does one thing at boot.
type Service struct {
	// Program is its name, Short and Long are what its --help says.
	Program, Short, Long string
	// Name of the service, which its lines begin with.
	Name string
	// Log is the file that its lines go to, beside the console.
	Log string
	// Limit is more than all that has a limit of its own takes together.
	Limit time.Duration
	// Work does it. It calls say for each line but the last, which is the summary, or why it
	// failed.
	Work func(ctx context.Context, say func(format string, args ...any)) (summary string, err error)
}

// Exit codes, beside 0.
const (
	exitFailed = 1
	exitUsage  = 2
)

// worker is the argument of the process that does the work.
const worker = "work"

// Run is the program, from its command line to its exit status.
func (s Service) Run() (status int) {
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM)
	defer stop()
	if len(os.Args) == 2 && os.Args[1] == worker {
		return s.work(ctx)
	}
	if err := s.command(&status).ExecuteContext(ctx); err != nil {
		status = s.wrongUse(err, os.Stderr)
	}
	return status
}

// wrongUse tells what is wrong with the command line.
func (s Service) wrongUse(err error, stderr io.Writer) int {
	fmt.Fprintf(stderr, "%s: %s\n", s.Program, printable.Lines(err.Error()))
	return exitUsage
}

func (s Service) command(status *int) *cobra.Command {
	return &cobra.Command{
		Use:           s.Program,
		Short:         s.Short,
		Long:          s.Long,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			work := exec.Command("/proc/self/exe", worker)
			work.Stdout, work.Stderr = os.Stdout, os.Stderr
			err := supervise(cmd.Context(), work, s.Limit)
			if err == nil {
				return nil
			}
			*status = exitFailed
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != exitFailed { // else it has said why
				say, closeLog := s.logger(0)
				defer closeLog()
				say.Print("gave up: ", err)
			}
			return nil
		},
	}
}

// supervise runs a command. A process that the kernel does not come back to cannot
// be killed: after the limit it is left behind, so that the boot goes on.
func supervise(ctx context.Context, work *exec.Cmd, limit time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no end within %v: the kernel hangs, see dmesg", limit))
	defer cancel()
	if err := work.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- work.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		work.Process.Kill() // in vain where the kernel hangs
		return context.Cause(ctx)
	}
}

// work does the work, and returns the exit status.
func (s Service) work(ctx context.Context) int {
	say, closeLog := s.logger(os.O_TRUNC)
	defer closeLog()
	summary, err := s.Work(ctx, say.Printf)
	if err != nil {
		say.Print(err)
		return exitFailed
	}
	say.Print(summary)
	return 0
}

// logger writes to the console and to the log file.
func (s Service) logger(flag int) (say *log.Logger, closeLog func() error) {
	say = s.LogTo(os.Stdout)
	f, err := os.OpenFile(s.Log, os.O_WRONLY|os.O_CREATE|os.O_APPEND|flag, 0o644)
	if err != nil {
		say.Printf("on the console alone: %v", err)
		return say, func() error { return nil }
	}
	return s.LogTo(io.MultiWriter(os.Stdout, f)), f.Close
}

// LogTo writes what may have words of devices, of the kernel's log and of its command line.
func (s Service) LogTo(w io.Writer) *log.Logger { return log.New(printing{w}, s.Name+": ", 0) }

// printing writes text that is printable.
type printing struct{ to io.Writer }

func (p printing) Write(text []byte) (int, error) {
	_, err := io.WriteString(p.to, printable.Lines(string(text)))
	return len(text), err
}
