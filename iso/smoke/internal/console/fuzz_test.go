package console

import (
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"
)

// FuzzWatch: what is kept does not depend on the pieces in which it arrives.
func FuzzWatch(f *testing.F) {
	f.Add("\x1b[2J\x1b[01;01HGNU GRUB\x1b[3;5Hbee\r\n\x1b(B\x1b[?2004hroot@bee:~# \x00\x07ok\x7f")
	f.Add("Linux version 6.12\r\n[    2.1] Kernel panic - not syncing: VFS\n(initramfs) grub rescue> ")
	never := regexp.MustCompile(`\x00`)
	f.Fuzz(func(t *testing.T, written string) {
		read := func(serial io.Reader) *Console {
			reached := map[string]bool{}
			c := Watch(serial, func(m Milestone) {
				if reached[m.Name] {
					t.Errorf("%s was reached twice", m.Name)
				}
				reached[m.Name] = true
			})
			if _, _, err := c.Wait(t.Context(), 0, never); !errors.Is(err, ErrEnded) {
				t.Fatal(err)
			}
			return c
		}
		c := read(strings.NewReader(written))
		if text := c.Text(); len(text) > 4*len(written) || strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) }) {
			t.Errorf("text %q", text)
		}
		if len(written) < 2*maxLine { // else it takes too long
			if text := read(iotest.OneByteReader(strings.NewReader(written))).Text(); text != c.Text() {
				t.Errorf("%q, byte by byte %q", c.Text(), text)
			}
		}
		if line := c.LastLine(); strings.Contains(line, "\n") {
			t.Errorf("last line %q", line)
		}
	})
}
