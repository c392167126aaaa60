// Package screen is the text console: its screens, and the keys that lead through them.
//
// Nothing is drawn that has not changed: on a serial line, each character takes its time. There
// are no frames and few colours, which vt100 has not.
package screen

import (
	"reflect"
	"strings"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"bee/audit/show/terminal"
	"bee/console/act"
	"bee/console/machine"
)

// Actions are what the console does. Each but those of the screen itself is in here, and is
// done only when a person has confirmed it.
type Actions interface {
	StartBurnIn(act.BurnIn) error
	StopBurnIn(pid int) error
	SetNetwork(lines []string) error
	NewPassword() error
	SendResults() error
	Restart() error
	PowerOff() error
}

// Line is a serial line, whose terminal may be another one at each key.
type Line interface {
	// Ask asks the terminal for its size.
	Ask() error
	// Hear hears what the terminal sends.
	Hear([]byte)
}

// page is one of the screens.
type page interface {
	name() string
	view() tview.Primitive
	// show shows the state.
	show(machine.State)
	// keys says which keys the page has of its own.
	keys() string
	// key does what a key means there, and reports whether it means anything.
	key(rune) bool
}

// Console is what is shown.
type Console struct {
	app      *tview.Application
	screen   tcell.Screen
	keyboard *keyboard
	reader   *machine.Reader
	actions  Actions
	line     Line // nil where the size is known

	state   machine.State
	columns int
	rows    int
	pages   []page
	current int
	layers  []layer // what is above the page, the last one is seen
	said    string  // until the next key
	pressed time.Time

	head, bar, foot *tview.TextView
	body            *tview.Pages
	root            *tview.Flex
}

// layer is what is shown in place of a page, until it is left.
type layer struct {
	view tview.Primitive
	keys string
	// input is whether it takes all keys, but Esc.
	input bool
}

// New makes a console. line is nil but on a serial line.
func New(reader *machine.Reader, actions Actions, line Line) *Console {
	tview.Styles = tview.Theme{} // the terminal's own colours
	c := &Console{app: tview.NewApplication(), reader: reader, actions: actions, line: line, pressed: time.Now()}
	c.head, c.bar, c.foot = text(), text(), text()
	c.head.SetTextStyle(tcell.StyleDefault.Reverse(true))
	c.body = tview.NewPages()
	c.pages = []page{
		newOverview(c), newHardware(c), newFindings(c), newBurn(c), newNetwork(c),
		newAccess(c), newResults(c), newPrograms(c), newServices(c), newPower(c),
	}
	c.root = tview.NewFlex().SetDirection(tview.FlexRow).
		AddItem(c.head, 1, 0, false).AddItem(c.bar, 1, 0, false).AddItem(c.body, 0, 1, true).AddItem(c.foot, 1, 0, false)
	c.app.SetRoot(c.root, true).SetInputCapture(c.key).SetBeforeDrawFunc(c.resized)
	return c
}

// frame is the lines around a page.
const frame = 3

// text is a view of text whose brackets are no colours.
func text() *tview.TextView { return tview.NewTextView().SetDynamicColors(true).SetWrap(false) }

// interval is how often it is looked whether anything has changed.
const interval = 2 * time.Second

// Run shows the console until it is left.
func (c *Console) Run() error {
	var err error
	if c.screen, c.keyboard, err = newScreen(c.line); err != nil {
		return err
	}
	c.app.SetScreen(&canvas{Screen: c.screen})
	if c.line != nil {
		if err := c.line.Ask(); err != nil {
			c.screen.Fini()
			return err
		}
	}
	c.state = c.reader.Read()
	c.open(0)
	stop := make(chan struct{})
	defer close(stop)
	go c.watch(c.state, stop)
	return c.app.Run()
}

// watch shows what changes.
func (c *Console) watch(last machine.State, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(interval):
		}
		state := c.reader.Read()
		if reflect.DeepEqual(state, last) {
			continue
		}
		// OpenRC, which has just started or stopped something, has told it over the screen
		anew := !reflect.DeepEqual(state.Services, last.Services)
		last = state
		c.app.QueueUpdateDraw(func() {
			c.state = state
			c.refresh()
			if anew {
				c.redraw()
			}
		})
	}
}

// resized lays everything out anew where the screen has another size.
func (c *Console) resized(s tcell.Screen) bool {
	if columns, rows := s.Size(); columns != c.columns || rows != c.rows {
		c.columns, c.rows = columns, rows
		c.refresh()
	}
	return false
}

// refresh shows the state on the page, and around it.
func (c *Console) refresh() {
	c.head.SetText(tview.Escape(c.title()))
	var names []string
	for i, p := range c.pages {
		name := p.name()
		if i == c.current {
			name = "[::r]" + name + "[::-]"
		}
		names = append(names, name)
	}
	c.bar.SetText(strings.Join(names, " "))
	c.pages[c.current].show(c.state)
	c.help()
}

// help is the last line.
func (c *Console) help() {
	keys := c.pages[c.current].keys()
	switch n := len(c.layers); {
	case c.said != "":
		keys = c.said
	case n > 0:
		keys = c.layers[n-1].keys + "  Esc back"
	default:
		keys = strings.TrimPrefix(keys+"  Left Right screens  Esc shell", "  ")
	}
	c.foot.SetText(tview.Escape(keys))
}

// say shows a line until the next key.
func (c *Console) say(text string) {
	c.said = text
	c.help()
}

// open shows a page.
func (c *Console) open(number int) {
	c.current = (number + len(c.pages)) % len(c.pages)
	c.body.AddAndSwitchToPage("page", c.pages[c.current].view(), true)
	c.app.SetFocus(c.pages[c.current].view())
	c.refresh()
}

// push shows something above the page.
func (c *Console) push(l layer) {
	c.layers = append(c.layers, l)
	c.root.ResizeItem(c.bar, 0, 0) // it leads nowhere from there, and QR codes need its line
	c.body.AddAndSwitchToPage("layer", l.view, true)
	c.app.SetFocus(l.view)
	c.help()
}

// pop goes back to what was there before.
func (c *Console) pop() {
	c.layers = c.layers[:len(c.layers)-1]
	if n := len(c.layers); n > 0 {
		top := c.layers[n-1]
		c.layers = c.layers[:n-1]
		c.push(top)
		return
	}
	c.root.ResizeItem(c.bar, 1, 0)
	c.body.RemovePage("layer")
	c.open(c.current)
}

// quiet is how long nobody has pressed a key on a serial line until somebody else, with another
// terminal, may sit there: it has nothing on its screen.
const quiet = 20 * time.Second

// key does what a key means everywhere.
func (c *Console) key(e *tcell.EventKey) *tcell.EventKey {
	if c.said != "" {
		c.say("")
	}
	came := c.line != nil && time.Since(c.pressed) > quiet
	c.pressed = time.Now()
	if e.Key() == tcell.KeyCtrlL || came {
		c.redraw()
		return nil
	}
	top := layer{}
	if n := len(c.layers); n > 0 {
		top = c.layers[n-1]
	}
	switch {
	case e.Key() == tcell.KeyCtrlC, e.Key() == tcell.KeyF10:
		c.leave()
		return nil
	case top.view != nil && (e.Key() == tcell.KeyEscape || !top.input && e.Rune() == 'q'):
		c.pop()
		return nil
	case top.view != nil:
		return e
	}
	switch e.Key() {
	case tcell.KeyEscape:
		c.leave()
	case tcell.KeyLeft, tcell.KeyBacktab:
		c.open(c.current - 1)
	case tcell.KeyRight, tcell.KeyTab:
		c.open(c.current + 1)
	case tcell.KeyRune:
		r := e.Rune()
		switch {
		case c.pages[c.current].key(r):
		case r == 'q':
			c.leave()
		case r >= '0' && r <= '9':
			c.open(int(r-'1'+10) % 10)
		default:
			return e
		}
	default:
		return e
	}
	return nil
}

// leave ends the console.
func (c *Console) leave() {
	leave(c.screen, c.keyboard)
	c.app.Stop()
}

// redraw draws all of the screen, in the size that the terminal has now.
func (c *Console) redraw() {
	if c.line != nil {
		_ = c.line.Ask() // without an answer, the size is as it was
	}
	go c.app.Sync() // which waits for the end of what calls this
}

// read opens a text above the page.
func (c *Console) read(title, content string) {
	view := text().SetWrap(true).SetText(tview.Escape(title + "\n\n" + content))
	c.push(layer{view: view, keys: "Up Down PgUp PgDn"})
}

// confirm asks for a word, and does something only when it was typed.
func (c *Console) confirm(question, word string, do func()) {
	input := tview.NewInputField().SetLabel("Type " + word + " and press Enter: ").SetFieldWidth(12)
	input.SetFieldStyle(tcell.StyleDefault.Underline(true))
	view := tview.NewFlex().SetDirection(tview.FlexRow).
		AddItem(text().SetWrap(true).SetText(tview.Escape(question)), lines(question), 0, false).AddItem(input, 0, 1, true)
	input.SetDoneFunc(func(key tcell.Key) {
		if key != tcell.KeyEnter {
			return
		}
		typed := input.GetText()
		c.pop()
		if typed == word {
			do()
		} else {
			c.say("Nothing was done.")
		}
	})
	c.push(layer{view: view, input: true})
}

// lines is how many a question takes, and one more.
func lines(question string) int { return strings.Count(question, "\n") + 4 }

// do does something that takes its time, and says what came of it.
func (c *Console) do(what string, action func() error) {
	c.say(what + " ...")
	go func() {
		err := action()
		c.app.QueueUpdateDraw(func() {
			if err != nil {
				c.say(what + ": " + err.Error())
				return
			}
			c.say(what + ": done.")
		})
	}()
}

// table lays cells out for the width of the screen.
func (c *Console) table(rows [][]terminal.Cell) string {
	return c.terminal().Table(rows)
}

// terminal is that of views of text.
func (c *Console) terminal() terminal.Terminal {
	return terminal.Terminal{Colour: true, Columns: max(c.columns, 40)}
}

// painted is text with colours of package terminal, for a view.
func painted(s string) string { return tview.TranslateANSI(tview.Escape(s)) }

// list is a table of which one row is chosen, and one column wide or more.
func list(chosen func(row int)) *tview.Table {
	t := tview.NewTable().SetSelectable(true, false).SetSelectedStyle(tcell.StyleDefault.Reverse(true))
	t.SetSelectedFunc(func(row, _ int) { chosen(row) })
	return t
}

// fill puts rows into a list, and keeps the chosen one.
func fill(t *tview.Table, rows [][]string) {
	chosen, _ := t.GetSelection()
	t.Clear()
	for y, row := range rows {
		for x, cell := range row {
			c := tview.NewTableCell(tview.Escape(cell)).SetTextColor(tcell.ColorDefault)
			if x == len(row)-1 {
				c.SetExpansion(1)
			}
			t.SetCell(y, x, c)
		}
	}
	if len(rows) > 0 {
		t.Select(min(max(chosen, 0), len(rows)-1), 0)
	}
}
