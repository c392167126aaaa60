// Package serial asks the terminal at the other end of a serial line for its size, which the
// line itself does not tell.
package serial

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Line is a serial line with a terminal at its other end.
type Line struct {
	tty   *os.File
	heard []byte // the end of it
}

// screen is a virtual terminal of the kernel's.
var screen = regexp.MustCompile(`^/dev/tty[0-9]+$`)

// Of returns the line that a terminal is, nil where the kernel knows its size by itself: that
// of a screen, a window, a session over a network.
func Of(tty *os.File) *Line {
	name, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", tty.Fd()))
	size, err := unix.IoctlGetWinsize(int(tty.Fd()), unix.TIOCGWINSZ)
	if screen.MatchString(name) || err != nil || size.Row != 0 && size.Col != 0 && strings.HasPrefix(name, "/dev/pts/") {
		return nil
	}
	return &Line{tty: tty}
}

// question saves the cursor, sends it further than any screen is, asks where it came to (device
// status report, ECMA-48) and brings it back.
const question = "\x1b7\x1b[999;999H\x1b[6n\x1b8"

// Ask asks for the size. The answer comes among the keys, or never: nobody may be there.
func (l *Line) Ask() error {
	_, err := l.tty.WriteString(question)
	return err
}

// answer is where the cursor came to.
var answer = regexp.MustCompile(`\x1b\[([0-9]{1,4});([0-9]{1,4})R`)

// Hear looks for the answer in what the terminal sends, and makes the size known to the kernel:
// it tells each program that runs there, the shell behind this one, too.
func (l *Line) Hear(b []byte) {
	l.heard = append(l.heard, b...)
	for at := answer.FindSubmatchIndex(l.heard); at != nil; at = answer.FindSubmatchIndex(l.heard) {
		rows, _ := strconv.Atoi(string(l.heard[at[2]:at[3]]))
		columns, _ := strconv.Atoi(string(l.heard[at[4]:at[5]]))
		l.heard = l.heard[at[1]:]
		// of what is smaller or larger, somebody else is the author
		if rows >= 10 && rows <= 500 && columns >= 40 && columns <= 1000 {
			_ = unix.IoctlSetWinsize(int(l.tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: uint16(rows), Col: uint16(columns)})
		}
	}
	const longest = len("\x1b[9999;9999R")
	l.heard = l.heard[max(0, len(l.heard)-longest):]
}
