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
	l.lines(func(text string) {
		if e, ok := Parse(text); ok {
			all = append(all, e)
		}
	})
	return all
}

// lines calls f with each line that is there to be read.
func (l *Log) lines(f func(text string)) {
	record := make([]byte, 16<<10) // the kernel's are shorter, one a read
	for {
		n, err := unix.Read(l.fd, record)
		// EPIPE: some records were overwritten before they were read.
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.EPIPE) {
			continue
		}
		if err != nil || n <= 0 {
			return
		}
		for text := range strings.Lines(string(record[:n])) {
			f(strings.TrimRight(text, "\n"))
		}
	}
}

// Said returns the last few lines, made printable, that NVIDIA's driver has in the whole of the
// kernel's log, /dev/kmsg, about the GPU at a PCI address; none where it cannot be read.
func Said(path, address string) []string {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	log := &Log{fd}
	defer log.Close()
	place, _, _ := strings.Cut(address, ".") // the driver leaves out the function
	const few = 5
	var last []string
	log.lines(func(text string) {
		// what stands before the text: priority, number, time
		if _, message, found := strings.Cut(text, ";"); found {
			text = message
		}
		if !strings.HasPrefix(text, "NVRM: ") && !strings.HasPrefix(text, "nvidia") || !strings.Contains(strings.ToLower(text), place) {
			return
		}
		if said := printable.Escape([]byte(strings.TrimSpace(text))); len(last) == 0 || last[len(last)-1] != said {
			last = append(last, said)
		}
		last = last[max(0, len(last)-few):]
	})
	return last
}

// Close closes the log.
func (l *Log) Close() error { return unix.Close(l.fd) }
