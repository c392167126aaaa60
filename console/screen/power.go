package screen

import (
	"github.com/rivo/tview"

	"bee/console/machine"
)

// power starts the machine again, or turns it off.
type power struct {
	*Console
	list *tview.Table
}

func newPower(c *Console) page {
	p := &power{Console: c}
	p.list = list(func(row int) {
		if row == 0 {
			p.ask("Start the machine again?", "restart", "Restarting", p.actions.Restart)
		} else {
			p.ask("Turn the machine off?", "off", "Turning off", p.actions.PowerOff)
		}
	})
	return p
}

func (p *power) name() string          { return "Power" }
func (p *power) view() tview.Primitive { return p.list }
func (p *power) keys() string          { return "Enter" }
func (p *power) key(rune) bool         { return false }

func (p *power) show(machine.State) { fill(p.list, [][]string{{"Restart"}, {"Power off"}}) }

// ask asks twice: what the machine knows is gone then.
func (p *power) ask(question, word, what string, action func() error) {
	p.confirm(question, "yes", func() {
		p.confirm("What is in /var/log and was not sent is gone then, and a burn-in ends.", word, func() {
			p.do(what, action)
		})
	})
}
