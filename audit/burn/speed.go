package burn

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// elsewhere is by how many percent a GPU may be slower than others of its kind were in other
// machines, in other rooms.
const elsewhere = 10

// compareSpeeds warns of GPUs that are slower than they should be, of those that passed.
func (r *run) compareSpeeds() {
	byName := map[string][]float64{}
	for _, g := range r.Report.GPUs {
		if g.Verdict == Pass && g.Gflops != nil {
			byName[g.Name] = append(byName[g.Name], g.Gflops.Mean)
		}
	}
	for i := range r.Report.GPUs {
		g := &r.Report.GPUs[i]
		if g.Verdict != Pass || g.Gflops == nil {
			continue
		}
		warn := func(kind WarningKind, least float64, format string, args ...any) {
			if g.Gflops.Mean < least {
				g.Warnings = append(g.Warnings, Warning{kind, fmt.Sprintf(format, args...), g.slowness()})
			}
		}
		if others := byName[g.Name]; len(others) > 1 {
			middle := median(others)
			warn(SlowerThanOthers, middle*(1-float64(r.SpeedTolerance)/100),
				"its %.0f Gflop/s are %.1f %% below the median of the %d GPUs of its kind, %.0f Gflop/s", g.Gflops.Mean, (1-g.Gflops.Mean/middle)*100, len(others), middle)
		}
		if usual := expected()[speedOf{g.Name, r.precision()}]; usual > 0 {
			warn(SlowerThanExpected, usual*(1-elsewhere/100.0),
				"its %.0f Gflop/s are %.1f %% below what a GPU of its kind makes, %.0f Gflop/s", g.Gflops.Mean, (1-g.Gflops.Mean/usual)*100, usual)
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
type speedOf struct{ name, precision string }

// expected are the speeds that are known, in Gflop/s.
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
		gflops, err := strconv.ParseFloat(line[2], 64)
		if err != nil || gflops <= 0 || known[of] != 0 || !slices.Contains([]string{"single", "double", "tensor"}, of.precision) || line[3] == "" {
			return nil, fmt.Errorf("speeds.csv: %q is no line of a name, a precision, a speed and its source, once", line)
		}
		known[of] = gflops
	}
	return known, nil
}
