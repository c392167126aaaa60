package burn

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"bee/audit/report/label"
	"bee/audit/show/terminal"
	"bee/core/burnin"
	"bee/core/printable"
)

// Live is the progress in a line for programs.
func (p Progress) Live(total time.Duration) burnin.Line {
	line := burnin.Line{
		PID: os.Getpid(), TimeSeconds: total.Seconds(), Stage: p.Stage, GPUs: p.Now,
		ElapsedSeconds: p.Elapsed.Seconds(), BurningSeconds: p.Burning.Seconds(),
	}
	if p.Err != nil {
		line.Error = printable.Again(p.Err.Error())
	}
	return line
}

// Line is the progress in a line for people. total is how long the burn-in takes.
func (p Progress) Line(total time.Duration) string {
	line := "setting up, " + label.Duration(p.Elapsed) + ": "
	switch p.Stage {
	case burnin.Testing:
		line = "testing memory and links, " + label.Duration(p.Elapsed) + ": "
	case burnin.Burning:
		// gpu_burn looks at its clock between two rounds, which can be long.
		line = fmt.Sprintf("burning, %s of %s: ", label.Duration(min(p.Burning, total)), label.Duration(total))
	case burnin.Ending:
		line = "ending: "
	}
	if p.Err != nil {
		return line + p.Err.Error()
	}
	var celsius, clock, gflops, watts series
	var wrong uint64
	for _, r := range p.Now {
		addTo(&celsius, r.Celsius)
		addTo(&watts, r.Watts)
		addTo(&clock, r.SMMHz)
		if r.Gflops > 0 {
			gflops.add(r.Gflops)
		}
		wrong += r.Errors
	}
	errors := label.Count(wrong, "error")
	if p.Stage == burnin.Testing { // gpu_burn is the one that counts them
		errors = ""
	}
	parts := []string{label.Count(len(p.Now), "GPU"), celsius.text(" °C"), label.Prefix("together ", (&series{n: watts.n, min: watts.sum, max: watts.sum}).text(" W")),
		clock.text(" MHz"), gflops.text(" Gflop/s"), errors}
	return line + join(parts)
}

func join(parts []string) string {
	var there []string
	for _, p := range parts {
		if p != "" {
			there = append(there, p)
		}
	}
	return strings.Join(there, ", ")
}

// text is between what a value was, "" where it is not known.
func (s *series) text(unit string) string {
	switch {
	case s.n == 0:
		return ""
	case s.min == s.max:
		return fmt.Sprintf("%.0f%s", s.min, unit)
	}
	return fmt.Sprintf("%.0f-%.0f%s", s.min, s.max, unit)
}

// Words for people.
var words = map[Verdict]terminal.Cell{
	Pass:        {Text: "PASS", Colour: terminal.Bold},
	Fail:        {Text: "FAIL", Colour: terminal.Red},
	NotComplete: {Text: "NOT COMPLETE", Colour: terminal.Yellow},
}

// WriteText prints the report for people: each GPU with its verdict, what went wrong
// besides, and the verdict of all at the end. Its own words use no characters but
// those that the console of Linux has (see package summary).
func (r *Report) WriteText(w io.Writer, t terminal.Terminal) error {
	var b strings.Builder
	count, warnings := map[Verdict]int{}, 0
	var rows [][]terminal.Cell
	for _, g := range r.GPUs {
		count[g.Verdict]++
		rows = append(rows, []terminal.Cell{words[g.Verdict], {Text: fmt.Sprintf("GPU %d", g.Index)}, {Text: g.PCIAddress},
			{Text: join([]string{g.Name, label.Serial(g.SerialNumber)})}})
		for _, reason := range g.Reasons {
			rows = append(rows, terminal.Cells("", "", "", "-> "+reason.Message))
		}
		for _, w := range g.Warnings {
			warnings++
			rows = append(rows, []terminal.Cell{{}, {}, {}, {Text: "WARNING: " + join(append([]string{w.Message}, w.Evidence...)), Colour: terminal.Yellow}})
		}
		for _, x := range g.Xids {
			rows = append(rows, terminal.Cells("", "", "", fmt.Sprintf("%d × Xid %d: %s", x.Count, x.Xid, x.Message)))
		}
		if measured := g.measured(); measured != "" {
			rows = append(rows, terminal.Cells("", "", "", measured))
		}
	}
	for _, m := range r.MissingGPUs {
		rows = append(rows, []terminal.Cell{{Text: "NOT BURNED IN", Colour: terminal.Yellow}, {Text: "GPU"}, {Text: m.PCIAddress}, {Text: m.why()}})
		for _, said := range m.Messages {
			rows = append(rows, terminal.Cells("", "", "", "-> "+said))
		}
	}
	b.WriteString(t.Table(rows))
	if len(r.GPUs) > 0 && len(r.Errors) > 0 {
		b.WriteString(t.Wrap(terminal.Yellow, "Also went wrong:"))
		var rows [][]terminal.Cell
		for _, e := range r.Errors {
			rows = append(rows, terminal.Cells(fmt.Sprintf("%d ×", e.Count), e.Message))
		}
		b.WriteString(t.Table(rows))
	}
	for _, ran := range []struct {
		name string
		*ProgramRun
	}{{"gpu_probe", r.GPUProbe}, {"gpu_burn", r.GPUBurn}} {
		if ran.ProgramRun != nil && r.Verdict != Pass && len(ran.Stderr) > 0 {
			b.WriteString(t.Wrap(terminal.Plain, ran.name+" said: "+ran.words()))
		}
	}
	if len(r.GPUs) > 0 && r.GPUProbe == nil {
		b.WriteString(t.Wrap(terminal.Plain, "Memory and links were not tested: there is no gpu_probe beside gpu_burn. Build that anew."))
	}
	all := words[r.Verdict]
	of := []string{}
	for _, v := range []Verdict{Fail, NotComplete, Pass} {
		if n := count[v]; n > 0 {
			of = append(of, label.Count(n, "GPU")+" "+map[Verdict]string{Pass: "passed", Fail: "failed", NotComplete: "not burned in to the end"}[v])
		}
	}
	if n := len(r.MissingGPUs); n > 0 {
		of = append(of, label.Count(n, "GPU")+" that the driver does not have")
	}
	of = append(of, label.Prefix("with ", label.Some(uint64(warnings), "warning")))
	b.WriteString(t.Wrap(all.Colour, all.Text+": "+cmp.Or(join(of), "no GPU was burned in")))
	_, err := io.WriteString(w, b.String())
	return err
}

// why says in words why it is missing.
func (m MissingGPU) why() string {
	switch {
	case m.Driver != "":
		return "the driver " + m.Driver + " has it; --gpus names the others, where that is meant"
	case len(m.Messages) > 0:
		return "the NVIDIA driver did not take it:"
	}
	return "the NVIDIA driver did not take it, and does not say why"
}

func (m MissingGPU) String() string {
	why := m.Messages
	if m.Driver != "" {
		why = append([]string{"the driver " + m.Driver + " has it"}, why...)
	}
	if len(why) == 0 {
		return m.PCIAddress
	}
	return m.PCIAddress + " (" + strings.Join(why, "; ") + ")"
}

// measured says what a GPU did.
func (g Burned) measured() string {
	span := func(r *Range, unit string) string {
		if r == nil {
			return ""
		}
		return (&series{n: 1, min: r.Min, max: r.Max}).text(unit)
	}
	speed := ""
	if g.Gflops != nil {
		speed = fmt.Sprintf("%.0f Gflop/s", g.Gflops.Mean)
	}
	memory := ""
	if m := g.MemoryTest; m != nil {
		times := "once"
		if m.Passes > 1 {
			times = fmt.Sprintf("%d times", m.Passes)
		}
		memory = fmt.Sprintf("%s of memory tested %s at %.0f GB/s", label.Memory(m.Bytes), times, m.BytesPerSecond/1e9)
	}
	host := ""
	if l := g.HostLink; l != nil {
		host = fmt.Sprintf("host %.0f and %.0f GB/s", l.ToGPUBytesPerSecond/1e9, l.FromGPUBytesPerSecond/1e9)
	}
	var peers series
	for _, p := range g.Peers {
		if p.BytesPerSecond > 0 {
			peers.add(p.BytesPerSecond / 1e9)
		}
	}
	return join([]string{memory, host, label.Prefix("other GPUs ", peers.text(" GB/s")), span(g.TemperatureCelsius, " °C"), span(g.PowerWatts, " W"), span(g.SMClockMHz, " MHz"), speed,
		label.Prefix("slowed by ", strings.Join(g.ThrottleReasonsSeen, " "))})
}
