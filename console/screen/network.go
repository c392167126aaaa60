package screen

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"bee/audit/report/label"
	"bee/console/machine"
	"bee/core/link"
)

// network is the interfaces, and sets what they have.
type network struct {
	*Console
	all   *tview.Flex
	list  *tview.Table
	text  *tview.TextView
	state machine.Network
}

func newNetwork(c *Console) page {
	p := &network{Console: c, text: text().SetWrap(true)}
	p.list = list(p.set)
	p.all = tview.NewFlex().SetDirection(tview.FlexRow).AddItem(p.list, 0, 1, true).AddItem(p.text, 8, 0, false)
	return p
}

func (p *network) name() string          { return "Network" }
func (p *network) view() tview.Primitive { return p.all }
func (p *network) keys() string          { return "Enter set address or VLAN" }
func (p *network) key(rune) bool         { return false }

func (p *network) show(s machine.State) {
	p.state = s.Network
	var rows [][]string
	for _, i := range p.state.Interfaces {
		state := "down"
		switch {
		case i.Link:
			state = strings.TrimSpace(label.Join("link", i.SpeedMbps, unit(i.SpeedMbps)))
		case i.Up:
			state = "no link"
		}
		address := cmp.Or(strings.Join(i.Addresses, " "), "no address")
		if i.DHCP {
			address += " (DHCP)"
		}
		rows = append(rows, []string{i.Name, state, i.MAC, address + label.Prefix(", ", neighbour(s.Report, i.Name))})
	}
	if len(rows) == 0 {
		rows = [][]string{{"The kernel has no network interface."}}
	}
	fill(p.list, rows)
	set := "all by DHCP"
	if len(p.state.Set) > 0 {
		set = strings.Join(p.state.Set, "  ")
	}
	p.text.SetText(painted("\n" + p.table(cells([][]string{
		{"Gateway", cmp.Or(strings.Join(p.state.Gateways, ", "), "none")},
		{"DNS", cmp.Or(strings.Join(p.state.DNS, ", "), "none")},
		{"Set", set},
		{"Log", "Services, bee-network.log"},
	}))))
}

func unit(speed string) string {
	if speed == "" {
		return ""
	}
	return "Mbit/s"
}

// set asks what an interface is to have.
func (p *network) set(row int) {
	if row >= len(p.state.Interfaces) || !p.state.Interfaces[row].Hardware {
		p.say("Only an interface that hardware stands behind is set here.")
		return
	}
	name := p.state.Interfaces[row].Name
	form := tview.NewForm().SetItemPadding(0).SetFieldStyle(tcell.StyleDefault.Underline(true)).
		SetButtonStyle(tcell.StyleDefault).SetButtonActivatedStyle(tcell.StyleDefault.Reverse(true))
	value := func(label string, width int) func() string {
		field := tview.NewInputField().SetLabel(label).SetFieldWidth(width)
		form.AddFormItem(field)
		return func() string { return strings.TrimSpace(field.GetText()) }
	}
	address := value("Address/length ", 44)
	gateway := value("Gateway ", 44)
	dns := value("DNS ", 44)
	vlan := value("VLAN ", 6)
	form.AddButton("Apply", func() {
		lines, err := setting(p.state.Set, name, address(), gateway(), dns(), vlan())
		if err != nil {
			p.say(err.Error())
			return
		}
		p.confirm(fmt.Sprintf("Set the network to this? Who is here over it may lose the connection.\n\n  %s", strings.Join(lines, "\n  ")), "yes", func() {
			p.pop()
			p.do("Setting "+name, func() error { return p.actions.SetNetwork(lines) })
		})
	})
	view := tview.NewFlex().SetDirection(tview.FlexRow).
		AddItem(text().SetText(tview.Escape("What "+name+" is to have. Without an address there is DHCP.")), 1, 0, false).AddItem(form, 0, 1, true)
	p.push(layer{view: view, keys: "Tab next field  Enter", input: true})
}

// setting puts what a form says of an interface in the place of what the lines say of it. The
// line is in their words: an address is what has a gateway and name servers.
func setting(lines []string, name, address, gateway, dns, vlan string) ([]string, error) {
	line := name
	if vlan != "" {
		line += "." + vlan
	}
	if address != "" {
		line += "," + address
	}
	if gateway != "" {
		line += ",gateway=" + gateway
	}
	for server := range strings.FieldsFuncSeq(dns, func(r rune) bool { return r == ',' || r == ' ' }) {
		line += ",dns=" + server
	}
	set, errs := link.Parse([]string{line})
	if errs[0] != nil {
		return nil, errs[0]
	}
	before, _ := link.Parse(lines) // what is wrong with them is in the log of bee-network
	all := []string{}
	for _, l := range append(link.Without(before, set), set...) {
		all = append(all, l.Text)
	}
	return all, nil
}
