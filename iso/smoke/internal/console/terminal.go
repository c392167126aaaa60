package console

// terminal turns what was meant for a terminal into printable text: it leaves out control
// characters and escape sequences, and begins a new line where the cursor is sent elsewhere.
type terminal struct {
	text   []byte
	stream stream
}

func (t *terminal) write(data []byte) { t.stream.read(data, t) }

func (t *terminal) character(text string) { t.text = append(t.text, text...) }

func (t *terminal) control(b byte) {
	if b == '\n' || b == '\t' {
		t.text = append(t.text, b)
	}
}

func (t *terminal) sequence(_ []byte, final byte) {
	if (final == 'H' || final == 'f') && len(t.text) > 0 && t.text[len(t.text)-1] != '\n' {
		t.text = append(t.text, '\n')
	}
}
