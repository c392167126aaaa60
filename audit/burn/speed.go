package burn

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"bee/core/pci"
)

// elsewhere is by how many percent a GPU may be slower than others of its kind were in other
// machines, in other rooms; linkTolerance by how many a link may be slower than others are,
// whose measures vary more than a burn-in's.
const elsewhere, linkTolerance = 10, 10

// figure is something that a GPU does as fast as others of its kind.
type figure struct {
	known     string // its name in speeds.csv
	of        func(*Burned) float64
	text      string // what it is in words, with a place for it
	unit      string
	tolerance int
}

// figures are those of a burn-in.
func (r *run) figures() []figure {
	const giga = 1e9
	return []figure{
		{r.precision(), func(g *Burned) float64 {
			if g.Gflops == nil {
				return 0
			}
			return g.Gflops.Mean
		}, "%.0f Gflop/s", "Gflop/s", r.SpeedTolerance},
		{"memory", func(g *Burned) float64 {
			if g.MemoryTest == nil {
				return 0
			}
			return g.MemoryTest.BytesPerSecond / giga
		}, "memory's %.0f GB/s", "GB/s", r.SpeedTolerance},
		{"host_to_gpu", func(g *Burned) float64 {
			if g.HostLink == nil {
				return 0
			}
			return g.HostLink.ToGPUBytesPerSecond / giga
		}, "%.0f GB/s from the host", "GB/s", linkTolerance},
		{"gpu_to_host", func(g *Burned) float64 {
			if g.HostLink == nil {
				return 0
			}
			return g.HostLink.FromGPUBytesPerSecond / giga
		}, "%.0f GB/s to the host", "GB/s", linkTolerance},
	}
}

// compareSpeeds warns of GPUs that are slower than they should be, of those that passed.
func (r *run) compareSpeeds() {
	for _, f := range r.figures() {
		r.compare(f)
	}
	r.comparePeers()
}

func (r *run) compare(f figure) {
	byName := map[string][]float64{}
	for i := range r.Report.GPUs {
		g := &r.Report.GPUs[i]
		if value := f.of(g); g.Verdict == Pass && value > 0 {
			byName[g.Name] = append(byName[g.Name], value)
		}
	}
	for i := range r.Report.GPUs {
		g := &r.Report.GPUs[i]
		value := f.of(g)
		if g.Verdict != Pass || value <= 0 {
			continue
		}
		warn := func(kind WarningKind, usual float64, tolerance int, than string) {
			if value < usual*(1-float64(tolerance)/100) {
				g.Warnings = append(g.Warnings, Warning{kind, fmt.Sprintf("its "+f.text+" are %.1f %% below %s, %.0f %s", value, (1-value/usual)*100, than, usual, f.unit), g.slowness()})
			}
		}
		if others := byName[g.Name]; len(others) > 1 {
			warn(SlowerThanOthers, median(others), f.tolerance, fmt.Sprintf("the median of the %d GPUs of its kind", len(others)))
		}
		if usual := expected()[speedOf{g.Name, f.known}]; usual > 0 {
			warn(SlowerThanExpected, usual, elsewhere, "what a GPU of its kind makes")
		}
	}
}

// comparePeers warns of ways to other GPUs that are slower than they should be. Behind NVSwitches
// all are alike; elsewhere some lead over one switch and some over two processors, and only the
// two directions of one can be compared.
func (r *run) comparePeers() {
	switches, _ := pci.Switches(os.DirFS(cmp.Or(r.limits.root, "/")))
	rates := map[[2]string]float64{}
	var all []float64
	for _, g := range r.Report.GPUs {
		for _, p := range g.Peers {
			if p.BytesPerSecond > 0 {
				rates[[2]string{g.PCIAddress, p.PCIAddress}] = p.BytesPerSecond
				all = append(all, p.BytesPerSecond)
			}
		}
	}
	for i := range r.Report.GPUs {
		g := &r.Report.GPUs[i]
		if g.Verdict != Pass {
			continue
		}
		for _, p := range g.Peers {
			usual, than := rates[[2]string{p.PCIAddress, g.PCIAddress}], "the way back"
			if len(switches) > 0 && len(all) > 2 {
				usual, than = median(all), fmt.Sprintf("the median of the %d ways between GPUs", len(all))
			}
			if rate := p.BytesPerSecond; rate > 0 && rate < usual*(1-linkTolerance/100.0) {
				g.Warnings = append(g.Warnings, Warning{SlowerThanOthers, fmt.Sprintf("its %.0f GB/s to GPU %s are %.1f %% below %s, %.0f GB/s", rate/1e9, p.PCIAddress, (1-rate/usual)*100, than, usual/1e9), g.slowness()})
			}
		}
	}
}

// slowness is what may have slowed a GPU down.
func (g *Burned) slowness() []string {
	var all []string
	if len(g.ThrottleReasonsSeen) > 0 {
		all = append(all, "slowed by "+strings.Join(g.ThrottleReasonsSeen, " "))
	}
	if limit, usual, lowered := powerLimit(g.Before); lowered {
		all = append(all, fmt.Sprintf("power limit %.0f W, by default %.0f W", limit, usual))
	}
	if l := g.Before.PCIe; l != nil && l.MaxWidthLanes != nil && g.PCIeWidthLanes != nil && g.PCIeWidthLanes.Min < float64(*l.MaxWidthLanes) {
		all = append(all, fmt.Sprintf("PCIe link of %.0f lanes in the burn-in, it can have %d", g.PCIeWidthLanes.Min, *l.MaxWidthLanes))
	}
	return all
}

func (r *run) precision() string {
	switch {
	case r.Doubles:
		return "double"
	case r.TensorCores:
		return "tensor"
	}
	return "single"
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

//go:embed speeds.csv
var speeds []byte

// speedOf is what a speed is known of.
type speedOf struct{ name, figure string }

// expected are the speeds that are known, in Gflop/s or GB/s.
var expected = sync.OnceValue(func() map[speedOf]float64 {
	known, err := readSpeeds(speeds)
	if err != nil {
		panic(err) // a test reads them
	}
	return known
})

func readSpeeds(text []byte) (map[speedOf]float64, error) {
	reader := csv.NewReader(bytes.NewReader(text))
	reader.Comment, reader.FieldsPerRecord = '#', 4
	lines, err := reader.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("speeds.csv: %w", err)
	}
	known := map[speedOf]float64{}
	for _, line := range lines[1:] {
		of := speedOf{line[0], line[1]}
		speed, err := strconv.ParseFloat(line[2], 64)
		if err != nil || speed <= 0 || known[of] != 0 || !slices.Contains([]string{"single", "double", "tensor", "memory", "host_to_gpu", "gpu_to_host"}, of.figure) || line[3] == "" {
			return nil, fmt.Errorf("speeds.csv: %q is no line of a name, a figure, a speed and its source, once", line)
		}
		known[of] = speed
	}
	return known, nil
}
