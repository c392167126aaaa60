package serial

import (
	"testing"

	"github.com/creack/pty"
)

// The answer is found wherever it is cut; what is no size of a terminal is none.
func TestHear(t *testing.T) {
	for text, want := range map[string][2]int{
		"\x1b[43;132R":                 {43, 132},
		"keys\x1b[A\x1b[24;80Rq":       {24, 80},
		"\x1b[24;80R\x1b[50;160R":      {50, 160},
		"\x1b[9999;9999R\x1b[1;1R":     {0, 0},
		"\x1b[24;80":                   {0, 0},
		"\x1b[;R\x1b[24R\x1b[24;80;1R": {0, 0},
	} {
		for _, size := range []int{1, 3, 1000} {
			terminal, tty, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			l := Of(tty)
			if l == nil {
				t.Fatal("it has no size, and is no serial line")
			}
			for rest := []byte(text); len(rest) > 0; rest = rest[min(size, len(rest)):] {
				l.Hear(rest[:min(size, len(rest))])
			}
			if rows, columns, err := pty.Getsize(tty); err != nil || rows != want[0] || columns != want[1] {
				t.Errorf("%q, %d bytes at a time: %dx%d, %v", text, size, columns, rows, err)
			}
			if rows, _, _ := pty.Getsize(tty); rows > 0 && Of(tty) != nil {
				t.Error("it has a size, and is a serial line")
			}
			tty.Close()
			terminal.Close()
		}
	}
}
