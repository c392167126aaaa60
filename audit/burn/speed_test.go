package burn

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"bee/audit/report"
)

// The file of speeds that are known is as it says.
func TestSpeeds(t *testing.T) {
	known, err := readSpeeds(speeds)
	if err != nil || known[speedOf{"NVIDIA H100 80GB HBM3", "tensor"}] != 352000 {
		t.Errorf("%v, %v", known, err)
	}
	const head = "name,figure,speed,source\n"
	for _, bad := range []string{
		"A,single,0,x\n", "A,single,many,x\n", "A,half,1,x\n", "A,single,1,\n", "A,single,1\n", "A,single,1,x\nA,single,2,y\n",
	} {
		if known, err := readSpeeds([]byte(head + bad)); err == nil {
			t.Errorf("%q: %v", bad, known)
		}
	}
}

func TestCompareSpeeds(t *testing.T) {
	const h100 = "NVIDIA H100 80GB HBM3"
	gpus := func(name string, speeds ...float64) (all []Burned) {
		for _, s := range speeds {
			all = append(all, Burned{Name: name, Verdict: Pass, Gflops: &Gflops{Mean: s}})
		}
		return all
	}
	for name, c := range map[string]struct {
		options Options
		gpus    []Burned
		change  func([]Burned)
		want    []string // kind, GPU
	}{
		"alike":              {gpus: gpus("A", 100, 99, 101, 98)},
		"one slow":           {gpus: gpus("A", 100, 100, 96.9, 100), want: []string{"slower_than_others 2"}},
		"as much as may be":  {gpus: gpus("A", 100, 100, 97, 100)},
		"more may be":        {options: Options{SpeedTolerance: 5}, gpus: gpus("A", 100, 100, 96, 100)},
		"one of two":         {gpus: gpus("A", 100, 90), want: []string{"slower_than_others 1"}},
		"alone":              {gpus: gpus("A", 1)},
		"of different kinds": {gpus: append(gpus("A", 100, 100), gpus("B", 50)...)},
		"one has failed": {gpus: gpus("A", 100, 100, 10, 100), change: func(all []Burned) {
			all[2].Verdict = Fail
		}},
		"no speed":                 {gpus: gpus("A", 100, 100, 10), change: func(all []Burned) { all[2].Gflops = nil }},
		"as elsewhere":             {gpus: gpus(h100, 51500)},
		"a little slower":          {gpus: gpus(h100, 46300)},
		"much slower":              {gpus: gpus(h100, 46200), want: []string{"slower_than_expected 0"}},
		"all much slower":          {gpus: gpus(h100, 40000, 40000), want: []string{"slower_than_expected 0", "slower_than_expected 1"}},
		"slow on tensor cores":     {options: Options{TensorCores: true}, gpus: gpus(h100, 300000), want: []string{"slower_than_expected 0"}},
		"slow in double precision": {options: Options{Doubles: true}, gpus: gpus(h100, 46200), want: []string{"slower_than_expected 0"}},
	} {
		if c.options.SpeedTolerance == 0 {
			c.options.SpeedTolerance = 3
		}
		if c.change != nil {
			c.change(c.gpus)
		}
		r := &run{Options: c.options, Report: &Report{GPUs: c.gpus}}
		r.compareSpeeds()
		var got []string
		for i, g := range r.Report.GPUs {
			for _, w := range g.Warnings {
				got = append(got, string(w.Kind)+" "+string(rune('0'+i)))
			}
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// Memory and links are compared as the speed is.
func TestCompareLinks(t *testing.T) {
	gpus := func(change func([]Burned)) []Burned {
		var all []Burned
		for i := range 4 {
			g := Burned{Name: "A", PCIAddress: string(rune('0' + i)), Verdict: Pass,
				MemoryTest: &MemoryTest{BytesPerSecond: 3e12}, HostLink: &HostLink{ToGPUBytesPerSecond: 55e9, FromGPUBytesPerSecond: 54e9}}
			for other := range 4 {
				if other != i {
					g.Peers = append(g.Peers, Peer{string(rune('0' + other)), 390e9})
				}
			}
			all = append(all, g)
		}
		change(all)
		return all
	}
	for name, c := range map[string]struct {
		change   func([]Burned)
		switches bool
		want     []string // what is said, by GPU
	}{
		"alike":         {func([]Burned) {}, true, nil},
		"slow memory":   {func(all []Burned) { all[2].MemoryTest.BytesPerSecond = 2.9e12 }, false, []string{"2 its memory's 2900 GB/s are 3.3 % below the median of the 4 GPUs of its kind, 3000 GB/s"}},
		"half of lanes": {func(all []Burned) { all[1].HostLink.ToGPUBytesPerSecond = 27e9 }, false, []string{"1 its 27 GB/s from the host are 50.9 % below the median of the 4 GPUs of its kind, 55 GB/s"}},
		"a little less": {func(all []Burned) { all[1].HostLink.FromGPUBytesPerSecond = 50e9 }, false, nil},
		"a way behind switches": {func(all []Burned) { all[0].Peers[1].BytesPerSecond, all[2].Peers[0].BytesPerSecond = 300e9, 300e9 }, true, []string{
			"0 its 300 GB/s to GPU 2 are 23.1 % below the median of the 12 ways between GPUs, 390 GB/s", "2 its 300 GB/s to GPU 0 are 23.1 % below the median of the 12 ways between GPUs, 390 GB/s"}},
		"a way over two processors": {func(all []Burned) { all[0].Peers[1].BytesPerSecond, all[2].Peers[0].BytesPerSecond = 18e9, 18e9 }, false, nil},
		"one direction":             {func(all []Burned) { all[0].Peers[1].BytesPerSecond = 18e9 }, false, []string{"0 its 18 GB/s to GPU 2 are 95.4 % below the way back, 390 GB/s"}},
		"no way":                    {func(all []Burned) { all[0].Peers[1].BytesPerSecond = 0 }, false, nil},
		"a GPU that failed":         {func(all []Burned) { all[0].Peers[1].BytesPerSecond, all[0].Verdict = 18e9, Fail }, false, nil},
		"nothing known":             {func(all []Burned) { all[0].MemoryTest, all[0].HostLink, all[0].Peers = nil, nil, nil }, true, nil},
	} {
		root := t.TempDir()
		if c.switches {
			device := filepath.Join(root, "sys/bus/pci/devices/0000:83:00.0")
			if err := os.MkdirAll(device, 0o755); err != nil {
				t.Fatal(err)
			}
			for file, text := range map[string]string{"vendor": "0x10de\n", "class": "0x068000\n"} {
				if err := os.WriteFile(filepath.Join(device, file), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
		r := &run{Options: Options{SpeedTolerance: 3, limits: limits{root: root}}, Report: &Report{GPUs: gpus(c.change)}}
		r.compareSpeeds()
		var got []string
		for i, g := range r.Report.GPUs {
			for _, w := range g.Warnings {
				got = append(got, fmt.Sprintf("%d %s", i, w.Message))
			}
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// What may be behind it stands beside it.
func TestSlowness(t *testing.T) {
	g := Burned{ThrottleReasonsSeen: []string{"hw_thermal_slowdown"}, PCIeWidthLanes: &Range{Min: 4, Max: 16}, Before: report.GPU{
		Power: &report.GPUPower{LimitWatts: new(300.0), DefaultLimitWatts: new(700.0)}, PCIe: &report.GPULink{MaxWidthLanes: new(uint64(16))},
	}}
	want := "slowed by hw_thermal_slowdown; power limit 300 W, by default 700 W; PCIe link of 4 lanes in the burn-in, it can have 16"
	if got := strings.Join(g.slowness(), "; "); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	g.Before.Power.LimitWatts, g.PCIeWidthLanes.Min, g.ThrottleReasonsSeen = new(700.0), 16, nil
	if got := g.slowness(); got != nil {
		t.Errorf("of a GPU that nothing slows: %q", got)
	}
}
