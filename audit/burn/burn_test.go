package burn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/invopop/jsonschema"
	jsonschema6 "github.com/santhosh-tekuri/jsonschema/v6"

	"bee/audit/burn/fakegpu"
	"bee/audit/report/schema"
	"bee/audit/show/terminal"
	"bee/core/burnin"
	"bee/core/schematest"
)

// The published schema is that of the types.
func TestSchemaIsCurrent(t *testing.T) {
	schematest.Current(t, "report.schema.json", "GPU burn-in report, schema version "+SchemaVersion, &Report{}, &jsonschema.Reflector{}, nil)
}

// validate checks a report against the schema.
func validate(t *testing.T, r *Report) {
	t.Helper()
	compiled, err := schema.Compile(Schema)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema6.UnmarshalJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(document); err != nil {
		t.Error(err)
	}
}

// run1 burns in on a made-up machine. Things that are expected to end have much
// time to.
func run1(t *testing.T, m *fakegpu.Machine, change func(*Options)) (*Report, error) {
	t.Helper()
	const generous = 30 * time.Second
	o := Options{
		Version: "test", Time: time.Second, Interval: 20 * time.Millisecond, MemoryPercent: 90, SpeedTolerance: 3,
		limits: limits{smi: generous, watch: generous, probe: generous, hung: generous, terminate: 100 * time.Millisecond, kill: generous, trail: generous,
			kernelLog: filepath.Join(m.Dir, "kmsg"), root: m.Dir},
	}
	if change != nil {
		change(&o)
	}
	r, err := Run(t.Context(), o)
	if r != nil {
		validate(t, r)
		if err := r.WriteText(t.Output(), terminal.Terminal{}); err != nil {
			t.Error(err)
		}
	}
	return r, err
}

const (
	some  = `"100 (9000 Gflop/s) - 90 (8000 Gflop/s)"`
	more2 = `"200 (9100 Gflop/s) - 180 (8100 Gflop/s)"`
	most3 = `"300 (9300 Gflop/s) - 270 (8300 Gflop/s)"`
	none  = `"0 - 0"`
)

var healthy = fakegpu.Answer(fakegpu.GPU(0), fakegpu.GPU(1))

func TestPass(t *testing.T) {
	m := fakegpu.New(t, healthy, "progress "+some+" "+none+"; watched; progress "+more2+" "+none+"; now later; watched; finish "+most3+" "+none+" OK OK")
	m.Write("later", fakegpu.Answer(fakegpu.GPU(0, "61 C", "77 C", "1400 MHz", "1300 MHz", "<dram_correctable>5", "<dram_correctable>9"), fakegpu.GPU(1)))
	lines := 0
	r, err := run1(t, m, func(o *Options) {
		o.Doubles, o.TensorCores = true, true
		o.Progress = func(p Progress) {
			lines++
			if line := p.Line(o.Time); !strings.Contains(line, "2 GPUs") {
				t.Errorf("progress %q", line)
			}
		}
	})
	if err != nil || r.Verdict != Pass || r.Stopped != nil || len(r.Errors) > 0 || lines < 5 || r.DriverVersion != "580.1" || *r.GPUBurn.ExitStatus != 0 {
		t.Fatalf("%+v, error %v, %d lines of progress", r, err, lines)
	}
	if got := m.Read("called"); got != "PCI_BUS_ID GPU-0,GPU-1 -m 90% -d -tc 1" {
		t.Errorf("called %s", got)
	}
	g := r.GPUs[0]
	if g.Index != 0 || g.UUID != "GPU-0" || g.PCIAddress != "0000:3a:00.0" || g.SerialNumber != "1650522009990" || g.Verdict != Pass || g.Reasons != nil ||
		*g.CalculationErrors != 0 || *g.Gflops != (Gflops{Last: 9300, Min: 9100, Mean: 9200}) || *g.LimitCelsius != 89 || g.LimitMarginCelsius != nil ||
		g.Samples == 0 || g.TemperatureCelsius.Min != 61 || g.TemperatureCelsius.Max != 77 || g.MarginCelsius != nil || g.MemoryCelsius.Mean != 70 || g.PowerWatts.Mean != 300.5 ||
		g.SMClockMHz.Min != 1300 || g.MemoryClockMHz.Max != 2600 || g.ThrottleReasonsSeen[0] != "sw_power_cap" ||
		*g.NewCorrectedErrors != 4 || *g.NewUncorrectedErrors != 0 || g.Xids == nil || len(g.Xids) > 0 ||
		*g.Before.Temperature.GPUCelsius != 61 || *g.After.Temperature.GPUCelsius != 77 {
		b, _ := json.MarshalIndent(g, "", "  ")
		t.Errorf("%s", b)
	}
}

// What goes wrong while gpu_burn calculates on two GPUs, and what becomes of them.
func TestVerdicts(t *testing.T) {
	const start = "progress " + some + " " + none + "; "
	const good = "watched; finish " + most3 + " " + none + " OK OK"
	pass, fail, not := Pass, Fail, NotComplete
	for name, c := range map[string]struct {
		script  string
		later   string
		options func(*Options)
		want    [2]Verdict
		kinds   [2]Kind
		stopped Kind
		say     string
	}{
		"wrong results": {start + "forever " + more2 + ` "0 - 3  (WARNING!)"`, "", nil,
			[2]Verdict{not, fail}, [2]Kind{OtherGPU, CalculationErrors}, CalculationErrors, "3 wrong results"},
		"faulty at the end": {start + "finish " + most3 + " " + none + " FAULTY OK", "", nil,
			[2]Verdict{fail, pass}, [2]Kind{CalculationErrors, ""}, "", "faulty"},
		"one died": {start + `forever "-1 (9000 Gflop/s) - 180 (8100 Gflop/s)" "-1  (DIED!)- 0"`, "", nil,
			[2]Verdict{fail, not}, [2]Kind{Died, OtherGPU}, Died, "could not go on"},
		"all died": {`echo "Couldn't init a GPU test: out of memory" >&2; progress "-1 (0 Gflop/s) - -1 (0 Gflop/s)" "-1  (DIED!)- -1  (DIED!)"; exit 123`, "", nil,
			[2]Verdict{fail, fail}, [2]Kind{Died, Died}, Died, "test: out of memory"},
		"too hot for itself": {start + "now later; forever " + some + " " + none, fakegpu.Answer(fakegpu.GPU(0), fakegpu.GPU(1, "61 C", "89 C")), nil,
			[2]Verdict{not, fail}, [2]Kind{OtherGPU, OverTemperature}, OverTemperature, "it reached 89 °C, its limit is 89 °C"},
		"too hot for the operator": {start + "now later; forever " + some + " " + none, fakegpu.Answer(fakegpu.GPU(0, "61 C", "71 C"), fakegpu.GPU(1)),
			func(o *Options) { o.MaxTemperature = 70 },
			[2]Verdict{fail, not}, [2]Kind{OverTemperature, OtherGPU}, OverTemperature, "its limit is 70 °C"},
		"hot, but below the limit": {start + "now later; " + good, fakegpu.Answer(fakegpu.GPU(0, "61 C", "88 C"), fakegpu.GPU(1)), nil,
			[2]Verdict{pass, pass}, [2]Kind{}, "", "88 °C, 300 W"},
		"ECC": {start + "now later; forever " + some + " " + none, fakegpu.Answer(fakegpu.GPU(0), fakegpu.GPU(1, "<sram_uncorrectable>0", "<sram_uncorrectable>1")), nil,
			[2]Verdict{not, fail}, [2]Kind{OtherGPU, UncorrectedECC}, UncorrectedECC, "1 new ECC error of"},
		"not listed any more": {start + "now later; " + good, fakegpu.Answer(fakegpu.GPU(1)), nil,
			[2]Verdict{fail, pass}, [2]Kind{Lost, ""}, "", "does not list it"},
		"lost, by its values": {start + "now later; " + good, fakegpu.Answer(fakegpu.GPU(0), fakegpu.GPU(1, "61 C", "GPU is lost", "300.50 W", "GPU is lost")), nil,
			[2]Verdict{pass, fail}, [2]Kind{"", Lost}, "", "GPU is lost"},
		"lost, the others not told of": {start + "now later; " + good, "echo 'Unable to determine the device handle for GPU0000:3B:00.0: GPU is lost.  Reboot the system'; exit 15", nil,
			[2]Verdict{pass, fail}, [2]Kind{"", Lost}, "", "Reboot the system"},
		"lost and worn at the end": {start + "now later; finish " + most3 + " " + none + " OK OK",
			fakegpu.Answer(fakegpu.GPU(0, "<dram_uncorrectable>2", "<dram_uncorrectable>3")), func(o *Options) { o.Interval = time.Hour },
			[2]Verdict{fail, fail}, [2]Kind{UncorrectedECC, Lost}, "", "does not list it"},
		"all lost": {start + "now later; " + good, "echo No devices were found; exit 6", nil,
			[2]Verdict{fail, fail}, [2]Kind{Lost, Lost}, "", "does not list it"},
		"nvidia-smi fails": {start + "now later; " + good, "echo oops >&2; exit 255", nil,
			[2]Verdict{pass, pass}, [2]Kind{}, "", "exited with status 255: oops"},
		"nvidia-smi hangs": {start + "now later; " + good, "trap '' TERM; sleep 300", func(o *Options) {
			o.limits.watch, o.limits.smi = 200*time.Millisecond, 300*time.Millisecond
		}, [2]Verdict{pass, pass}, [2]Kind{}, "", "time limit of 200ms"},
		"rubbish": {start + "now later; " + good, "echo '<nvidia_smi_log><gpu'", nil,
			[2]Verdict{pass, pass}, [2]Kind{}, "", "no GPU in nvidia-smi's XML"},
		"hung": {`trap "" TERM; ` + start + "forever " + some + " " + none, "", func(o *Options) { o.limits.hung = 200 * time.Millisecond },
			[2]Verdict{fail, fail}, [2]Kind{Hung, Hung}, Hung, "did not end within 200ms"},
		"Xids": {start + `printf '%s\n' "3,9,9,-;NVRM: Xid (PCI:0000:3B:00): 79, GPU has fallen off the bus." "3,9,9,-;NVRM: Xid (PCI:0000:3A:00): 45, Ch 1" >> kmsg; ` + good, "", nil,
			[2]Verdict{pass, fail}, [2]Kind{"", XidReported}, "", "Xid 79: GPU has fallen off the bus."},
		"no kernel log": {start + good, "", func(o *Options) { o.limits.kernelLog = "/no/such/file" },
			[2]Verdict{pass, pass}, [2]Kind{}, "", "PASS"},
		"crash": {start + "kill -SEGV $$; sleep 100", "", nil,
			[2]Verdict{not, not}, [2]Kind{EndedEarly, EndedEarly}, "", "segmentation fault"},
		"early end": {start + "finish " + most3 + " " + none + " OK OK", "", func(o *Options) { o.Time = time.Hour },
			[2]Verdict{not, not}, [2]Kind{EndedEarly, EndedEarly}, "", "ended too early"},
		"no result": {`finish "300 (9300 Gflop/s) - 0 (0 Gflop/s)" ` + none + " OK OK", "", nil,
			[2]Verdict{pass, not}, [2]Kind{"", NoResult}, "", "no result of it: it hangs"},
		"no result any more": {start + `sleep 1; finish "300 (9300 Gflop/s) - 90 (8000 Gflop/s)" ` + none + " OK OK", "", nil,
			[2]Verdict{pass, not}, [2]Kind{"", NoResult}, "", "no result of it in the last"},
		"fewer GPUs than asked for": {`forever "5 (6 Gflop/s)" 0`, "", nil,
			[2]Verdict{not, not}, [2]Kind{EndedEarly, EndedEarly}, EndedEarly, "1 GPU to"},
	} {
		t.Run(name, func(t *testing.T) {
			m := fakegpu.New(t, healthy, c.script)
			m.Write("later", c.later)
			r, err := run1(t, m, c.options)
			if err != nil {
				t.Fatal(err)
			}
			worst := Pass
			for i, g := range r.GPUs {
				var kind Kind
				if len(g.Reasons) > 0 {
					kind = g.Reasons[0].Kind
				}
				if g.Verdict != c.want[i] || kind != c.kinds[i] {
					t.Errorf("GPU %d: %s, %+v", i, g.Verdict, g.Reasons)
				}
				if (g.Xids == nil) != (name == "no kernel log") {
					t.Errorf("GPU %d: Xids %#v", i, g.Xids)
				}
				if g.Verdict == Fail || g.Verdict == NotComplete && worst == Pass {
					worst = g.Verdict
				}
			}
			var stopped Kind
			if r.Stopped != nil {
				stopped = r.Stopped.Kind
			}
			if r.Verdict != worst || stopped != c.stopped {
				t.Errorf("verdict %s, stopped %+v", r.Verdict, r.Stopped)
			}
			var text bytes.Buffer
			if err := r.WriteText(&text, terminal.Terminal{}); err != nil || !strings.Contains(text.String(), c.say) {
				t.Errorf("it does not say %q, error %v:\n%s", c.say, err, &text)
			}
		})
	}
}

func TestMargin(t *testing.T) {
	const slow, now = "<gpu_temp_slow_threshold>89 C</gpu_temp_slow_threshold>", "<gpu_temp_tlimit>40 C</gpu_temp_tlimit><gpu_temp_slow_tlimit_threshold>-2 C</gpu_temp_slow_tlimit_threshold>"
	m := fakegpu.New(t, fakegpu.Answer(fakegpu.GPU(0, slow, now)), `progress "5 (6 Gflop/s)" 0; now later; forever "5 (6 Gflop/s)" 0`)
	m.Write("later", fakegpu.Answer(fakegpu.GPU(0, slow, strings.Replace(now, "40 C", "-2 C", 1))))
	r, err := run1(t, m, nil)
	if err != nil || r.Verdict != Fail || r.Stopped.Kind != OverTemperature || !strings.Contains(r.Stopped.Message, "fell to -2 °C") || *r.GPUs[0].LimitMarginCelsius != -2 {
		t.Errorf("%+v, error %v", r, err)
	}
}

func TestInterrupt(t *testing.T) {
	m := fakegpu.New(t, healthy, "trap '' TERM; progress "+some+" "+none+"; echo > burning; forever "+some+" "+none)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for m.Read("called") == "" {
			time.Sleep(10 * time.Millisecond)
		}
		cancel()
	}()
	r, err := Run(ctx, Options{Time: time.Hour, Interval: time.Second, MemoryPercent: 90,
		limits: limits{smi: time.Minute, watch: time.Minute, hung: time.Minute, terminate: 100 * time.Millisecond, kill: time.Minute, trail: time.Minute}})
	if err != nil || r.Verdict != NotComplete || r.Stopped.Kind != Interrupted || r.GPUs[1].Reasons[0].Kind != Interrupted || r.GPUs[0].After == nil {
		t.Errorf("%+v, error %v", r, err)
	}
	r, err = Run(ctx, Options{Time: time.Hour, Interval: time.Second, MemoryPercent: 90})
	if err != nil || r.Verdict != NotComplete || r.Stopped.Kind != Interrupted || len(r.GPUs) != 0 {
		t.Errorf("before it began: %+v, error %v", r, err)
	}
}

// Where nothing can be burned in, the report says so, and the error what to do.
func TestNothing(t *testing.T) {
	for name, c := range map[string]struct {
		answer, script, remove, say string
	}{
		"no gpu_burn":   {healthy, "", "gpu_burn", "gpu_burn is not in PATH"},
		"no nvidia-smi": {healthy, "", "nvidia-smi", "nvidia-smi is not in PATH"},
		"no driver":     {"echo \"NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure\"; exit 9", "", "", "driver is not loaded"},
		"no library":    {"exit 12", "", "", "driver is not loaded"},
		"no GPU":        {"echo No devices were found; exit 6", "", "", "on the PCI bus there is none"},
		"none in XML":   {fakegpu.Answer(), "", "", "on the PCI bus there is none"},
		"hangs":         {"sleep 300", "", "", "time limit of 300ms"},
		"MIG":           {fakegpu.Answer(fakegpu.GPU(0, "Disabled", "Enabled")), "", "", "nvidia-smi -i 0 -mig 0"},
		"lost before":   {fakegpu.Answer(fakegpu.GPU(0, "GPU-0", "GPU is lost"), fakegpu.GPU(1)), "", "", "GPU 0 (0000:3a:00.0) cannot be burned in"},
		"unreachable": {"echo 'Unable to determine the device handle for GPU0000:3B:00.0: GPU is lost.'\n" + fakegpu.Answer(fakegpu.GPU(0)), "", "",
			"name the other GPUs with --gpus"},
		"no Fabric Manager": {healthy, "kill $children; echo 'Couldn'\\''t init CUDA: Error in \"init\" (gpu_burn-drv.cpp:110): system not yet initialized' >&2; exit 124", "",
			"system not yet initialized. On a machine with NVSwitches, CUDA waits for NVIDIA's Fabric Manager"},
		"no CUDA device": {healthy, "kill $children; echo 'No CUDA devices' >&2; exit 19", "", "No CUDA devices"},
	} {
		t.Run(name, func(t *testing.T) {
			m := fakegpu.New(t, c.answer, c.script)
			if c.remove != "" {
				m.Remove(c.remove)
			}
			r, err := run1(t, m, func(o *Options) {
				if name == "hangs" {
					o.limits.smi = 300 * time.Millisecond
				}
			})
			if !errors.As(err, new(NothingError)) || !strings.Contains(err.Error(), c.say) {
				t.Fatalf("error %v, want %q in it", err, c.say)
			}
			if r.Verdict != NotComplete || len(r.Errors) == 0 || r.Errors[len(r.Errors)-1].Message != err.Error() || (r.GPUBurn == nil) != (c.script == "") {
				t.Errorf("%+v", r)
			}
		})
	}
}

// GPUs of the PCI bus that the driver does not have are not burned in, and that is no PASS: but
// where others were named.
func TestMissingGPUs(t *testing.T) {
	begin := func(answer string, script string) *fakegpu.Machine {
		m := fakegpu.New(t, answer, script)
		for address, driver := range map[string]string{"0000:3a:00.0": "nvidia", "0000:3b:00.0": "nvidia", "0000:5d:00.0": "nvidia", "0000:d8:00.0": "vfio-pci", "0000:d9:00.0": ""} {
			m.OnBus(address, driver)
		}
		m.Write("kmsg", "6,1,1,-;nvidia 0000:3a:00.0: enabling device\n"+
			"3,2,2,-;NVRM: This PCI I/O region assigned to your NVIDIA device is invalid:\n"+
			"3,3,3,-;NVRM: BAR1 is 0M @ 0x0 (PCI:0000:5d:00.0)\n SUBSYSTEM=pci\n DEVICE=+pci:0000:5d:00.0\n"+
			"4,4,4,-;nvidia: probe of 0000:5d:00.0 failed with error -1\n"+
			"6,5,5,-;pci 0000:d9:00.0: BAR 1: no space for\n")
		return m
	}
	const good = "progress " + some + " " + none + "; watched; finish " + most3 + " " + none + " OK OK"
	r, err := run1(t, begin(healthy, good), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []MissingGPU{
		{PCIAddress: "0000:5d:00.0", Messages: []string{"NVRM: BAR1 is 0M @ 0x0 (PCI:0000:5d:00.0)", "nvidia: probe of 0000:5d:00.0 failed with error -1"}},
		{PCIAddress: "0000:d8:00.0", Driver: "vfio-pci"}, {PCIAddress: "0000:d9:00.0"},
	}
	if r.Verdict != NotComplete || r.GPUs[0].Verdict != Pass || r.GPUs[1].Verdict != Pass || !reflect.DeepEqual(r.MissingGPUs, want) {
		t.Errorf("%s, missing %+v, want %+v", r.Verdict, r.MissingGPUs, want)
	}
	var text bytes.Buffer
	if err := r.WriteText(&text, terminal.Terminal{}); err != nil {
		t.Error(err)
	}
	for _, say := range []string{
		"NOT COMPLETE: 2 GPUs passed, 3 GPUs that the driver does not have", "-> NVRM: BAR1 is 0M", "the driver vfio-pci has it", "does not say why",
	} {
		if !strings.Contains(text.String(), say) {
			t.Errorf("it does not say %q:\n%s", say, &text)
		}
	}

	r, err = run1(t, begin(healthy, good), func(o *Options) { o.GPUs = []string{"0", "1"} })
	if err != nil || r.Verdict != Pass || r.MissingGPUs != nil {
		t.Errorf("named: %v, %s, missing %+v", err, r.Verdict, r.MissingGPUs)
	}

	r, err = run1(t, begin("echo No devices were found; exit 6", ""), nil)
	if !errors.As(err, new(NothingError)) || len(r.MissingGPUs) != 5 || !strings.Contains(err.Error(), "0000:5d:00.0 (NVRM: BAR1 is 0M") || !strings.Contains(err.Error(), "0000:d9:00.0") {
		t.Errorf("no GPU: %v, missing %+v", err, r.MissingGPUs)
	}
}

// The words of progress are those of a person, and no time is beyond what was asked for.
func TestLine(t *testing.T) {
	gpu := []Reading{{Celsius: new(int64(61))}}
	for want, p := range map[string]Progress{
		"testing memory and links, 12 s: 1 GPU, 61 °C":  {Elapsed: 12 * time.Second, Stage: burnin.Testing, Now: gpu},
		"setting up, 12 s: 1 GPU, 61 °C":                {Elapsed: 12 * time.Second, Stage: burnin.SettingUp, Now: gpu},
		"burning, 34 s of 10 min: 1 GPU, 61 °C":         {Elapsed: time.Minute, Stage: burnin.Burning, Burning: 34 * time.Second, Now: gpu},
		"burning, 10 min of 10 min: 1 GPU, 61 °C":       {Elapsed: 11 * time.Minute, Stage: burnin.Burning, Burning: 604 * time.Second, Now: gpu},
		"ending: 1 GPU, 61 °C":                          {Elapsed: 11 * time.Minute, Stage: burnin.Ending, Burning: 640 * time.Second, Now: gpu},
		"burning, 1 min 4 s of 10 min: it was too slow": {Stage: burnin.Burning, Burning: 64 * time.Second, Err: errors.New("it was too slow")},
	} {
		if got := p.Line(10 * time.Minute); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestSelection(t *testing.T) {
	for names, want := range map[string]string{
		"0":                             "GPU-0",
		"2,0,2":                         "GPU-0,GPU-2",
		"gpu-1":                         "GPU-1",
		"0000:3b:00.0,00000000:3C:00.0": "GPU-1,GPU-2",
	} {
		m := fakegpu.New(t, fakegpu.Answer(fakegpu.GPU(0), fakegpu.GPU(1), fakegpu.GPU(2)), "exit 1")
		_, _ = run1(t, m, func(o *Options) { o.GPUs = strings.Split(names, ",") })
		if got := strings.Fields(m.Read("called"))[1]; got != want {
			t.Errorf("%s: %s, want %s", names, got, want)
		}
	}
	for _, name := range []string{"3", "-1", "", "GPU-9", "0000:3d:00.0", "all"} {
		m := fakegpu.New(t, healthy, "")
		r, err := run1(t, m, func(o *Options) { o.GPUs = []string{"0", name} })
		if !errors.As(err, new(SelectionError)) || !strings.Contains(err.Error(), "1  0000:3b:00.0  GPU-1  NVIDIA Test 9000") || r != nil || m.Read("called") != "" {
			t.Errorf("%q: error %v", name, err)
		}
	}
}

// Real answers of nvidia-smi have what a burn-in needs.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("BEE_CORPUS")
	if dir == "" {
		t.Skip("BEE_CORPUS is not set")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "nvidia-smi/xml/*.xml"))
	for _, file := range files {
		m := fakegpu.New(t, "cat "+file, "exit 1")
		r, err := run1(t, m, nil)
		if strings.Contains(file, "a100") { // which is divided into instances
			if !errors.As(err, new(NothingError)) || !strings.Contains(err.Error(), "-mig 0") {
				t.Errorf("%s: %v", file, err)
			}
			continue
		}
		if strings.Contains(file, "rtx-4000-sff-ada") { // which somebody calculates on
			if !errors.As(err, new(NothingError)) || !strings.Contains(err.Error(), "is in use by ") {
				t.Errorf("%s: %v", file, err)
			}
			continue
		}
		for _, g := range r.GPUs {
			if g.UUID == "" || g.PCIAddress == "" || g.LimitCelsius == nil && g.LimitMarginCelsius == nil && !strings.Contains(file, "gtx-1070-ti") {
				t.Errorf("%s: %+v", file, g)
			}
		}
		if len(r.GPUs) == 0 || !strings.HasPrefix(m.Read("called"), "PCI_BUS_ID GPU-") {
			t.Errorf("%s: %d GPUs, called %s", file, len(r.GPUs), m.Read("called"))
		}
	}
}
