package screen

import (
	"cmp"

	"github.com/rivo/tview"

	"bee/audit/report/label"
	"bee/console/machine"
)

// programs are those of vendors that the ISO was built with.
type programs struct {
	*Console
	text *tview.TextView
}

func newPrograms(c *Console) page { return &programs{c, text().SetWrap(true)} }

func (p *programs) name() string          { return "Programs" }
func (p *programs) view() tview.Primitive { return p.text }
func (p *programs) keys() string          { return "" }
func (p *programs) key(rune) bool         { return false }

func (p *programs) show(s machine.State) {
	if len(s.Programs) == 0 {
		p.text.SetText("This ISO was built without programs of vendors (iso/vendor).")
		return
	}
	var rows [][]string
	for _, v := range s.Programs {
		if v.Path == "" {
			rows = append(rows, []string{v.Name, v.Version, "is not there"})
			continue
		}
		rows = append(rows, []string{v.Name, cmp.Or(v.Version, "version unknown"), v.Path, label.Capacity(uint64(v.Bytes))})
	}
	p.text.SetText(painted("Programs of vendors on this ISO; call them from the shell.\n\n" + p.table(cells(rows))))
}
