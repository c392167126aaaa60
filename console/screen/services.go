package screen

import (
	"fmt"

	"github.com/rivo/tview"

	"bee/console/machine"
)

// services are those of OpenRC, and the logs.
type services struct {
	*Console
	list  *tview.Table
	state machine.State
}

func newServices(c *Console) page {
	p := &services{Console: c}
	p.list = list(p.log)
	return p
}

func (p *services) name() string          { return "Services" }
func (p *services) view() tview.Primitive { return p.list }
func (p *services) keys() string          { return "Enter read the log" }
func (p *services) key(rune) bool         { return false }

func (p *services) show(s machine.State) {
	p.state = s
	var rows [][]string
	for _, l := range s.Logs {
		rows = append(rows, []string{"log", l.Name, fmt.Sprintf("%d bytes, %s", l.Bytes, l.Modified.UTC().Format("15:04:05 UTC"))})
	}
	for _, v := range s.Services {
		rows = append(rows, []string{"service", v.Name, v.State})
	}
	if len(rows) == 0 {
		rows = [][]string{{"OpenRC knows no service, and there is no log."}}
	}
	fill(p.list, rows)
}

func (p *services) log(row int) {
	if row >= len(p.state.Logs) {
		return
	}
	name := p.state.Logs[row].Name
	end, err := p.reader.LogEnd(name)
	if err != nil {
		p.say(err.Error())
		return
	}
	p.read("/var/log/"+name, end)
	if view, ok := p.layers[len(p.layers)-1].view.(*tview.TextView); ok {
		view.ScrollToEnd()
	}
}
