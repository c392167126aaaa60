// Package gpuburn reads what gpu_burn prints, while it prints it.
//
// gpu_burn numbers the GPUs that CUDA shows it from 0 on. It prints lines of
// progress that each begin with a carriage return, and what it made of each GPU at
// the end:
//
//	12.5%  proc'd: 534 (13945 Gflop/s) - 530 (13900 Gflop/s)   errors: 0  - 3  (WARNING!)  temps: 61 C - --
//	Tested 2 GPUs:
//		GPU 0: OK
//		GPU 1: FAULTY
//
// Errors are counted anew after each "Summary at", about every tenth of the time. A
// GPU whose process has ended has worked -1, is DIED!, and its errors mean nothing.
// What the processes of GPUs print can follow in the same line.
package gpuburn

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// GPU is what gpu_burn has said about a GPU.
type GPU struct {
	// Work is how many matrices it has multiplied.
	Work int64
	// Gflops is its speed in Gflop/s when it last reported, infinite where gpu_burn
	// measured no time.
	Gflops float64
	// Errors is how many wrong results there were so far.
	Errors uint64
	// Died is whether its process has ended too early.
	Died bool
	// Verdict is gpu_burn's own at the end: OK or FAULTY, "" before it.
	Verdict string

	counted uint64 // of Errors, those before the last summary
}

// Output is what gpu_burn has printed so far. The zero value is ready for use.
type Output struct {
	// GPUs are those that gpu_burn tests, by its numbers. Empty before the first
	// progress.
	GPUs []GPU
	// Ending is whether it has begun to end the processes of the GPUs.
	Ending bool

	line   []byte // the last one, which may go on
	tested bool   // the verdicts follow
}

// maxLine and maxGPUs are beyond what gpu_burn prints. They bound what rubbish can
// grow to.
const maxLine, maxGPUs = 64 << 10, 256

// Add takes in what gpu_burn printed next.
func (o *Output) Add(b []byte) {
	for len(b) > 0 {
		end := bytes.IndexAny(b, "\r\n")
		part := b
		if end >= 0 {
			part = b[:end]
		}
		o.line = append(o.line, part[:min(len(part), maxLine-len(o.line))]...)
		if end < 0 {
			// The end of a line of progress comes only with the next one.
			o.progress()
			return
		}
		o.progress()
		o.words(strings.TrimSpace(string(o.line)))
		o.line, b = o.line[:0], b[end+1:]
	}
}

var (
	progress = regexp.MustCompile(`^\s*-?[0-9.]+%  proc'd: (.*?) errors: (.*?) temps:`)
	work     = regexp.MustCompile(`^\s*(-?[0-9]+) \((\S+) Gflop/s\)\s*$`)
	errors   = regexp.MustCompile(`^\s*(-?[0-9]+)\s*(\([A-Z]+!\))?\s*$`)
	verdict  = regexp.MustCompile(`^GPU ([0-9]+): (OK|FAULTY)$`)
)

// progress reads the line where it is one of progress, maybe once more: nothing in
// it is added up. Temperatures are nvidia-smi's, which does better itself.
func (o *Output) progress() {
	if !bytes.Contains(o.line, []byte("proc'd:")) {
		return
	}
	m := progress.FindSubmatch(o.line)
	if m == nil {
		return
	}
	works, errs := strings.Split(string(m[1]), ") - "), strings.Split(string(m[2]), "- ")
	if len(works) != len(errs) || len(works) > maxGPUs || len(o.GPUs) != 0 && len(works) != len(o.GPUs) {
		return
	}
	gpus := slices.Clone(o.GPUs)
	if len(gpus) == 0 {
		gpus = make([]GPU, len(works))
	}
	for i := range gpus {
		g := &gpus[i]
		text := works[i]
		if i < len(works)-1 {
			text += ")"
		}
		w, e := work.FindStringSubmatch(text), errors.FindStringSubmatch(errs[i])
		if w == nil || e == nil {
			return
		}
		done, err := strconv.ParseInt(w[1], 10, 32)
		speed, err2 := strconv.ParseFloat(w[2], 64)
		wrong, err3 := strconv.ParseInt(e[1], 10, 32)
		if err != nil || err2 != nil || err3 != nil {
			return
		}
		if g.Died = g.Died || done < 0 || e[2] == "(DIED!)"; g.Died {
			continue
		}
		g.Work, g.Gflops = done, speed
		// It counts in 32 bits, which many errors overflow.
		g.Errors = g.counted + uint64(uint32(wrong))
	}
	o.GPUs = gpus
}

// words reads a line of another kind.
func (o *Output) words(line string) {
	switch {
	case strings.HasPrefix(line, "Summary at:"):
		for i := range o.GPUs {
			o.GPUs[i].counted = o.GPUs[i].Errors
		}
	case strings.HasPrefix(line, "Killing processes"):
		o.Ending = true
	case strings.HasPrefix(line, "Tested ") && strings.HasSuffix(line, "GPUs:"):
		o.tested = true
	case o.tested:
		m := verdict.FindStringSubmatch(line)
		if m == nil {
			return
		}
		if i, err := strconv.Atoi(m[1]); err == nil && i < len(o.GPUs) {
			o.GPUs[i].Verdict = m[2]
		}
	}
}
