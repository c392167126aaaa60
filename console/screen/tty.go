package screen

import (
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gdamore/tcell/v2"
)

// newScreen is the terminal that the console is on, and its keyboard.
func newScreen(line Line) (tcell.Screen, *keyboard, error) {
	tty, err := tcell.NewDevTty()
	if err != nil {
		return nil, nil, err
	}
	k := &keyboard{Tty: tty, line: line}
	s, err := tcell.NewTerminfoScreenFromTty(k)
	if err != nil { // there is hardly one that does not know what a vt220 knew
		os.Setenv("TERM", "vt220")
		s, err = tcell.NewTerminfoScreenFromTty(k)
	}
	return s, k, err
}

// calm is how long no event comes when there is none left.
const calm = 20 * time.Millisecond

// leave takes what was typed ahead: tcell does not come to its end while that waits for somebody
// who takes it.
func leave(s tcell.Screen, k *keyboard) {
	k.left.Store(true)
	events := s.(interface{ EventQ() chan tcell.Event }).EventQ()
	for {
		select {
		case <-events:
		case <-time.After(calm):
			return
		}
	}
}

// keyboard is a terminal of which only bytes are read that the console has a use for. tcell
// waits for ever, and takes all of a processor, where a byte is not UTF-8, as noise on a serial
// line is; and it waits for the end of a string behind ESC ] and the like, which nobody sends who
// presses keys: until then, all that is pressed would be lost. Of two ESC that come together, it
// would take the next key for a part.
type keyboard struct {
	tcell.Tty
	line   Line // hears what comes; nil where it is no serial line
	escape bool // whether the last byte was ESC
	left   atomic.Bool
}

// Read implements [io.Reader].
func (k *keyboard) Read(b []byte) (int, error) {
	n, err := k.Tty.Read(b)
	if k.line != nil {
		k.line.Hear(b[:n])
	}
	if k.left.Load() {
		return 0, err
	}
	return len(k.filter(b[:n])), err
}

// filter leaves out bytes, in place.
func (k *keyboard) filter(b []byte) []byte {
	kept := b[:0]
	for i, c := range b {
		if c >= 0x80 || c == 0x1b && i > 0 && k.escape || k.escape && strings.IndexByte("PX]^_", c) >= 0 {
			continue
		}
		k.escape = c == 0x1b
		kept = append(kept, c)
	}
	return kept
}
