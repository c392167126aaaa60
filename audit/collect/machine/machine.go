// Package machine is how collectors reach the machine that they audit: the
// tools on it, and its files. Host is the real machine; a collector sees no
// difference when another Machine answers from a recording or in a test.
package machine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"time"
)

// Machine is a machine that can be audited.
type Machine interface {
	// Has reports whether a tool is installed.
	Has(tool string) bool
	// Run runs a tool and returns what came of it. It returns soon after the
	// command's time limits, or after ctx ends, whatever the tool does.
	Run(ctx context.Context, c Command) Result
	// Files is the file system from the root on: "sys/bus/pci/devices".
	Files() fs.FS
}

// Command is a tool to run.
type Command struct {
	Tool string
	Args []string
	// Limit is how long the tool may take.
	Limit time.Duration
	// SecondLimit is how long it may take when it is run once more because Limit
	// was too short: a machine under load needs longer than one at rest, and a slow
	// device may have woken up. It is not run again where it hangs in the kernel,
	// or where ctx leaves less time than that. 0: it is run once.
	SecondLimit time.Duration
}

// Leaves reports whether ctx leaves time for something that takes d.
func Leaves(ctx context.Context, d time.Duration) bool {
	deadline, ends := ctx.Deadline()
	return ctx.Err() == nil && (!ends || time.Until(deadline) >= d)
}

// Result is what came of a command. Stdout and Stderr hold what the tool had
// printed until it ended, also where it failed.
type Result struct {
	Command
	Stdout []byte
	Stderr []byte
	// Duration is how long it ran, both times together where it was run twice.
	Duration time.Duration
	// Err is nil where the tool exited with status 0; else one of the errors
	// below, an [*ExitError], or why the tool could not be started.
	Err error
}

// Errors of a Result. Each has killed the tool and the processes that it
// started.
var (
	// ErrTimeLimit: the tool reached its time limit, the second one where it was run
	// twice.
	ErrTimeLimit = errors.New("reached its time limit")
	// ErrOutputLimit: the tool printed more than there is room for. Only the
	// first bytes of it are kept.
	ErrOutputLimit = errors.New("printed too much")
	// ErrInterrupted: the caller's context ended.
	ErrInterrupted = errors.New("was interrupted")
	// ErrStuck comes with one of the others: the tool did not end even when it
	// was killed, because it hangs in the kernel. It was left behind.
	ErrStuck = errors.New("hangs in the kernel")
)

// ErrNotCaptured is the error of a Result that a capture does not have: the program that
// made it asked for less.
var ErrNotCaptured = errors.New("was not run with these arguments when the machine was captured")

// ExitError is the end of a tool that failed by itself.
type ExitError struct {
	// Status is the exit status, -1 where a signal ended the tool.
	Status int
	// Signal is the signal that ended the tool, else 0.
	Signal syscall.Signal
}

func (e *ExitError) Error() string {
	if e.Signal != 0 {
		return fmt.Sprintf("was ended by signal %d (%v)", int(e.Signal), e.Signal)
	}
	return fmt.Sprintf("exited with status %d", e.Status)
}
