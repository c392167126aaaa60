package screen

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rivo/tview"

	"bee/audit/report/label"
	"bee/console/act"
	"bee/console/chart"
	"bee/console/machine"
	"bee/core/burnin"
)

// burn chooses GPUs to burn in and watches them.
type burn struct {
	*Console
	all    *tview.Flex
	head   *tview.TextView
	list   *tview.Table
	charts *tview.TextView
	state  machine.State
	left   map[string]bool // GPUs that were left out, by their PCI addresses
	time   int             // of times
}

// times are those that one can choose.
var times = []time.Duration{10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 8 * time.Hour, 24 * time.Hour, 72 * time.Hour, time.Minute}

func newBurn(c *Console) page {
	p := &burn{Console: c, head: text(), charts: text(), left: map[string]bool{}}
	p.list = list(p.choose)
	p.list.SetSelectionChangedFunc(func(int, int) { p.draw() })
	p.all = tview.NewFlex().SetDirection(tview.FlexRow).
		AddItem(p.head, burnHead, 0, false).AddItem(p.list, 0, 1, true).AddItem(p.charts, 0, 1, false)
	return p
}

func (p *burn) name() string          { return "Burn-in" }
func (p *burn) view() tview.Primitive { return p.all }

func (p *burn) keys() string {
	switch {
	case p.state.Burn.Running:
		return "x stop"
	case len(p.gpus()) > 0:
		return "Space choose  t time  s start  v last verdict"
	}
	return "v last verdict"
}

func (p *burn) key(r rune) bool {
	running := p.state.Burn.Running
	switch {
	case r == ' ' && !running:
		row, _ := p.list.GetSelection()
		p.choose(row)
	case r == 't' && !running:
		p.time = (p.time + 1) % len(times)
		p.show(p.state)
	case r == 's' && !running && len(p.gpus()) > 0:
		p.start()
	case r == 'x' && running:
		pid := p.state.Burn.Last().PID
		p.confirm("Stop the burn-in? GPUs that have not failed are not complete then.", "yes", func() {
			p.do("Stopping the burn-in", func() error { return p.actions.StopBurnIn(pid) })
		})
	case r == 'v' && !running:
		p.read("What bee-burn said last", p.state.Burn.Words)
	default:
		return false
	}
	return true
}

// gpu is one that may be burned in.
type gpu struct{ address, name string }

func (p *burn) gpus() []gpu {
	var all []gpu
	if r := p.state.Report; r != nil && r.NVIDIA != nil {
		for _, g := range r.NVIDIA.GPUs {
			all = append(all, gpu{g.PCIAddress, g.Name})
		}
	}
	return all
}

func (p *burn) choose(row int) {
	if all := p.gpus(); !p.state.Burn.Running && row < len(all) {
		p.left[all[row].address] = !p.left[all[row].address]
		p.show(p.state)
	}
}

// chosen are the GPUs that are to be burned in.
func (p *burn) chosen() []string {
	var addresses []string
	for _, g := range p.gpus() {
		if !p.left[g.address] {
			addresses = append(addresses, g.address)
		}
	}
	return addresses
}

func (p *burn) start() {
	chosen := p.chosen()
	if len(chosen) == 0 {
		p.say("No GPU is chosen: Space chooses one.")
		return
	}
	b := act.BurnIn{Time: times[p.time]}
	// all of them are named by none: then those that are missing are told of, too
	if len(chosen) < len(p.gpus()) {
		b.GPUs = chosen
	}
	p.confirm(fmt.Sprintf("Burn %s in for %s? They get hot, and take all the power that they may.",
		label.Count(len(chosen), "GPU"), label.Duration(b.Time)), "yes", func() {
		p.do("Starting the burn-in", func() error { return p.actions.StartBurnIn(b) })
	})
}

func (p *burn) show(s machine.State) {
	p.state = s
	all := p.gpus()
	if s.Burn.Running {
		p.head.SetText(tview.Escape(p.cut(burnState(s)+label.Prefix(": ", s.Burn.Last().Error), 0)))
		rows := [][]string{}
		for _, g := range latest(s.Burn.Lines) {
			name := ""
			if g.Index < len(all) {
				name = all[g.Index].name
			}
			rows = append(rows, []string{fmt.Sprintf("GPU %d", g.Index), name, known(g.Celsius, "°C"), known(g.Watts, "W"), known(g.SMMHz, "MHz"),
				fmt.Sprintf("%.0f Gflop/s", g.Gflops), label.Count(g.Errors, "error")})
		}
		fill(p.list, rows)
		p.all.ResizeItem(p.list, p.room(), 0)
		p.draw()
		return
	}
	p.charts.SetText("")
	p.all.ResizeItem(p.list, 0, 1)
	if len(all) == 0 {
		why := "No GPU of NVIDIA's is known of that the driver has."
		switch {
		case s.Report == nil:
			why = NoReport(s)
		case s.Report.NVIDIA != nil && label.Trouble(s.Report.NVIDIA) != "":
			why = "No GPU can be burned in: " + label.Trouble(s.Report.NVIDIA) + "."
		}
		p.head.SetText(tview.Escape("Last: " + burnState(s) + "\n" + why))
		fill(p.list, nil)
		return
	}
	program := ""
	if !slices.ContainsFunc(s.Programs, func(v machine.Program) bool { return v.Name == "gpu_burn" }) {
		program = " (this ISO was built without gpu_burn)"
	}
	p.head.SetText(tview.Escape(fmt.Sprintf("Last: %s\nTime: %s%s", burnState(s), label.Duration(times[p.time]), program)))
	var rows [][]string
	for i, g := range all {
		mark := "[x]"
		if p.left[g.address] {
			mark = "[ ]"
		}
		rows = append(rows, []string{mark, fmt.Sprintf("GPU %d", i), g.address, g.name})
	}
	fill(p.list, rows)
}

// latest are the GPUs of the newest line that has some.
func latest(lines []burnin.Line) []burnin.GPU {
	for _, l := range slices.Backward(lines) {
		if len(l.GPUs) > 0 {
			return l.GPUs
		}
	}
	return nil
}

// burnHead is the lines above the GPUs.
const burnHead = 2

// room is how many lines the GPUs have while they burn; the curves have the others.
func (p *burn) room() int {
	return min(len(latest(p.state.Burn.Lines)), (p.rows-frame-burnHead)/2)
}

// draw draws the curves of the GPU that is chosen in the list.
func (p *burn) draw() {
	row, _ := p.list.GetSelection()
	gpus := latest(p.state.Burn.Lines)
	if !p.state.Burn.Running || row >= len(gpus) {
		return
	}
	width, height := p.columns/2-1, (p.rows-frame-burnHead-p.room())/2
	if width < 10 || height < 3 {
		p.charts.SetText("")
		return
	}
	var quarters [4][]string
	for i, c := range curves {
		values := series(p.state.Burn.Lines, gpus[row].Index, c.value)
		lines, low, high := chart.Draw(values, width-1, height-1)
		now := values[len(values)-1]
		title := fmt.Sprintf("%s %.0f %s, was %.0f-%.0f", c.name, now, c.unit, low, high)
		if now < 0 {
			title = c.name + ": not known"
		}
		quarters[i] = append([]string{title}, lines...)
	}
	var b strings.Builder
	for i := 0; i < len(quarters); i += 2 {
		for n := range quarters[i] {
			left := []rune(quarters[i][n])
			left = left[:min(len(left), width)]
			b.WriteString(string(left) + strings.Repeat(" ", width-len(left)) + " " + quarters[i+1][n] + "\n")
		}
	}
	p.charts.SetText(tview.Escape(b.String()))
}

// curves are what is drawn of a GPU.
var curves = []struct {
	name, unit string
	value      func(burnin.GPU) float64 // negative where it is not known
}{
	{"Temperature", "°C", func(g burnin.GPU) float64 { return number(g.Celsius) }},
	{"Power", "W", func(g burnin.GPU) float64 { return number(g.Watts) }},
	{"Clock", "MHz", func(g burnin.GPU) float64 { return number(g.SMMHz) }},
	{"Speed", "Gflop/s", func(g burnin.GPU) float64 { return g.Gflops }},
}

// series is a value of a GPU over time.
func series(lines []burnin.Line, index int, value func(burnin.GPU) float64) []float64 {
	values := []float64{}
	for _, l := range lines {
		v := -1.0
		for _, g := range l.GPUs {
			if g.Index == index {
				v = value(g)
			}
		}
		values = append(values, v)
	}
	return values
}

func number[T int64 | uint64 | float64](v *T) float64 {
	if v == nil {
		return -1
	}
	return float64(*v)
}

func known[T int64 | uint64 | float64](v *T, unit string) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.0f %s", float64(*v), unit)
}

func duration(seconds float64) string {
	return label.Duration(time.Duration(seconds) * time.Second)
}
