package main

import (
	"bytes"
	"flag"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hinshun/vt10x"

	"bee/audit/report/sample"
	"bee/audit/show/summary"
	"bee/audit/show/terminal"
)

var update = flag.Bool("update", false, "write the pictures of README anew")

// TestScreenshots: README's pictures are what the console shows of the machine of these tests.
func TestScreenshots(t *testing.T) {
	root := fake(t)
	audited(t, root)
	burning(t, root)
	s := start(t, root, "linux", 80, 25, false)
	for _, screen := range []struct{ name, key, shows string }{
		{"overview", "1", "burning, 4 min 55 s of 10 min"},
		{"burn-in", "4", "Temperature 69 .C"},
	} {
		s.keys(screen.key)
		s.await(screen.shows)
		for sent := int64(-1); sent != s.sent.Load(); time.Sleep(100 * time.Millisecond) {
			sent = s.sent.Load()
		}
		isPicture(t, screen.name, s.terminal)
	}
}

// TestFirstScreen: README's picture of a console's shell is what the audit prints there.
func TestFirstScreen(t *testing.T) {
	var text strings.Builder
	ways := []string{"bee: SSH password for root and bee: abcdefgh234567", "bee: SSH host key SHA256:Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm8"}
	on := summary.Options{Terminal: terminal.Terminal{Colour: true, Columns: 80, Rows: 25}}
	if err := summary.WriteOverview(&text, sample.Server(), ways, on); err != nil {
		t.Fatal(err)
	}
	shell := vt10x.New(vt10x.WithSize(80, 25))
	shell.Write([]byte(strings.ReplaceAll(text.String(), "\n", "\r\n")))
	isPicture(t, "first-screen", shell)
}

// isPicture holds what a terminal shows to the picture of that name; with -update it draws it.
func isPicture(t *testing.T, name string, shown vt10x.Terminal) {
	t.Helper()
	file := filepath.Join("testdata", name+".svg")
	drawn := picture(shown)
	if *update {
		if err := os.WriteFile(file, drawn, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if there, err := os.ReadFile(file); err != nil || !bytes.Equal(there, drawn) {
		t.Errorf("%s is not what is shown, %v: make screenshots", file, err)
	}
}

// Colours of a picture: those of the Linux console, and what is in their place without one.
var (
	colours = []string{"#000000", "#aa0000", "#00aa00", "#aa5500", "#0000aa", "#aa00aa", "#00aaaa", "#aaaaaa",
		"#555555", "#ff5555", "#55ff55", "#ffff55", "#5555ff", "#ff55ff", "#55ffff", "#ffffff"}
	plain = map[vt10x.Color]string{vt10x.DefaultFG: "#cccccc", vt10x.DefaultBG: "#111111"}
)

func colour(c vt10x.Color) string {
	if int(c) < len(colours) {
		return colours[c]
	}
	return plain[c]
}

// picture draws a terminal as SVG: a rectangle behind what has a colour of its own, and the text of
// each run of cells with the same colours.
func picture(terminal vt10x.Terminal) []byte {
	const width, height, base = 8, 17, 13 // of a cell, in pixels; the last one is where letters stand
	columns, rows := terminal.Size()
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="monospace" font-size="13">`+"\n", columns*width, rows*height)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="%s"/>`+"\n", colour(vt10x.DefaultBG))
	for y := range rows {
		for x := 0; x < columns; {
			first := terminal.Cell(x, y)
			begin, run := x, strings.Builder{}
			for ; x < columns; x++ {
				c := terminal.Cell(x, y)
				if c.FG != first.FG || c.BG != first.BG {
					break
				}
				run.WriteRune(max(c.Char, ' '))
			}
			if first.BG != vt10x.DefaultBG {
				fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s"/>`+"\n", begin*width, y*height, (x-begin)*width, height, colour(first.BG))
			}
			text := strings.TrimRight(run.String(), " ")
			begin += len(text) - len(strings.TrimLeft(text, " "))
			if text = strings.TrimLeft(text, " "); text != "" {
				fmt.Fprintf(&b, `<text x="%d" y="%d" textLength="%d" fill="%s" xml:space="preserve">%s</text>`+"\n",
					begin*width, y*height+base, len([]rune(text))*width, colour(first.FG), html.EscapeString(text))
			}
		}
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}
