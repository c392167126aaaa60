package screen

import (
	"cmp"
	"strings"

	"github.com/rivo/tview"

	"bee/console/machine"
)

// access is who gets in over SSH.
type access struct {
	*Console
	text  *tview.TextView
	state machine.Access
}

func newAccess(c *Console) page { return &access{Console: c, text: text().SetWrap(true)} }

func (p *access) name() string          { return "SSH" }
func (p *access) view() tview.Primitive { return p.text }

func (p *access) keys() string {
	if p.state.KeysOnly() {
		return ""
	}
	return "n new password"
}

func (p *access) key(r rune) bool {
	if r != 'n' || p.state.KeysOnly() {
		return false
	}
	p.confirm("Give root and bee a new random password? The one that they have lets nobody in then. Sessions stay.", "yes", func() {
		p.do("New password", p.actions.NewPassword)
	})
	return true
}

func (p *access) show(s machine.State) {
	p.state = s.Access
	rows := [][]string{
		{"SSH lets in", cmp.Or(p.state.Policy, "nobody yet")},
		{"Users", "root, and bee, an ordinary user"},
		{"Host key", cmp.Or(p.state.HostKey, "none yet")},
		{"Server", cmp.Or(s.Service("dropbear"), "not started")},
	}
	for _, key := range p.state.Keys {
		rows = append(rows, []string{"Key", key})
	}
	for _, i := range s.Network.Interfaces {
		for _, address := range i.Addresses {
			host, _, _ := strings.Cut(address, "/")
			rows = append(rows, []string{"Log in", "ssh root@" + host})
		}
	}
	p.text.SetText(painted(p.table(cells(rows))))
}
