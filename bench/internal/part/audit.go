package part

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"bee/bench/internal/measure"
	"bee/bench/internal/result"
)

const auditRuns = 5

// command is a program that is measured.
type command struct {
	name string
	line []string
}

// peers say what a machine has in it, too.
var peers = []command{
	{"lshw -json", []string{"lshw", "-json"}},
	{"inxi -F", []string{"inxi", "-F"}},
}

// audit compiles the program as the build does, and runs it on this machine.
func audit(ctx context.Context, b *Bench, p *result.Part) error {
	program := filepath.Join(b.Scratch, "audit")
	compile := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", program, "./audit/cmd/audit")
	compile.Dir = b.Top
	compile.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := compile.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(compile.Args, " "), err, strings.TrimSpace(string(said)))
	}
	if !b.Machine.Root {
		p.Notes = append(p.Notes, "not as root: each program leaves out what it may not read, so the ratios are not fair")
	}
	file := filepath.Join(b.Scratch, "audit.json")
	var err error
	of := command{"audit run", []string{program, "run", "--output", file}}
	if p.Figures, err = beside(ctx, b, p, of, installed(p)); err != nil {
		return err
	}
	skipped, err := skipped(file)
	if len(skipped) > 0 {
		p.Notes = append(p.Notes, "audit had less to do than on the ISO: the tools for "+strings.Join(skipped, ", ")+" are not installed here")
	}
	return err
}

// installed are the peers that are there; of others there is a note.
func installed(p *result.Part) []command {
	var there []command
	for _, peer := range peers {
		if _, err := exec.LookPath(peer.line[0]); err != nil {
			p.Notes = append(p.Notes, peer.line[0]+" is not installed, so there is no ratio to it")
			continue
		}
		there = append(there, peer)
	}
	return there
}

// beside measures a command and others, in turns: what else happens on the machine
// happens to all of them. One of the others that fails is left out, with a note.
func beside(ctx context.Context, b *Bench, p *result.Part, of command, others []command) ([]result.Figure, error) {
	var own []measure.Usage
	runs := map[string][]measure.Usage{}
	one := func(c command, round int) (measure.Usage, error) {
		used, err := measure.Run(ctx, c.line[0], c.line[1:]...)
		if err == nil {
			b.Progress("audit: %s, %d of %d: %.2f s", c.name, round+1, auditRuns, used.Wall.Seconds())
		}
		return used, err
	}
	for round := range auditRuns {
		used, err := one(of, round)
		if err != nil {
			return nil, err
		}
		own = append(own, used)
		others = slices.DeleteFunc(others, func(other command) bool {
			used, err := one(other, round)
			if err != nil {
				p.Notes = append(p.Notes, fmt.Sprintf("there is no ratio to %s: %v", other.name, err))
			}
			runs[other.name] = append(runs[other.name], used)
			return err != nil
		})
	}
	var figures []result.Figure
	for _, kind := range []struct {
		name  string
		unit  result.Unit
		value func(measure.Usage) float64
	}{
		{"wall", result.Seconds, func(u measure.Usage) float64 { return u.Wall.Seconds() }},
		{"CPU", result.Seconds, func(u measure.Usage) float64 { return u.CPU.Seconds() }},
		{"peak memory", result.Bytes, func(u measure.Usage) float64 { return float64(u.PeakBytes) }},
	} {
		values := func(runs []measure.Usage) []float64 {
			var values []float64
			for _, run := range runs {
				values = append(values, kind.value(run))
			}
			return values
		}
		figure := result.Of(kind.name, kind.unit, values(own)...)
		for _, other := range others {
			figure.Peers = append(figure.Peers, result.Peer{Name: other.name, Value: result.Median(values(runs[other.name]))})
		}
		figures = append(figures, figure)
	}
	return figures, nil
}

// skipped are the collectors of an audit's report whose tools are not there.
func skipped(file string) ([]string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var r struct {
		Collectors []struct{ Name, Status string }
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var names []string
	for _, c := range r.Collectors {
		if c.Status == "skipped" {
			names = append(names, c.Name)
		}
	}
	return names, nil
}
