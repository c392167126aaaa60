package gpuburn

import (
	"math"
	"reflect"
	"strings"
	"testing"
)

const (
	begin = "GPU 0: NVIDIA Test (UUID: GPU-1)\nGPU 1: NVIDIA Test (UUID: GPU-2)\n"
	first = "\r2.0%  proc'd: 100 (9000 Gflop/s) - 90 (8000 Gflop/s)   errors: 0 - 0   temps: 40 C - -- "
	wrong = "\r11.5%  proc'd: 300 (9100 Gflop/s) - 270 (8100 Gflop/s)   errors: 0 - 7  (WARNING!)  temps: 60 C - 61 C "
	sum   = "\n\tSummary at:   Thu Jan  1 00:00:00 UTC 2026\n\n"
	again = "\r15.0%  proc'd: 400 (9200 Gflop/s) - 360 (8200 Gflop/s)   errors: 0 - 2  (WARNING!)  temps: 60 C - 61 C "
	died  = "\r16.0%  proc'd: 500 (9300 Gflop/s) - -1 (8200 Gflop/s)   errors: 0 - 41  (DIED!)  temps: 60 C - 61 C "
	end   = "\nKilling processes with SIGTERM (soft kill)\nUsing compare file: compare.fatbin\nBurning for 10 seconds.\nInitialized device 0 with 100 MB of memory\nFreed memory for dev 0\nUninitted cublas\ndone\n\nTested 2 GPUs:\n\tGPU 0: OK\n\tGPU 1: FAULTY\n"
)

func TestOutput(t *testing.T) {
	for name, c := range map[string]struct {
		in     string
		want   []GPU
		ending bool
	}{
		"nothing":  {"", nil, false},
		"start":    {begin + "Using compare file: x\nBurning for 10 seconds.\n", nil, false},
		"progress": {begin + first, []GPU{{Work: 100, Gflops: 9000}, {Work: 90, Gflops: 8000}}, false},
		"errors":   {begin + first + wrong, []GPU{{Work: 300, Gflops: 9100}, {Work: 270, Gflops: 8100, Errors: 7}}, false},
		"errors before and after a summary": {begin + first + wrong + sum + again,
			[]GPU{{Work: 400, Gflops: 9200}, {Work: 360, Gflops: 8200, Errors: 9, counted: 7}}, false},
		"the errors of a dead GPU": {begin + first + wrong + sum + again + died,
			[]GPU{{Work: 500, Gflops: 9300}, {Work: 360, Gflops: 8200, Errors: 9, counted: 7, Died: true}}, false},
		"errors of the first of them": {"\r1.0%  proc'd: 5 (6 Gflop/s) - 7 (8 Gflop/s)   errors: 3  (WARNING!)- 0   temps: -- - -- ",
			[]GPU{{Work: 5, Gflops: 6, Errors: 3}, {Work: 7, Gflops: 8}}, false},
		"end": {begin + first + wrong + end, []GPU{{Work: 300, Gflops: 9100, Verdict: "OK"}, {Work: 270, Gflops: 8100, Errors: 7, Verdict: "FAULTY"}}, true},
		"one GPU": {"\r100.0%  proc'd: 5 (inf Gflop/s)   errors: 0   temps: 40 C \nTested 1 GPUs:\n\tGPU 0: OK\n",
			[]GPU{{Work: 5, Gflops: math.Inf(1), Verdict: "OK"}}, false},
		"words in the same line":             {first + "Couldn't init a GPU test\n", []GPU{{Work: 100, Gflops: 9000}, {Work: 90, Gflops: 8000}}, false},
		"more errors than 31 bits":           {"\r1.0%  proc'd: 5 (6 Gflop/s)   errors: -2  (WARNING!)  temps: -- ", []GPU{{Work: 5, Gflops: 6, Errors: 1<<32 - 2}}, false},
		"a line that is cut off":             {first + wrong[:strings.Index(wrong, "temps")], []GPU{{Work: 100, Gflops: 9000}, {Work: 90, Gflops: 8000}}, false},
		"fewer GPUs than before":             {first + "\r3.0%  proc'd: 5 (6 Gflop/s)   errors: 1   temps: -- ", []GPU{{Work: 100, Gflops: 9000}, {Work: 90, Gflops: 8000}}, false},
		"a verdict that is none":             {first + "\nGPU 0: OK\nTested 2 GPUs:\n\tGPU 5: OK\n\tGPU 1: FAULTY, or so\n", []GPU{{Work: 100, Gflops: 9000}, {Work: 90, Gflops: 8000}}, false},
		"more errors entries than GPUs work": {"\r1.0%  proc'd: 5 (6 Gflop/s)   errors: 0 - 0   temps: -- ", nil, false},
	} {
		var whole, bytewise Output
		whole.Add([]byte(c.in))
		for i := range len(c.in) {
			bytewise.Add([]byte(c.in[i : i+1]))
		}
		for _, o := range []Output{whole, bytewise} {
			if !reflect.DeepEqual(o.GPUs, c.want) || o.Ending != c.ending {
				t.Errorf("%s: got %+v, ending %t; want %+v", name, o.GPUs, o.Ending, c.want)
			}
		}
	}
}

// In whatever pieces the output comes, it says the same.
func FuzzOutput(f *testing.F) {
	for _, s := range []string{"", begin + first + wrong + sum + again + died + end, first + first, "\r1%  proc'd: 1 (nan Gflop/s) errors: 1 temps:", "\n\tGPU 0: OK"} {
		f.Add([]byte(s), uint(7))
	}
	f.Fuzz(func(t *testing.T, b []byte, size uint) {
		var whole, pieces Output
		whole.Add(b)
		for rest := b; len(rest) > 0; {
			n := min(int(size%1000)+1, len(rest))
			pieces.Add(rest[:n])
			rest = rest[n:]
		}
		if len(whole.GPUs) != len(pieces.GPUs) || whole.Ending != pieces.Ending || len(whole.GPUs) > maxGPUs || len(whole.line) > maxLine {
			t.Fatalf("%q: %+v, in pieces %+v", b, whole, pieces)
		}
		for i, g := range whole.GPUs {
			p := pieces.GPUs[i]
			if math.IsNaN(g.Gflops) && math.IsNaN(p.Gflops) {
				p.Gflops, g.Gflops = 0, 0
			}
			if g != p {
				t.Fatalf("%q: GPU %d is %+v, in pieces %+v", b, i, g, p)
			}
		}
	})
}
