// Package gpuprobe reads what bee's gpu_probe prints, while it prints it: lines of JSON, each
// of them one result for the GPU with CUDA's number in it.
//
//	{"gpu":0,"pci_address":"0000:1b:00.0"}
//	{"gpu":0,"tested_bytes":84233158656,"peak_bytes_per_second":3352320000000}
//	{"gpu":0,"pass":1,"pattern":"walking_ones","written_bytes_per_second":3.2e12,"read_bytes_per_second":3.0e12,"wrong_words":1,"wrong_bits":"0x0000000000020000"}
//	{"gpu":0,"pass":1,"pattern":"walking_ones","wrong":{"offset":4096,"written":"0x0000000000000001","read":"0x0000000000020001"}}
//	{"gpu":0,"host_to_gpu_bytes_per_second":55100000000,"gpu_to_host_bytes_per_second":55200000000,"numa_node":1}
//	{"gpu":0,"to":1,"bytes_per_second":390000000000}
//	{"gpu":0,"to":2}
//	{"gpu":0,"error":"an illegal memory access was encountered","code":700}
//	{"done":true}
package gpuprobe

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// GPU is what gpu_probe has said about a GPU.
type GPU struct {
	// PCIAddress as CUDA has it, in lower case.
	PCIAddress string
	// TestedBytes is how much of its memory is tested.
	TestedBytes uint64
	// PeakRate is what its memory could do at most, in bytes per second, by its clock and bus.
	PeakRate float64
	// Passes is how many it has come to.
	Passes int
	// ReadRates are how fast its memory was read, in bytes per second: one for each pattern of
	// a walking bit.
	ReadRates []float64
	// WrongWords of 8 bytes were not as they were written, in WrongBits of their bits; Wrong
	// has some of them.
	WrongWords, WrongBits uint64
	Wrong                 []Word
	// HostToGPU and GPUToHost are how fast it is reached from the host and reaches it, in bytes
	// per second; 0 where that was not measured.
	HostToGPU, GPUToHost float64
	// Node of the processors next to it; nil where the machine has one.
	Node *int
	// To is how fast it reaches each other GPU, in bytes per second, by CUDA's numbers; 0 where
	// the way leads over the host.
	To map[int]float64
	// Error is why CUDA could not go on with it.
	Error string
}

// Word is a word that was not as it was written.
type Word struct {
	Pass    int
	Pattern string
	// Offset in what is tested, in bytes.
	Offset        uint64
	Written, Read uint64
}

// Output is what gpu_probe has printed so far. The zero value is ready for use.
type Output struct {
	// GPUs by CUDA's numbers.
	GPUs []GPU
	// Done is whether it came to its end.
	Done bool

	line []byte // the last one, which may go on
}

// Beyond what gpu_probe prints; they bound what rubbish can grow to.
const maxLine, maxGPUs, maxWords, maxRates = 16 << 10, 256, 64, 1 << 12

// Add takes in what gpu_probe printed next.
func (o *Output) Add(b []byte) {
	for len(b) > 0 {
		part, rest, ends := bytes.Cut(b, []byte("\n"))
		o.line = append(o.line, part[:min(len(part), maxLine-len(o.line))]...)
		if !ends {
			return
		}
		o.take(o.line)
		o.line, b = o.line[:0], rest
	}
}

type line struct {
	GPU         *int
	PCIAddress  string  `json:"pci_address"`
	TestedBytes uint64  `json:"tested_bytes"`
	PeakRate    float64 `json:"peak_bytes_per_second"`
	Pass        int
	Pattern     string
	ReadRate    float64 `json:"read_bytes_per_second"`
	WrongWords  uint64  `json:"wrong_words"`
	WrongBits   string  `json:"wrong_bits"`
	Wrong       *struct {
		Offset        uint64
		Written, Read string
	}
	HostToGPU float64 `json:"host_to_gpu_bytes_per_second"`
	GPUToHost float64 `json:"gpu_to_host_bytes_per_second"`
	Node      *int    `json:"numa_node"`
	To        *int
	Rate      float64 `json:"bytes_per_second"`
	Error     string
	Code      int
	Done      bool
}

// take takes in a line. One that is none of gpu_probe's is left out.
func (o *Output) take(text []byte) {
	var l line
	if json.Unmarshal(text, &l) != nil {
		return
	}
	o.Done = o.Done || l.Done
	if l.GPU == nil || *l.GPU < 0 || *l.GPU >= maxGPUs {
		return
	}
	for len(o.GPUs) <= *l.GPU {
		o.GPUs = append(o.GPUs, GPU{})
	}
	g := &o.GPUs[*l.GPU]
	if l.PCIAddress != "" {
		g.PCIAddress = l.PCIAddress
	}
	if l.TestedBytes > 0 {
		g.TestedBytes, g.PeakRate = l.TestedBytes, l.PeakRate
	}
	g.Passes = max(g.Passes, l.Pass)
	if strings.HasPrefix(l.Pattern, "walking_") && l.ReadRate > 0 && len(g.ReadRates) < maxRates {
		g.ReadRates = append(g.ReadRates, l.ReadRate)
	}
	g.WrongWords += l.WrongWords
	g.WrongBits |= number(l.WrongBits)
	if l.Wrong != nil && len(g.Wrong) < maxWords {
		g.Wrong = append(g.Wrong, Word{l.Pass, l.Pattern, l.Wrong.Offset, number(l.Wrong.Written), number(l.Wrong.Read)})
	}
	if l.HostToGPU > 0 {
		g.HostToGPU, g.GPUToHost = l.HostToGPU, l.GPUToHost
		if l.Node != nil && *l.Node >= 0 {
			g.Node = l.Node
		}
	}
	if l.To != nil && *l.To >= 0 && *l.To < maxGPUs && l.Rate >= 0 {
		if g.To == nil {
			g.To = map[int]float64{}
		}
		g.To[*l.To] = l.Rate
	}
	if l.Error != "" {
		g.Error = l.Error + " (error " + strconv.Itoa(l.Code) + ")"
	}
}

// number reads a number with 0x before it, 0 where there is none.
func number(text string) uint64 {
	n, _ := strconv.ParseUint(text, 0, 64)
	return n
}
