package screen

import "github.com/gdamore/tcell/v2"

// canvas is a screen that sends only what is another character than before. tview clears the screen
// and draws all of it for each key, and tcell takes each character for another one that comes after
// that: on a serial line, all of them are a quarter of a second.
type canvas struct {
	tcell.Screen
	drawn tcell.CellBuffer
}

// Clear implements [tcell.Screen].
func (c *canvas) Clear() {
	c.drawn.Resize(c.Size())
	c.drawn.Fill(' ', tcell.StyleDefault)
}

// SetContent implements [tcell.Screen].
func (c *canvas) SetContent(x, y int, main rune, combining []rune, style tcell.Style) {
	c.drawn.Put(x, y, string(append([]rune{main}, combining...)), style)
}

// GetContent implements [tcell.Screen].
func (c *canvas) GetContent(x, y int) (main rune, combining []rune, style tcell.Style, width int) {
	text, style, width := c.drawn.Get(x, y)
	if text == "" { // outside
		return ' ', nil, style, 1
	}
	all := []rune(text)
	return all[0], all[1:], style, width
}

// Show implements [tcell.Screen].
func (c *canvas) Show() {
	columns, rows := c.drawn.Size()
	for y := range rows {
		for x := range columns {
			text, style, _ := c.drawn.Get(x, y)
			if was, before, _ := c.Screen.Get(x, y); text != was || style != before {
				c.Screen.Put(x, y, text, style)
			}
		}
	}
	c.Screen.Show()
}
