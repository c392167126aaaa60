package console

import (
	"unicode/utf8"

	"bee/core/printable"
)

// stream takes apart what is written to a terminal (ECMA-48), wherever it is cut.
//
// Own code: libraries that read it are made to obey it, and keep what they do not know.
type stream struct {
	state      state
	parameters []byte // of a sequence
	partial    []byte // the beginning of a character
}

// parts gets the parts of a stream.
type parts interface {
	// character is one, as package printable writes it.
	character(string)
	// control is a control character.
	control(byte)
	// sequence is a control sequence: ESC [, parameters, and a last byte.
	sequence(parameters []byte, final byte)
}

type state int

const (
	plain    state = iota
	escape         // after ESC
	sequence       // after ESC [, until a final byte of 0x40 to 0x7e
	charset        // after ESC ( and the like, one more byte
	command        // after ESC ] and the like, until its end
)

// maxParameters is more than any sequence needs that shows something; longer ones are left out.
const maxParameters = 32

func (s *stream) read(data []byte, to parts) {
	for _, b := range data {
		switch {
		case b == 0x1b:
			s.end(to)
			s.state = escape
		case s.state == plain:
			s.plain(b, to)
		case s.state == escape:
			s.state, s.parameters = begun(b), s.parameters[:0]
		case s.state == sequence && (b < 0x40 || b > 0x7e):
			if len(s.parameters) <= maxParameters {
				s.parameters = append(s.parameters, b)
			}
		case s.state == sequence:
			s.state = plain
			if len(s.parameters) <= maxParameters {
				to.sequence(s.parameters, b)
			}
		case s.state == charset:
			s.state = plain
		case b == '\n': // no command has more than one line: what comes next is to be seen
			s.state = plain
			to.control(b)
		case b == '\a' || b == 0x18 || b == 0x1a: // its end, or an interruption
			s.state = plain
		}
	}
}

// begun is what a byte after ESC begins.
func begun(b byte) state {
	switch b {
	case '[':
		return sequence
	case '(', ')', '#', '%':
		return charset
	case ']', 'P', 'X', '^', '_':
		return command
	}
	return plain
}

// plain reads a byte of text.
func (s *stream) plain(b byte, to parts) {
	if b >= utf8.RuneSelf {
		s.partial = append(s.partial, b)
		if utf8.FullRune(s.partial) {
			s.next(to)
		}
		return
	}
	s.end(to)
	if b < ' ' || b == 0x7f {
		to.control(b)
	} else {
		to.character(string(rune(b)))
	}
}

// end ends a character that has no end.
func (s *stream) end(to parts) {
	for len(s.partial) > 0 {
		s.next(to)
	}
}

// next passes on the first character that is there, or a byte that is of none.
func (s *stream) next(to parts) {
	_, n := utf8.DecodeRune(s.partial)
	to.character(printable.Again(string(s.partial[:n])))
	s.partial = append(s.partial[:0], s.partial[n:]...)
}
