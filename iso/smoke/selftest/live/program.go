package live

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Command is a program that is to run.
type Command struct {
	// Args are its name and its arguments.
	Args []string
	// Limit is how long it may run before it is told to end, and killed where it
	// does not.
	Limit time.Duration
	// Quiet: what it writes to its standard error is dropped.
	Quiet bool
}

// Answer is what a program came to.
type Answer struct {
	// Output is all that it wrote; and behind that, unless it is quiet, why it could not
	// be started, or was ended.
	Output string
	// Status is its exit status, as a shell has it: that of the program, or one of those
	// below.
	Status int
}

// Exit statuses of programs that did not end by themselves.
const (
	StatusTimeout    = 124 // it took longer than its limit
	StatusNotStarted = 127 // it is not there, or cannot be started
	StatusSignal     = 128 // and the number of the signal that ended it
)

const (
	// grace is for the end of a program that was told to end.
	grace = 10 * time.Second
	// short is for programs that have an answer at hand.
	short = time.Minute
)

func execute(c Command) Answer {
	ctx, cancel := context.WithTimeout(context.Background(), c.Limit)
	defer cancel()
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Stdout = &output
	if !c.Quiet {
		cmd.Stderr = &output
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = grace
	err := cmd.Run()
	status, problem := 0, ""
	switch {
	case cmd.ProcessState == nil:
		status, problem = StatusNotStarted, err.Error()
	case err != nil && ctx.Err() != nil:
		status, problem = StatusTimeout, fmt.Sprintf("%s: no end within %s\n", c.Args[0], c.Limit)
	default:
		status = cmd.ProcessState.ExitCode()
		if wait, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && wait.Signaled() {
			status, problem = StatusSignal+int(wait.Signal()), wait.Signal().String()
		}
	}
	if !c.Quiet {
		output.WriteString(problem)
	}
	return Answer{output.String(), status}
}

// Run runs a program, for no longer than limit. The answer has its standard output
// and its standard error.
func (s *System) Run(limit time.Duration, args ...string) Answer {
	return s.Exec(Command{Args: args, Limit: limit})
}

// Ask runs a program that does not take long. The answer has its standard output
// alone.
func (s *System) Ask(args ...string) Answer {
	return s.Exec(Command{Args: args, Limit: short, Quiet: true})
}

// KernelLog is what the kernel said, line by line.
func (s *System) KernelLog() []string { return strings.Split(s.Ask("dmesg").Output, "\n") }
