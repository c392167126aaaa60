package screen

import (
	"fmt"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"bee/audit/report"
	"bee/audit/report/label"
	"bee/audit/show/qr"
	"bee/audit/show/terminal"
	"bee/console/machine"
)

// results is where the results are.
type results struct {
	*Console
	text   *tview.TextView
	report *report.Report
}

func newResults(c *Console) page { return &results{Console: c, text: text().SetWrap(true)} }

func (p *results) name() string          { return "Results" }
func (p *results) view() tview.Primitive { return p.text }
func (p *results) keys() string          { return "s send again  c QR codes" }

func (p *results) key(r rune) bool {
	switch r {
	case 's':
		p.confirm("Send the results once more to all the places where they go?", "yes", func() {
			p.do("Sending the results", p.actions.SendResults)
		})
	case 'c':
		p.code(0)
	default:
		return false
	}
	return true
}

// code shows a QR code; Enter shows the next one.
func (p *results) code(number int) {
	if p.report == nil {
		p.say("There is no report, and so no QR code.")
		return
	}
	codes, err := qr.Screens(p.report, terminal.Terminal{})
	if err != nil {
		p.say(err.Error())
		return
	}
	// light is light whatever the terminal's own colours are
	view := text().SetTextStyle(tcell.StyleDefault.Foreground(tcell.ColorWhite).Background(tcell.ColorBlack)).SetText(tview.Escape(codes[number]))
	keys := fmt.Sprintf("QR code %d of %d", number+1, len(codes))
	if len(codes) > 1 {
		keys += "  Enter the next one"
		view.SetDoneFunc(func(tcell.Key) {
			p.pop()
			p.code((number + 1) % len(codes))
		})
	}
	p.push(layer{view: view, keys: keys})
}

func (p *results) show(s machine.State) {
	p.report = s.Report
	rows := [][]string{{"On this machine", "/var/log, until it is turned off"}}
	for _, d := range s.Results {
		at := ""
		if !d.At.IsZero() {
			at = d.At.UTC().Format("2006-01-02 15:04:05 UTC")
		}
		rows = append(rows, []string{d.Target, label.Join(string(d.State), at, d.Error)})
	}
	if len(s.Results) == 0 {
		rows = append(rows, []string{"Elsewhere", "nowhere yet"})
	}
	for _, step := range s.Unattended.Done {
		state := "done"
		if !step.OK {
			state = "FAILED"
		}
		rows = append(rows, []string{"Step " + step.Step, state, step.Text})
	}
	p.text.SetText(painted(p.table(cells(rows))))
}
