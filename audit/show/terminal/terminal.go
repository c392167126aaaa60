// Package terminal lays text out for people: aligned columns, wrapped lines, a
// few colours. Widths are columns of a terminal: an East Asian character takes
// two, a combining one none.
package terminal

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"
)

// Terminal is what text is laid out for. The zero value is a file or a pipe:
// no colours, and lines as long as they come.
type Terminal struct {
	Colour bool
	// Columns in a line; lines are wrapped to them. 0 wraps nothing.
	Columns int
	// Lines on a screen; 0 where there is no end to them.
	Rows int
	// Whether it is the machine's own screen or serial line, and not a window or a
	// session over a network.
	Console bool
}

// Of says what a stream leads to. A serial line does not know the size of the
// terminal at its other end and says 0: then it is taken for 80 columns and 24 rows. No colours
// where the environment has NO_COLOR (see no-color.org) or TERM is dumb.
func Of(stream any) Terminal {
	file, ok := stream.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return Terminal{}
	}
	t := Terminal{Colour: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
	if t.Columns, t.Rows, _ = term.GetSize(int(file.Fd())); t.Columns <= 0 || t.Rows <= 0 {
		t.Columns, t.Rows = 80, 24
	}
	path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", file.Fd()))
	t.Console = err == nil && !strings.HasPrefix(path, "/dev/pts/")
	return t
}

// Colour is a colour or weight of text, the parameters of SGR (ECMA-48). The
// four codes are here rather than a library's, which would decide for the whole
// process whether there are colours; here it is a property of the terminal.
type Colour string

// Colours that every colour terminal has.
const (
	Plain  Colour = ""
	Bold   Colour = "1"
	Red    Colour = "1;31"
	Yellow Colour = "33"
	Cyan   Colour = "36"
	// White on black whatever the colours of the terminal are, for pictures.
	White Colour = "97;40"
)

// Paint returns text in a colour where the terminal has colours. The text must
// be of one line.
func (t Terminal) Paint(c Colour, text string) string {
	if !t.Colour || c == Plain || text == "" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}
