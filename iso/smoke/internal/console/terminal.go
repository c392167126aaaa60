package console

// terminal turns what was meant for a terminal into text: it leaves out control
// characters and escape sequences (ECMA-48), and begins a new line where the
// cursor is sent elsewhere.
type terminal struct {
	text  []byte
	state state
}

type state int

const (
	plain    state = iota
	escape         // after ESC
	sequence       // after ESC [, until a final byte of 0x40 to 0x7e
	charset        // after ESC ( and the like, one more byte
)

func (t *terminal) write(data []byte) {
	for _, b := range data {
		switch t.state {
		case plain:
			switch {
			case b == 0x1b:
				t.state = escape
			case b == '\n' || b == '\t' || b >= ' ' && b != 0x7f:
				t.text = append(t.text, b)
			}
		case escape:
			switch b {
			case '[':
				t.state = sequence
			case '(', ')', '#', '%':
				t.state = charset
			default:
				t.state = plain
			}
		case sequence:
			if b < 0x40 || b > 0x7e {
				continue
			}
			t.state = plain
			if (b == 'H' || b == 'f') && len(t.text) > 0 && t.text[len(t.text)-1] != '\n' {
				t.text = append(t.text, '\n')
			}
		case charset:
			t.state = plain
		}
	}
}
