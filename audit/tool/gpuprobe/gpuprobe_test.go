package gpuprobe

import (
	"reflect"
	"strings"
	"testing"
)

const output = `{"gpu":0,"pci_address":"0000:1b:00.0"}
{"gpu":1,"pci_address":"0000:43:00.0"}
{"gpu":0,"tested_bytes":84233158656,"peak_bytes_per_second":3352320000000}
{"gpu":1,"tested_bytes":84233158656,"peak_bytes_per_second":3352320000000}
{"gpu":0,"pass":1,"pattern":"walking_ones","written_bytes_per_second":3200000000000,"read_bytes_per_second":3000000000000,"wrong_words":0,"wrong_bits":"0x0000000000000000"}
{"gpu":1,"pass":1,"pattern":"walking_ones","written_bytes_per_second":3200000000000,"read_bytes_per_second":3000000000000,"wrong_words":2,"wrong_bits":"0x0000000000020000"}
{"gpu":1,"pass":1,"pattern":"walking_ones","wrong":{"offset":4096,"written":"0x0000000000000001","read":"0x0000000000020001"}}
{"gpu":1,"pass":1,"pattern":"walking_ones","wrong":{"offset":8192,"written":"0x0000000000000001","read":"0x0000000000020001"}}
{"gpu":0,"pass":1,"pattern":"random","written_bytes_per_second":2900000000000,"read_bytes_per_second":2800000000000,"wrong_words":0,"wrong_bits":"0x0000000000000000"}
{"gpu":1,"pass":2,"pattern":"address","written_bytes_per_second":2900000000000,"read_bytes_per_second":2800000000000,"wrong_words":1,"wrong_bits":"0x8000000000000000"}
{"gpu":0,"host_to_gpu_bytes_per_second":55100000000,"gpu_to_host_bytes_per_second":55200000000,"numa_node":1}
{"gpu":0,"to":1,"bytes_per_second":390000000000}
{"gpu":1,"host_to_gpu_bytes_per_second":27000000000,"gpu_to_host_bytes_per_second":28000000000,"numa_node":-1}
{"gpu":1,"to":0}
{"gpu":1,"error":"an illegal memory access was encountered","code":700}
{"done":true}
`

var want = []GPU{
	{PCIAddress: "0000:1b:00.0", TestedBytes: 84233158656, PeakRate: 3352320000000, Passes: 1, ReadRates: []float64{3e12},
		HostToGPU: 55.1e9, GPUToHost: 55.2e9, Node: new(1), To: map[int]float64{1: 390e9}},
	{PCIAddress: "0000:43:00.0", TestedBytes: 84233158656, PeakRate: 3352320000000, Passes: 2, ReadRates: []float64{3e12},
		WrongWords: 3, WrongBits: 0x8000000000020000, Wrong: []Word{{1, "walking_ones", 4096, 1, 0x20001}, {1, "walking_ones", 8192, 1, 0x20001}},
		HostToGPU: 27e9, GPUToHost: 28e9, To: map[int]float64{0: 0}, Error: "an illegal memory access was encountered (error 700)"},
}

func TestOutput(t *testing.T) {
	for _, size := range []int{1, 7, 100, len(output)} {
		var o Output
		for rest := output; rest != ""; {
			n := min(size, len(rest))
			o.Add([]byte(rest[:n]))
			rest = rest[n:]
		}
		if !o.Done || !reflect.DeepEqual(o.GPUs, want) {
			t.Errorf("in parts of %d: done %v\n%+v\nnot\n%+v", size, o.Done, o.GPUs, want)
		}
	}
	var o Output
	o.Add([]byte("none of its lines\n{\"gpu\":-1}\n{\"gpu\":999999999}\n{\"gpu\":0,\"to\":-3,\"bytes_per_second\":1}\n[]\n{\"gpu\":\"x\"}\n" + strings.Repeat("x", 1<<20)))
	if o.Done || len(o.GPUs) != 1 || o.GPUs[0].To != nil || len(o.line) > maxLine {
		t.Errorf("rubbish: %+v", o.GPUs)
	}
}

func FuzzOutput(f *testing.F) {
	f.Add([]byte(output), 10)
	f.Add([]byte("{\"gpu\":255,\"to\":255,\"bytes_per_second\":1e308}\n"), 1)
	f.Fuzz(func(t *testing.T, text []byte, split int) {
		var whole, parts Output
		whole.Add(text)
		at := min(max(split, 0), len(text))
		parts.Add(text[:at])
		parts.Add(text[at:])
		if whole.Done != parts.Done || len(whole.GPUs) > maxGPUs || !reflect.DeepEqual(whole.GPUs, parts.GPUs) {
			t.Errorf("in two parts: %+v, whole: %+v", parts.GPUs, whole.GPUs)
		}
		for _, g := range whole.GPUs {
			if len(g.Wrong) > maxWords || len(g.ReadRates) > maxRates || len(g.To) > maxGPUs {
				t.Errorf("%+v", g)
			}
		}
	})
}
