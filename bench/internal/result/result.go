// Package result is what a run of the bench found: dist/bench.json, and, in one line,
// history.jsonl.
package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// SchemaVersion is the version of this format. A field that goes or changes its meaning
// raises it; a new one does not.
const SchemaVersion = 1

// Result is one run on one machine.
type Result struct {
	SchemaVersion int `json:"schema_version"`
	// Version of bee: the day of its commit and the commit's beginning, such as
	// 20261105-0123456789ab, and "-dirty" for a work tree with changes.
	Version string  `json:"version"`
	Machine Machine `json:"machine"`
	// Those that were asked for, in the order of the table.
	Parts []Part `json:"parts"`
}

// Machine is what figures depend on. It does not say whose machine it is.
type Machine struct {
	// Model of the processor, and how many of its threads there are.
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
	// Rounded: kernels differ in how much they keep for themselves.
	MemoryGiB int `json:"memory_gib"`
	// What QEMU boots the ISO with: kvm or tcg.
	Accelerator string `json:"accelerator"`
	// Whether the bench was root: tools see, and read, less without.
	Root bool `json:"root"`
}

func (m Machine) String() string {
	user := "root"
	if !m.Root {
		user = "not root"
	}
	return fmt.Sprintf("%s, %d cores, %d GiB, %s, %s", m.CPU, m.Cores, m.MemoryGiB, m.Accelerator, user)
}

// Part is one of the things that are measured: build, iso, boot, audit.
type Part struct {
	Name string `json:"name"`
	// What it was measured of, such as "base debian": figures of something else do not
	// compare.
	Of string `json:"of,omitempty"`
	// Whether the figures are those of any machine, as sizes are.
	AnyMachine bool     `json:"any_machine,omitempty"`
	Figures    []Figure `json:"figures,omitempty"`
	// What a reader has to know of these figures.
	Notes []string `json:"notes,omitempty"`
	// Why the part, or what is not in Figures of it, could not be measured.
	Missing string `json:"missing,omitempty"`
}

// Unit is that of a figure, and of its peers. Less is better.
type Unit string

const (
	Seconds Unit = "s"
	Bytes   Unit = "B"
)

// Figure is the median of what some runs came to.
type Figure struct {
	Name  string  `json:"name"`
	Unit  Unit    `json:"unit"`
	Value float64 `json:"value"`
	// The least and the most of several runs, and how many they were.
	Low  float64 `json:"low,omitempty"`
	High float64 `json:"high,omitempty"`
	Runs int     `json:"runs"`
	// The same of other programs, in the same run of the bench.
	Peers []Peer `json:"peers,omitempty"`
}

// Peer is the median of another program.
type Peer struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
}

// Of is the figure of one run or more.
func Of(name string, unit Unit, runs ...float64) Figure {
	f := Figure{Name: name, Unit: unit, Value: Median(runs), Runs: len(runs)}
	if len(runs) > 1 {
		f.Low, f.High = slices.Min(runs), slices.Max(runs)
	}
	return f
}

// Median of one run or more.
func Median(runs []float64) float64 {
	sorted := slices.Sorted(slices.Values(runs))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// Missing are the parts of which something could not be measured.
func (r *Result) Missing() []string {
	var names []string
	for _, p := range r.Parts {
		if p.Missing != "" {
			names = append(names, p.Name)
		}
	}
	return names
}

// Line is the result as one line of JSON.
func (r *Result) Line() ([]byte, error) { return r.encode("") }

// Indented is the result as JSON for people, too.
func (r *Result) Indented() ([]byte, error) { return r.encode("  ") }

func (r *Result) encode(indent string) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	err := encoder.Encode(r)
	return b.Bytes(), err
}

// Parse reads what Line and Indented write.
func Parse(data []byte) (*Result, error) {
	var r Result
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("no result of the bench: %w", err)
	}
	if r.SchemaVersion != SchemaVersion {
		return nil, fmt.Errorf("schema version %d, but %d is read", r.SchemaVersion, SchemaVersion)
	}
	if r.Version == "" {
		return nil, errors.New("no result of the bench: it has no version")
	}
	return &r, nil
}
