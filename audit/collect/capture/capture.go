// Package capture saves what a machine answered to an audit, so that the audit
// can be run again elsewhere and later: a fault in the field becomes a test.
//
// A capture is a folder, or the same as a .tar.gz file with capture.json at its
// top. It is plain enough to be written or changed by hand:
//
//	capture.json               what there is; see [Index]
//	tools/001-dmidecode/stdout  what a tool printed
//	tools/001-dmidecode/stderr  only where it printed some
//	files/sys/…                files, folders and links of the machine, from its root on
//
// Links under files/ are the machine's: an absolute one leads from files/ on. A
// file that is not in the capture was not on the machine, or no collector asked
// for it. Anything else at the top, such as a README, is passed over.
//
// It holds what the tools and sysfs say of the hardware, with serial numbers,
// MAC addresses and the host name, and no other files of the machine than those
// under files/.
package capture

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"bee/audit/collect/machine"
)

// Version is the version of the layout.
const Version = 1

// Index is capture.json.
type Index struct {
	// Version of the layout.
	CaptureVersion int `json:"capture_version"`
	// Version of the program that made the capture. Absent where a person did.
	AuditVersion string `json:"audit_version,omitempty"`
	// When the capture began, in UTC.
	CapturedAt time.Time `json:"captured_at"`
	// Tools that are installed, as far as a collector asked. All others count as
	// missing.
	Tools []string `json:"tools"`
	// Every run of a tool. A command line that was run again gives its answers in
	// this order, and then the last one for ever.
	Commands []Command `json:"commands"`
	// Files and folders that are there and were not read, and why: the name of an
	// error (EINVAL), or other words.
	Unread map[string]string `json:"unread,omitempty"`
}

// Command is one run of a tool. It exited with status 0 unless exit_status,
// signal, causes or error say otherwise.
type Command struct {
	Tool string   `json:"tool"`
	Args []string `json:"args,omitempty"`
	// Folder with stdout and stderr. Absent where it printed nothing.
	Output string `json:"output,omitempty"`
	// How long it ran, to the millisecond; both times together where it was run once
	// more, because it reached its time limit at first.
	DurationSeconds float64 `json:"duration_seconds"`
	// Its exit status.
	ExitStatus int `json:"exit_status,omitempty"`
	// Number of the signal that ended it.
	Signal int `json:"signal,omitempty"`
	// Why it was killed: time_limit, output_limit, interrupted; and stuck where it
	// did not even end then.
	Causes []string `json:"causes,omitempty"`
	// The error in words, where there are more to say than the causes do: why it
	// was interrupted, or could not be started.
	Error string `json:"error,omitempty"`
}

type cause struct {
	word string
	err  error
}

// causes are the words of [Command.Causes].
var causes = []cause{
	{"time_limit", machine.ErrTimeLimit},
	{"output_limit", machine.ErrOutputLimit},
	{"interrupted", machine.ErrInterrupted},
	{"stuck", machine.ErrStuck},
}

// ended is the end of a tool that was killed or did not start.
type ended struct {
	message string
	causes  []error
}

func (e *ended) Error() string   { return e.message }
func (e *ended) Unwrap() []error { return e.causes }

// setErr stores how a tool ended.
func (c *Command) setErr(err error) {
	var exit *machine.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit) && exit.Signal != 0:
		c.Signal = int(exit.Signal)
	case errors.As(err, &exit):
		c.ExitStatus = exit.Status
	default:
		c.Error = err.Error()
		for _, cause := range causes {
			if errors.Is(err, cause.err) {
				c.Causes = append(c.Causes, cause.word)
			}
		}
	}
}

// err is how the tool ended, as [machine.Result] has it.
func (c *Command) err() error {
	if c.Error != "" || len(c.Causes) > 0 {
		e := &ended{message: c.Error}
		for _, cause := range causes {
			if slices.Contains(c.Causes, cause.word) {
				e.causes = append(e.causes, cause.err)
			}
		}
		e.message = cmp.Or(e.message, fmt.Sprint(errors.Join(e.causes...)))
		return e
	}
	if c.Signal != 0 {
		return &machine.ExitError{Status: -1, Signal: syscall.Signal(c.Signal)}
	}
	if c.ExitStatus != 0 {
		return &machine.ExitError{Status: c.ExitStatus}
	}
	return nil
}

// check reports what is wrong with an index that a person wrote.
func (x *Index) check() error {
	switch {
	case x.CaptureVersion < 1:
		return errors.New("capture_version is missing")
	case x.CapturedAt.IsZero():
		return errors.New("captured_at is missing")
	}
	for i, c := range x.Commands {
		if c.Tool == "" {
			return fmt.Errorf("command %d has no tool", i+1)
		}
		for _, word := range c.Causes {
			if !slices.ContainsFunc(causes, func(c cause) bool { return c.word == word }) {
				return fmt.Errorf("command %d: no cause %q", i+1, word)
			}
		}
	}
	return nil
}

// errnoName returns the name of an error of the kernel, and the words of others.
func errnoName(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		if name := unix.ErrnoName(errno); name != "" {
			return name
		}
	}
	return err.Error()
}

// errnoNamed is the inverse of errnoName.
func errnoNamed(name string) error {
	for errno := syscall.Errno(1); errno < 256; errno++ {
		if unix.ErrnoName(errno) == name {
			return errno
		}
	}
	return errors.New(name)
}
