package console

import (
	"strconv"
	"strings"
)

// terminal turns what was meant for a terminal into printable text: it leaves out control
// characters and escape sequences. Where the cursor is sent to another line it begins one, and
// puts blanks where it is sent further on the same.
type terminal struct {
	text   []byte
	stream stream
	// row and column are where the cursor is, from 1 on, once it was sent somewhere; row is 0
	// where that is not known.
	row, column int
}

func (t *terminal) write(data []byte) { t.stream.read(data, t) }

func (t *terminal) character(text string) {
	t.text = append(t.text, text...)
	t.column++
}

func (t *terminal) control(b byte) {
	t.row = 0
	if b == '\n' || b == '\t' {
		t.text = append(t.text, b)
	}
}

// wide is more columns than a terminal has.
const wide = 1000

func (t *terminal) sequence(parameters []byte, final byte) {
	if final != 'H' && final != 'f' {
		return
	}
	row, column := position(parameters)
	if row == t.row && column >= t.column && column <= wide {
		t.text = append(t.text, strings.Repeat(" ", column-t.column)...)
	} else if len(t.text) > 0 && t.text[len(t.text)-1] != '\n' {
		t.text = append(t.text, '\n')
	}
	t.row, t.column = row, column
}

// position reads "row;column"; what is left out, or no number, is 1.
func position(parameters []byte) (row, column int) {
	first, second, _ := strings.Cut(string(parameters), ";")
	number := func(text string) int {
		n, _ := strconv.Atoi(text)
		return max(n, 1)
	}
	return number(first), number(second)
}
