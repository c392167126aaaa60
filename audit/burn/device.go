package burn

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"bee/audit/report"
	"bee/audit/report/label"
	"bee/audit/tool/gpuburn"
	"bee/audit/tool/xid"
)

// device is a GPU during its burn-in: what the report has of it, and what that is
// worked out from.
type device struct {
	Burned
	said       gpuburn.GPU
	resultAt   time.Time // when gpu_burn last had a result of it
	speeds     series
	untested   string // why gpu_probe could not test it
	hot        string // how it got too hot
	gone       string // how it was lost
	core       series
	margin     series
	memory     series
	power      series
	smClock    series
	memoryRate series
	lanes      series
}

// setLimit works out at which temperature to stop: as asked for, else where the GPU
// slows itself down.
func (d *device) setLimit(celsius int64) {
	if celsius != 0 {
		d.LimitCelsius = &celsius
	} else if t := d.Before.Temperature; t != nil {
		d.LimitCelsius = t.SlowdownCelsius
		if d.LimitCelsius == nil {
			d.LimitMarginCelsius = t.SlowdownMarginCelsius
		}
	}
}

// calculated takes in what gpu_burn says.
func (d *device) calculated(now gpuburn.GPU, at time.Time) {
	if now.Work > d.said.Work {
		// The first speed has the start in it.
		if d.said.Work > 0 && !math.IsInf(now.Gflops, 0) && !math.IsNaN(now.Gflops) {
			d.speeds.add(now.Gflops)
		}
		d.resultAt = at
	}
	d.said = now
	d.CalculationErrors = &d.said.Errors
}

// observed takes in what nvidia-smi says during the burn-in.
func (d *device) observed(g report.GPU, calculating bool) {
	if t := g.Temperature; t != nil {
		if t.GPUCelsius != nil && d.LimitCelsius != nil && *t.GPUCelsius >= *d.LimitCelsius {
			d.hot = cmp.Or(d.hot, fmt.Sprintf("it reached %d °C, its limit is %d °C", *t.GPUCelsius, *d.LimitCelsius))
		}
		if t.MarginCelsius != nil && d.LimitMarginCelsius != nil && *t.MarginCelsius <= *d.LimitMarginCelsius {
			d.hot = cmp.Or(d.hot, fmt.Sprintf("its margin to the highest temperature fell to %d °C, its limit is %d °C", *t.MarginCelsius, *d.LimitMarginCelsius))
		}
	}
	d.countECC(g)
	if !calculating {
		return
	}
	d.Samples++
	if t := g.Temperature; t != nil {
		addTo(&d.core, t.GPUCelsius)
		addTo(&d.margin, t.MarginCelsius)
		addTo(&d.memory, t.MemoryCelsius)
	}
	if p := g.Power; p != nil {
		addTo(&d.power, p.DrawWatts)
	}
	if c := g.Clocks; c != nil {
		addTo(&d.smClock, c.SMMHz)
		addTo(&d.memoryRate, c.MemoryMHz)
	}
	if l := g.PCIe; l != nil {
		addTo(&d.lanes, l.WidthLanes)
	}
	for _, reason := range g.ThrottleReasons {
		if !slices.Contains(d.ThrottleReasonsSeen, reason) {
			d.ThrottleReasonsSeen = append(d.ThrottleReasonsSeen, reason)
		}
	}
}

// ended takes in what nvidia-smi says after the burn-in.
func (d *device) ended(g report.GPU) {
	d.countECC(g)
	d.After = &g
}

// countECC works out how many memory errors are new, as far as is known.
func (d *device) countECC(now report.GPU) {
	b, n := d.Before.ECC, now.ECC
	if b == nil || n == nil {
		return
	}
	d.NewCorrectedErrors = most(d.NewCorrectedErrors, more(b.VolatileCorrected, n.VolatileCorrected), more(b.AggregateCorrected, n.AggregateCorrected))
	d.NewUncorrectedErrors = most(d.NewUncorrectedErrors, more(b.VolatileUncorrected, n.VolatileUncorrected), more(b.AggregateUncorrected, n.AggregateUncorrected))
}

// more returns by how much a count has grown. One that has shrunk says nothing.
func more(before, now *uint64) *uint64 {
	if before == nil || now == nil || *now < *before {
		return nil
	}
	return new(*now - *before)
}

func most(counts ...*uint64) *uint64 {
	var top *uint64
	for _, n := range counts {
		if n != nil && (top == nil || *n > *top) {
			top = n
		}
	}
	return top
}

// reported takes in an error of the driver.
func (d *device) reported(e xid.Event) {
	for i := range d.Xids {
		if x := &d.Xids[i]; x.Xid == e.Number && x.Message == e.Message {
			x.Count++
			return
		}
	}
	if len(d.Xids) < maxXids {
		d.Xids = append(d.Xids, Xid{Xid: e.Number, Message: e.Message, Count: 1})
	}
}

// maxXids is how many different errors of a GPU are worth keeping.
const maxXids = 100

// Harmless are the Xids that do not make a GPU fail: 43 and 45 are about programs
// that were stopped, which gpu_burn is at its end, and 63 says that a bad row or
// page of memory was put out of use in time.
var Harmless = []uint64{43, 45, 63}

// failures are the reasons to call a GPU bad, as far as is known.
func (d *device) failures() []Reason {
	var all []Reason
	add := func(kind Kind, format string, args ...any) {
		all = append(all, Reason{kind, fmt.Sprintf(format, args...)})
	}
	if m := d.MemoryTest; m != nil && m.WrongWords > 0 {
		add(MemoryErrors, "%s", m.wrong())
	}
	switch n := d.said.Errors; {
	case n > 0:
		add(CalculationErrors, "gpu_burn counted %s", label.Count(n, "wrong result"))
	case d.said.Verdict == "FAULTY" && !d.said.Died: // of a dead one it says that of necessity
		add(CalculationErrors, "gpu_burn says that it is faulty")
	}
	switch {
	case d.said.Died && d.said.Work == 0:
		add(Died, "gpu_burn could not begin with it")
	case d.said.Died:
		add(Died, "gpu_burn could not go on with it")
	}
	if d.hot != "" {
		add(OverTemperature, "%s", d.hot)
	}
	if n := d.NewUncorrectedErrors; n != nil && *n > 0 {
		add(UncorrectedECC, "%s of its memory could not be corrected", label.Count(*n, "new ECC error"))
	}
	if d.gone != "" {
		add(Lost, "%s", d.gone)
	}
	for _, x := range d.Xids {
		if !slices.Contains(Harmless, x.Xid) {
			add(XidReported, "%s", strings.TrimSuffix(fmt.Sprintf("Xid %d: %s", x.Xid, x.Message), ": "))
		}
	}
	return all
}

// finish returns the GPU as it is in the report.
func (d *device) finish() Burned {
	d.Gflops = nil
	if d.speeds.n > 0 {
		d.Gflops = &Gflops{Last: d.speeds.last, Min: d.speeds.min, Mean: d.speeds.mean()}
	}
	d.TemperatureCelsius, d.MarginCelsius, d.MemoryCelsius = d.core.span(), d.margin.span(), d.memory.span()
	d.PowerWatts, d.SMClockMHz, d.MemoryClockMHz = d.power.span(), d.smClock.span(), d.memoryRate.span()
	d.PCIeWidthLanes = d.lanes.span()
	return d.Burned
}

// series is a value over time.
type series struct {
	n                   int
	min, max, sum, last float64
}

func (s *series) add(v float64) {
	if s.n == 0 {
		s.min, s.max = v, v
	}
	s.n, s.sum, s.last = s.n+1, s.sum+v, v
	s.min, s.max = min(s.min, v), max(s.max, v)
}

func addTo[T int64 | uint64 | float64](s *series, v *T) {
	if v != nil {
		s.add(float64(*v))
	}
}

// mean is rounded to what can be told apart.
func (s *series) mean() float64 { return math.Round(s.sum/float64(s.n)*100) / 100 }

func (s *series) span() *Range {
	if s.n == 0 {
		return nil
	}
	return &Range{Min: s.min, Max: s.max, Mean: s.mean()}
}
