// Package xid reads the errors that the NVIDIA driver writes to the kernel's log:
//
//	NVRM: Xid (PCI:0000:65:00): 79, pid=1234, name=gpu_burn, GPU has fallen off the bus.
//
// NVIDIA's "Xid Errors" says what the numbers mean.
package xid

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"bee/audit/tool/nvidiasmi"
	"bee/core/printable"
)

// Event is one such error.
type Event struct {
	// PCIAddress is domain:bus:device.function, as in lspci -D.
	PCIAddress string
	Number     uint64
	// Message is the rest of the line, made printable; it can be empty.
	Message string
}

// The address has a function only in some drivers, and "PCI:" only in newer ones.
var line = regexp.MustCompile(`NVRM: Xid \((?:PCI:)?([0-9a-fA-F:]+)(\.[0-7])?\): ([0-9]+)(?:, *)?(.*)$`)

// Parse reads a line of the kernel's log, and reports whether it is such an error.
func Parse(text string) (Event, bool) {
	m := line.FindStringSubmatch(text)
	if m == nil {
		return Event{}, false
	}
	if m[2] == "" {
		m[2] = ".0"
	}
	address := nvidiasmi.Address(m[1] + m[2])
	number, err := strconv.ParseUint(m[3], 10, 32)
	return Event{address, number, printable.Escape([]byte(strings.TrimSpace(m[4])))}, address != "" && err == nil
}

// Log is the kernel's log from a moment on.
type Log struct{ fd int }

// Open opens the kernel's log, /dev/kmsg, at its end: what was there before is not
// read.
func Open(path string) (*Log, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if _, err := unix.Seek(fd, 0, unix.SEEK_END); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return &Log{fd}, nil
}

// Read returns the errors that are new since the last call. It does not wait.
func (l *Log) Read() []Event {
	var all []Event
	record := make([]byte, 16<<10) // the kernel's are shorter, one a read
	for {
		n, err := unix.Read(l.fd, record)
		// EPIPE: some records were overwritten before they were read.
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.EPIPE) {
			continue
		}
		if err != nil || n <= 0 {
			return all
		}
		for text := range strings.Lines(string(record[:n])) {
			if e, ok := Parse(strings.TrimRight(text, "\n")); ok {
				all = append(all, e)
			}
		}
	}
}

// Close closes the log.
func (l *Log) Close() error { return unix.Close(l.fd) }
