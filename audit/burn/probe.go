package burn

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"bee/audit/report/label"
	"bee/audit/tool/gpuprobe"
)

// gpu_probe's exit status where it came to its end and memory was not as it was written.
const wrongMemory = 3

// probe runs gpu_probe, which lies beside gpu_burn, of the same build.
func (r *run) probe(ctx context.Context, gpuBurn string) error {
	if real, err := filepath.EvalSymlinks(gpuBurn); err == nil {
		gpuBurn = real
	}
	program := filepath.Join(filepath.Dir(gpuBurn), "gpu_probe")
	if _, err := os.Stat(program); err != nil {
		return nil // the text of the report says so
	}
	r.probed = &gpuprobe.Output{}
	defer func() { r.probed = nil }()
	ran, state, how, err := r.runs(ctx, r.command(program, []string{"--passes", strconv.Itoa(r.MemoryPasses)}),
		watched{"gpu_probe", r.limits.probe, label.Duration(r.limits.probe), r.tested})
	if err != nil {
		r.addError(err.Error())
		r.untried = err.Error()
		return nil
	}
	r.GPUProbe = ran
	status := cmp.Or(ran.ExitStatus, new(-1))
	switch {
	case r.Stopped != nil:
	case len(r.probed.GPUs) != len(r.devices):
		err = fmt.Errorf("CUDA has shown %s to gpu_probe, and %d were to be tested (%s): %s", label.Count(len(r.probed.GPUs), "GPU"), len(r.devices), how, ran.words())
	case state == nil || !r.probed.Done || *status != 0 && *status != wrongMemory:
		err = fmt.Errorf("gpu_probe did not test memory and links to the end (%s): %s", how, ran.words())
	}
	if err != nil { // gpu_burn may say more of it
		r.addError(err.Error())
		r.untried = err.Error()
	}
	return nil
}

// tested takes in what gpu_probe printed.
func (r *run) tested(b []byte) {
	r.probed.Add(b)
	for i, g := range r.probed.GPUs {
		if i < len(r.devices) {
			r.devices[i].tested(g, r.devices)
		}
	}
}

// tested takes in what gpu_probe says of a GPU, by whose number it has the others.
func (d *device) tested(g gpuprobe.GPU, all []device) {
	if g.TestedBytes > 0 {
		m := &MemoryTest{Bytes: g.TestedBytes, Passes: g.Passes, PeakBytesPerSecond: g.PeakRate, WrongWords: g.WrongWords}
		for _, rate := range g.ReadRates {
			m.BytesPerSecond += rate / float64(len(g.ReadRates))
		}
		if g.WrongBits != 0 {
			m.WrongBits = hexadecimal(g.WrongBits)
		}
		for _, w := range g.Wrong {
			m.Wrong = append(m.Wrong, WrongWord{w.Pattern, w.Pass, w.Offset, hexadecimal(w.Written), hexadecimal(w.Read)})
		}
		d.MemoryTest = m
	}
	if g.HostToGPU > 0 {
		d.HostLink = &HostLink{g.HostToGPU, g.GPUToHost, g.Node}
	}
	d.Peers = nil
	for i := range all {
		if rate, measured := g.To[i]; measured {
			d.Peers = append(d.Peers, Peer{all[i].PCIAddress, rate})
		}
	}
	if g.Error != "" {
		d.untested = "gpu_probe could not test it: " + g.Error
	}
}

func hexadecimal(n uint64) string { return fmt.Sprintf("%#016x", n) }

// wrong says in words what was wrong with a GPU's memory.
func (m *MemoryTest) wrong() string {
	text := fmt.Sprintf("%s of its memory were not as they were written, in bits %s", label.Count(m.WrongWords, "word"), m.WrongBits)
	if len(m.Wrong) > 0 {
		w := m.Wrong[0]
		text += fmt.Sprintf("; the first at %#x: %s was written, %s was read (%s, pass %d)", w.OffsetBytes, w.Written, w.Read, w.Pattern, w.Pass)
	}
	return text
}
