package burn

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"bee/audit/burn/fakegpu"
	"bee/audit/show/terminal"
)

// probed prints what gpu_probe does of two GPUs, but for its end.
const probed = `cat <<'EOF'
{"gpu":0,"pci_address":"0000:3a:00.0"}
{"gpu":1,"pci_address":"0000:3b:00.0"}
{"gpu":0,"tested_bytes":84825604096,"peak_bytes_per_second":3352320000000}
{"gpu":1,"tested_bytes":84825604096,"peak_bytes_per_second":3352320000000}
{"gpu":0,"pass":1,"pattern":"walking_ones","written_bytes_per_second":3200000000000,"read_bytes_per_second":3000000000000,"wrong_words":0,"wrong_bits":"0x0000000000000000"}
{"gpu":0,"pass":1,"pattern":"walking_zeros","written_bytes_per_second":3200000000000,"read_bytes_per_second":3100000000000,"wrong_words":0,"wrong_bits":"0x0000000000000000"}
{"gpu":1,"pass":1,"pattern":"walking_ones","written_bytes_per_second":3200000000000,"read_bytes_per_second":3050000000000,"wrong_words":0,"wrong_bits":"0x0000000000000000"}
{"gpu":0,"host_to_gpu_bytes_per_second":55100000000,"gpu_to_host_bytes_per_second":55200000000,"numa_node":1}
{"gpu":0,"to":1,"bytes_per_second":390000000000}
{"gpu":1,"host_to_gpu_bytes_per_second":54900000000,"gpu_to_host_bytes_per_second":55000000000,"numa_node":-1}
{"gpu":1,"to":0}
EOF
`

const burned = "progress " + some + " " + none + "; watched; finish " + most3 + " " + none + " OK OK"

// gpu_probe runs before gpu_burn, and what it measured is in the report.
func TestProbe(t *testing.T) {
	m := fakegpu.New(t, healthy, burned)
	m.Probe(probed + `n=$(wc -l < asked); while [ $(wc -l < asked) -lt $((n+3)) ]; do sleep 0.02; done; echo '{"done":true}'`)
	lines := ""
	r, err := run1(t, m, func(o *Options) {
		o.MemoryPasses = 4
		o.Progress = func(p Progress) { lines += p.Line(o.Time) + "\n" }
	})
	if err != nil || r.Verdict != Pass || len(r.Errors) > 0 || *r.GPUProbe.ExitStatus != 0 || r.GPUBurn == nil {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := m.Read("probed"); got != "PCI_BUS_ID GPU-0,GPU-1 --passes 4" {
		t.Errorf("called %s", got)
	}
	if !strings.Contains(lines, "testing memory and links, ") || strings.Contains(strings.SplitN(lines, "\n", 2)[0], "error") {
		t.Errorf("progress:\n%s", lines)
	}
	g := r.GPUs[0]
	if want := (MemoryTest{Bytes: 84825604096, Passes: 1, BytesPerSecond: 3.05e12, PeakBytesPerSecond: 3352320000000}); !reflect.DeepEqual(*g.MemoryTest, want) {
		t.Errorf("memory %+v, want %+v", *g.MemoryTest, want)
	}
	if want := (HostLink{55.1e9, 55.2e9, new(1)}); !reflect.DeepEqual(*g.HostLink, want) {
		t.Errorf("host %+v, want %+v", *g.HostLink, want)
	}
	if want := []Peer{{"0000:3b:00.0", 390e9}}; !reflect.DeepEqual(g.Peers, want) {
		t.Errorf("peers %+v, want %+v", g.Peers, want)
	}
	if g := r.GPUs[1]; g.HostLink.NUMANode != nil || !reflect.DeepEqual(g.Peers, []Peer{{"0000:3a:00.0", 0}}) {
		t.Errorf("GPU 1: %+v, %+v", g.HostLink, g.Peers)
	}
	var text bytes.Buffer
	if err := r.WriteText(&text, terminal.Terminal{}); err != nil || !strings.Contains(text.String(), "79 GiB of memory tested once at 3050 GB/s, host 55 and 55 GB/s, other GPUs 390 GB/s, 61 °C") {
		t.Errorf("%v\n%s", err, &text)
	}
}

// What gpu_probe finds wrong, and how it may end.
func TestProbeVerdicts(t *testing.T) {
	const wrong = `echo '{"gpu":1,"pass":1,"pattern":"walking_ones","wrong_words":2,"wrong_bits":"0x0000000000020000"}
{"gpu":1,"pass":1,"pattern":"walking_ones","wrong":{"offset":4096,"written":"0x0000000000000001","read":"0x0000000000020001"}}'; `
	not, fail := NotComplete, Fail
	for name, c := range map[string]struct {
		script  string
		options func(*Options)
		want    [2]Verdict
		kinds   [2]Kind
		burns   bool
		say     string
	}{
		"wrong memory": {probed + wrong + "echo '{\"done\":true}'; exit 3", nil, [2]Verdict{not, fail}, [2]Kind{OtherGPU, MemoryErrors}, false,
			"2 words of its memory were not as they were written, in bits 0x0000000000020000; the first at 0x1000: 0x0000000000000001 was written, 0x0000000000020001 was read (walking_ones, pass 1)"},
		"wrong memory, and it goes on": {probed + wrong + "sleep 300", nil, [2]Verdict{not, fail}, [2]Kind{OtherGPU, MemoryErrors}, false, "2 words of its memory"},
		"CUDA fails": {probed + `echo '{"gpu":0,"error":"unspecified launch failure","code":719}'; echo "gpu_probe: GPU 0: cudaMemcpy: unspecified launch failure (error 719)" >&2; exit 1`, nil,
			[2]Verdict{not, not}, [2]Kind{NotTested, NotTested}, true, "gpu_probe could not test it: unspecified launch failure (error 719)"},
		"CUDA does not begin": {`echo "gpu_probe: system not yet initialized (error 802)" >&2; exit 1`, nil,
			[2]Verdict{not, not}, [2]Kind{NotTested, NotTested}, true, "CUDA waits for NVIDIA's Fabric Manager"},
		"it shows one":    {`echo '{"gpu":0,"pci_address":"0000:3a:00.0"}'; echo '{"done":true}'`, nil, [2]Verdict{not, not}, [2]Kind{NotTested, NotTested}, true, "CUDA has shown 1 GPU to gpu_probe, and 2 were to be tested"},
		"it crashes":      {probed + "kill -SEGV $$", nil, [2]Verdict{not, not}, [2]Kind{NotTested, NotTested}, true, "gpu_probe did not test memory and links to the end (signal: segmentation fault"},
		"it ends early":   {probed, nil, [2]Verdict{not, not}, [2]Kind{NotTested, NotTested}, true, "gpu_probe did not test memory and links to the end (exit status 0)"},
		"it is no more":   {"exec /does/not/exist", nil, [2]Verdict{not, not}, [2]Kind{NotTested, NotTested}, true, "CUDA has shown 0 GPUs to gpu_probe"},
		"it hangs":        {probed + "sleep 300", func(o *Options) { o.limits.probe = 300 * time.Millisecond }, [2]Verdict{fail, fail}, [2]Kind{Hung, Hung}, false, "gpu_probe did not end within"},
		"it gets hot":     {probed + "mv later answer; sleep 300", func(o *Options) { o.MaxTemperature = 70 }, [2]Verdict{fail, fail}, [2]Kind{OverTemperature, OverTemperature}, false, "it reached 77 °C"},
		"ECC finds words": {probed + "mv ecc answer; sleep 300", nil, [2]Verdict{not, fail}, [2]Kind{OtherGPU, UncorrectedECC}, false, "1 new ECC error"},
	} {
		t.Run(name, func(t *testing.T) {
			m := fakegpu.New(t, healthy, burned)
			m.Write("later", fakegpu.Answer(fakegpu.GPU(0, "61 C", "77 C"), fakegpu.GPU(1, "61 C", "77 C")))
			m.Write("ecc", fakegpu.Answer(fakegpu.GPU(0), fakegpu.GPU(1, "<dram_uncorrectable>2", "<dram_uncorrectable>3")))
			m.Probe(c.script)
			r, err := run1(t, m, c.options)
			if err != nil {
				t.Fatal(err)
			}
			for i, g := range r.GPUs {
				var kind Kind
				if len(g.Reasons) > 0 {
					kind = g.Reasons[0].Kind
				}
				if g.Verdict != c.want[i] || kind != c.kinds[i] {
					t.Errorf("GPU %d: %s, %+v", i, g.Verdict, g.Reasons)
				}
			}
			if burns := m.Read("called") != ""; burns != c.burns || burns != (r.GPUBurn != nil) {
				t.Errorf("gpu_burn was started: %v", burns)
			}
			var text bytes.Buffer
			if err := r.WriteText(&text, terminal.Terminal{}); err != nil || !strings.Contains(text.String(), c.say) {
				t.Errorf("it does not say %q, error %v:\n%s", c.say, err, &text)
			}
		})
	}
}

// Without it nothing is said of memory, and that is told.
func TestNoProbe(t *testing.T) {
	r, err := run1(t, fakegpu.New(t, healthy, burned), nil)
	if err != nil || r.Verdict != Pass || r.GPUProbe != nil || r.GPUs[0].MemoryTest != nil {
		t.Fatalf("%+v, %v", r, err)
	}
	var text bytes.Buffer
	if err := r.WriteText(&text, terminal.Terminal{}); err != nil || !strings.Contains(text.String(), "Memory and links were not tested") {
		t.Errorf("%v\n%s", err, &text)
	}
}
