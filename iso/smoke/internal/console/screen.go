package console

import (
	"bytes"
	"io"
)

// Screen writes a machine's console to a person's terminal, without what would do more there
// than show it: the machine may be a stranger's. Colours, the movements of a line editor and of
// programs that fill the screen, and clearing stay. Titles, the clipboard, questions that the
// terminal would answer as if a person typed, modes and all other commands go.
type Screen struct {
	To io.Writer
	// Plain is for what is no terminal, such as a log: text alone stays.
	Plain  bool
	stream stream
	out    []byte
}

// Write implements [io.Writer].
func (s *Screen) Write(data []byte) (int, error) {
	s.out = s.out[:0]
	s.stream.read(data, s)
	if _, err := s.To.Write(s.out); err != nil {
		return 0, err
	}
	return len(data), nil
}

func (s *Screen) character(text string) { s.out = append(s.out, text...) }

func (s *Screen) control(b byte) {
	if b == '\n' || b == '\t' || !s.Plain && (b == '\r' || b == '\b') {
		s.out = append(s.out, b)
	}
}

// shown are the last bytes of sequences that show something: colours; the cursor; to clear, to
// delete and to make room.
const shown = "m" + "ABCDEFGHdf" + "JKPX@LM"

func (s *Screen) sequence(parameters []byte, final byte) {
	own := func(r rune) bool { return (r < '0' || r > '9') && r != ';' } // a maker's own command
	if !s.Plain && bytes.IndexByte([]byte(shown), final) >= 0 && bytes.IndexFunc(parameters, own) < 0 {
		s.out = append(append(append(s.out, "\x1b["...), parameters...), final)
	}
}
