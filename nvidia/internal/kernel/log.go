package kernel

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"
)

// logReader reads what the kernel logs from now on.
type logReader struct{ fd int }

func openLog() (*logReader, error) {
	fd, err := unix.Open("/dev/kmsg", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if _, err := unix.Seek(fd, 0, unix.SEEK_END); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return &logReader{fd}, nil
}

func (l *logReader) close() { unix.Close(l.fd) }

// read returns the messages since the last read.
func (l *logReader) read() []string {
	var lines []string
	record := make([]byte, 8192) // a longer one cannot be read: EINVAL
	for {
		n, err := unix.Read(l.fd, record)
		switch {
		case errors.Is(err, unix.EPIPE): // some were overwritten meanwhile
		case err != nil || n == 0: // EAGAIN at the end
			return lines
		default:
			lines = append(lines, message(string(record[:n])))
		}
	}
}

// message returns the text of a record of /dev/kmsg, which is
// "priority,sequence,time,flags;text", and lines of properties
// (Documentation/ABI/testing/dev-kmsg).
func message(record string) string {
	_, text, _ := strings.Cut(record, ";")
	text, _, _ = strings.Cut(text, "\n")
	return text
}

func oneLine(output []byte) string { return strings.Join(strings.Fields(string(output)), " ") }
