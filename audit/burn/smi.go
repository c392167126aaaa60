package burn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"bee/audit/collect/machine"
	"bee/audit/report"
	"bee/audit/tool/nvidiasmi"
	"bee/core/printable"
)

// answer is what nvidia-smi said of all GPUs.
type answer struct {
	nvidiasmi.Log
	err error
	// Whether it hangs in the kernel, where it was left behind.
	stuck bool
}

// ask asks nvidia-smi. Its host is for one answer: the room for outputs is for all
// runs together, and a burn-in can take days.
func ask(ctx context.Context, limit time.Duration) answer {
	result := new(machine.Host).Run(ctx, machine.Command{Tool: "nvidia-smi", Args: []string{"-q", "-x"}, Limit: limit})
	a := answer{stuck: errors.Is(result.Err, machine.ErrStuck)}
	a.Log, a.err = nvidiasmi.ParseXML(result.Stdout)
	if result.Err != nil {
		a.err = result.Err
	}
	if a.err == nil {
		return a
	}
	said := a.Messages
	if len(said) == 0 {
		said = lines(result.Stderr, 1)
	}
	text := ""
	if len(said) > 0 {
		text = ": " + strings.TrimSuffix(said[0], ".")
	}
	a.err = fmt.Errorf("nvidia-smi -q -x: %w%s", a.err, text)
	return a
}

// noDriver reports whether nvidia-smi said that the driver is not there, with 9,
// or its library, with 12: see RETURN VALUE in its manual page.
func (a answer) noDriver() bool {
	var exit *machine.ExitError
	return a.Trouble(nil) == report.NotLoaded || errors.As(a.err, &exit) && (exit.Status == 9 || exit.Status == 12)
}

// unreachable finds the PCI address in nvidia-smi's words of a GPU that it cannot
// reach.
var unreachable = regexp.MustCompile(`device handle for GPU ?([0-9A-Fa-f]+:[0-9A-Fa-f]+:[0-9A-Fa-f]+\.[0-7])`)

// lostWords are what nvidia-smi prints in place of a value of a GPU that is of no
// use any more.
var lostWords = []string{"gpu is lost", "gpu requires reset", "gpu requires restart", "gpu not found"}

// lost says why a GPU that was there is not there any more, "" where it is, or
// where the answer does not tell.
func (a answer) lost(address string) string {
	if i := a.Find(address); i >= 0 {
		for _, e := range a.GPUs[i].ReadErrors {
			if slices.Contains(lostWords, strings.ToLower(e)) {
				return "nvidia-smi says of it: " + e
			}
		}
		return ""
	}
	for _, m := range a.Messages {
		if at := unreachable.FindStringSubmatch(m); at != nil && nvidiasmi.Address(at[1]) == address {
			return "nvidia-smi says: " + m
		}
	}
	switch {
	case a.Unreachable(): // it may have left this one out because of another
		return ""
	case a.NoGPU() || a.err == nil:
		return "nvidia-smi does not list it any more"
	}
	return ""
}

// selectGPUs returns the GPUs that were named, all without names, in nvidia-smi's
// order.
func (a answer) selectGPUs(names []string) ([]device, error) {
	wanted := make([]bool, len(a.GPUs))
	for _, name := range names {
		i := slices.IndexFunc(a.GPUs, func(g report.GPU) bool {
			return g.UUID != "" && strings.EqualFold(g.UUID, name) || g.PCIAddress != "" && g.PCIAddress == nvidiasmi.Address(name)
		})
		if n, err := strconv.Atoi(name); err == nil && n >= 0 && n < len(a.GPUs) {
			i = n
		}
		if i < 0 {
			var there []string
			for i, g := range a.GPUs {
				there = append(there, fmt.Sprintf("\n  %d  %s  %s  %s", i, g.PCIAddress, g.UUID, g.Name))
			}
			return nil, SelectionError{fmt.Errorf("--gpus: there is no GPU %q; there are:%s", name, strings.Join(there, ""))}
		}
		wanted[i] = true
	}
	if len(names) == 0 && a.Unreachable() {
		return nil, NothingError{fmt.Errorf("%w; name the other GPUs with --gpus to burn those in", a.err)}
	}
	var all []device
	for i, g := range a.GPUs {
		if len(names) > 0 && !wanted[i] {
			continue
		}
		if why := a.lost(g.PCIAddress); why != "" || g.UUID == "" {
			return nil, NothingError{fmt.Errorf("GPU %d (%s) cannot be burned in: %s; name the others with --gpus to burn those in",
				i, g.PCIAddress, cmp.Or(why, "nvidia-smi does not know its UUID"))}
		}
		if g.MIG != nil && g.MIG.Enabled != nil && *g.MIG.Enabled {
			return nil, NothingError{fmt.Errorf("GPU %d (%s) is divided into instances: make it whole with \"nvidia-smi -i %d -mig 0\", or name the others with --gpus",
				i, g.PCIAddress, i)}
		}
		if who := users(g); who != "" {
			return nil, NothingError{fmt.Errorf("GPU %d (%s) is in use by %s: end that, or name the others with --gpus", i, g.PCIAddress, who)}
		}
		d := device{Burned: Burned{
			Index: i, UUID: g.UUID, PCIAddress: g.PCIAddress, Name: g.Name, SerialNumber: g.SerialNumber, Before: g,
		}}
		d.checkState()
		all = append(all, d)
	}
	return all, nil
}

// lines returns the first lines that are not empty, made printable.
func lines(b []byte, n int) []string {
	var all []string
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && len(all) < n {
			all = append(all, printable.Escape([]byte(line)))
		}
	}
	return all
}
