package metrics

import (
	"bytes"
	"flag"
	"math"
	"os"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"bee/audit/report"
	"bee/audit/report/sample"
	"bee/core/hostile"
)

var update = flag.Bool("update", false, "write what comes out as what is wanted")

func text(t *testing.T, r *report.Report) string {
	t.Helper()
	var b strings.Builder
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// read has the text read by Prometheus' own parser.
func read(t *testing.T, text string) map[string]*dto.MetricFamily {
	t.Helper()
	var parser expfmt.TextParser
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v\n%.2000s", err, text)
	}
	return families
}

// value is that of the only sample that has the labels, written as in the text, among others.
func value(t *testing.T, families map[string]*dto.MetricFamily, name string, labels map[string]string) float64 {
	t.Helper()
	found, n := math.NaN(), 0
	for _, m := range families[name].GetMetric() {
		has := 0
		for _, l := range m.GetLabel() {
			if want, asked := labels[l.GetName()]; asked && want == l.GetValue() {
				has++
			}
		}
		if has == len(labels) {
			n++
			found = m.GetGauge().GetValue() + m.GetUntyped().GetValue()
		}
	}
	if n != 1 {
		t.Errorf("%s%v: %d samples", name, labels, n)
	}
	return found
}

func TestGolden(t *testing.T) {
	got := text(t, server())
	const path = "testdata/server.txt"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("go test ./show/metrics -update shows the difference; got:\n%s", got)
	}
}

// server is one with something of each kind.
func server() *report.Report {
	r := sample.Server()
	r.Storage.Drives, r.Memory.Slots = append(r.Storage.Drives[30:32:32], r.Storage.Drives[60:]...), r.Memory.Slots[:5]
	r.Storage.Drives[2].NVMe.Health = &report.NVMeHealth{AvailableSparePercent: new(uint64(97)), WrittenBytes: new(uint64(1 << 40))}
	r.Storage.Drives[2].SMART.MediaErrors, r.Storage.Drives[0].SMART.PendingDefects = new(uint64(5)), new(uint64(2))
	r.NVIDIA.GPUs = r.NVIDIA.GPUs[:2]
	g := &r.NVIDIA.GPUs[1]
	g.Temperature.MemoryCelsius, g.Power.LimitWatts = new(int64(51)), new(700.0)
	g.PCIe = &report.GPULink{WidthLanes: new(uint64(8)), MaxWidthLanes: new(uint64(16))}
	g.ECC = &report.GPUECC{AggregateCorrected: new(uint64(12)), AggregateUncorrected: new(uint64(1)), VolatileUncorrected: new(uint64(7))}
	g.RemappedRows, g.RetiredPages = &report.RemappedRows{Corrected: new(uint64(1)), Uncorrected: new(uint64(2))}, &report.RetiredPages{SingleBit: new(uint64(3)), DoubleBit: new(uint64(4))}
	g.NVLinkErrors = []report.NVLinkErrors{{Link: 0, Name: "CRC Errors", Count: 3}, {Link: 1, Name: "CRC Errors", Count: 4}, {Link: 0, Name: "Replay Errors"}}
	r.PCIe.Devices = append(r.PCIe.Devices[:5:5], report.PCIDevice{Address: "0000:00:01.0", ClassID: "0604", Link: &report.PCIeLink{WidthLanes: 4}})
	r.PCIe.Devices[1].Link.UpstreamMaxWidthLanes = 8
	r.Network.Interfaces = append(r.Network.Interfaces[1:3:3], report.Interface{Name: "eth0v0", VirtualFunctionOf: "0000:21:00.0"})
	r.Network.Interfaces[0].Counters = &report.InterfaceCounters{RXErrors: 412, TXErrors: 3}
	r.Network.Interfaces[0].Module = &report.Module{TemperatureCelsius: new(38.42)}
	r.Kernel = &report.Kernel{
		MemoryErrors: []report.MemoryErrors{{Label: `P1 "A1"`, Place: "mc0/dimm0", Corrected: 12, Uncorrected: 1}},
		PCIeErrors:   []report.PCIeErrors{{Address: "0000:65:00.0", Corrected: 1207, NonFatal: 2, Fatal: 1}},
		Throttling:   []report.Throttling{{PackageID: 1, PackageEvents: 9}},
	}
	r.BMC = &report.BMC{EventLog: &report.BMCEventLog{Entries: 4}, Sensors: []report.BMCSensor{
		{Name: "Temp", Value: new(41.5), Unit: "celsius"}, {Name: "Temp", Value: new(44.0), Unit: "celsius"}, {Name: "FAN3", Unit: "rpm"},
	}}
	return r
}

// Prometheus reads what was meant.
func TestRead(t *testing.T) {
	got := text(t, server())
	if !strings.HasSuffix(got, "\n# EOF\n") {
		t.Errorf("the end is %q", got[max(0, len(got)-40):])
	}
	families := read(t, got)
	for _, c := range []struct {
		name   string
		labels map[string]string
		want   float64
	}{
		{"bee_machine_info", map[string]string{"serial_number": "S937425X4C19233", "hostname": "bee"}, 1},
		{"bee_findings", map[string]string{"section": "storage", "severity": "critical"}, 1},
		{"bee_findings", map[string]string{"section": "cpu", "severity": "critical"}, 0},
		{"bee_section_examined", map[string]string{"section": "psu"}, 0},
		{"bee_section_examined", map[string]string{"section": "cpu"}, 1},
		{"bee_audit_start_time_seconds", nil, float64(sample.Start.Unix())},
		{"bee_processors", nil, 2},
		{"bee_memory_modules", nil, 4},
		{"bee_memory_bytes", nil, 256 << 30},
		{"bee_memory_errors_total", map[string]string{"module": `P1 "A1"`, "kind": "uncorrected"}, 1},
		{"bee_drive_smart_passed", map[string]string{"drive": "/dev/sdaf"}, 0},
		{"bee_drive_wear_ratio", map[string]string{"drive": "/dev/nvme0n1"}, 0.03},
		{"bee_drive_spare_ratio", map[string]string{"drive": "/dev/nvme0n1"}, 0.97},
		{"bee_drive_power_on_seconds_total", map[string]string{"drive": "/dev/nvme0n1"}, 900 * 3600},
		{"bee_gpus", map[string]string{"state": "missing"}, 1},
		{"bee_gpu_ecc_errors_total", map[string]string{"kind": "uncorrected"}, 1},
		{"bee_gpu_nvlink_errors_total", map[string]string{"kind": "CRC Errors"}, 7},
		{"bee_pcie_link_max_width_lanes", map[string]string{"address": "0000:19:00.0"}, 8},
		{"bee_network_errors_total", map[string]string{"direction": "receive"}, 412},
		{"bee_power_supply_state", map[string]string{"state": "no_input"}, 1},
		// two sensors of one name
		{"bee_bmc_sensor", map[string]string{"sensor": "Temp", "number": "2"}, 44},
	} {
		if got := value(t, families, c.name, c.labels); got != c.want {
			t.Errorf("%s%v is %v, want %v", c.name, c.labels, got, c.want)
		}
	}
	if n := len(families["bee_network_link"].GetMetric()); n != 2 {
		t.Errorf("%d interfaces with hardware of their own", n)
	}
}

// What is not known has no sample: of an old report no findings are none.
func TestUnknown(t *testing.T) {
	got := text(t, &report.Report{})
	for _, not := range []string{"bee_findings", "bee_section_examined", "bee_memory", "bee_drive", "bee_gpu", "time_seconds"} {
		if strings.Contains(got, not) {
			t.Errorf("%s of a report that holds nothing:\n%s", not, got)
		}
	}
	read(t, got)
}

// Whatever a report holds, there are as many samples as were meant, each of its own.
func TestHostile(t *testing.T) {
	samples := func(families map[string]*dto.MetricFamily) (n int) {
		seen := map[string]bool{}
		for name, f := range families {
			for _, m := range f.GetMetric() {
				n++
				key := name
				for _, l := range m.GetLabel() {
					key += "\x00" + l.GetName() + "\x00" + l.GetValue()
				}
				if seen[key] {
					t.Errorf("%q twice", key)
				}
				seen[key] = true
			}
		}
		return n
	}
	small := server()
	want := samples(read(t, text(t, small)))
	for _, s := range hostile.Strings {
		document := hostile.Documents(*small, s)[0]
		// What decides how a report is read stays.
		at := bytes.Index(document, []byte(`,"audit":`))
		document = append([]byte(`{"schema_version":"`+report.SchemaVersion+`"`), document[at:]...)
		r, err := report.Decode(document, "report")
		if err != nil {
			t.Fatal(err)
		}
		got := text(t, r)
		if found := hostile.Unprintable(got); found != "" {
			t.Errorf("%.80q: %s", s, found)
		}
		// Where all have one name, sections and kinds of errors are fewer.
		if n := samples(read(t, got)); n > want || n < want/2 {
			t.Errorf("%.80q: %d samples, want %d", s, n, want)
		}
	}
}

// Prometheus reads what comes of any report.
func FuzzWrite(f *testing.F) {
	f.Add([]byte(`{"schema_version": "1.0", "collectors": [], "findings": [{"section": "\"", "severity": "\\\n"}], "psu": {"supplies": [{"name": "a"}, {"name": "a"}]}}`))
	f.Add([]byte(`{"schema_version": "1.0", "collectors": [], "bmc": {"sensors": [{"name": "a", "value": 1e308}, {"name": "a", "value": -0}]}, "kernel": {"memory_errors": [{"place": "mc0"}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := report.Decode(data, "report")
		if err != nil {
			return
		}
		got := text(t, r)
		if found := hostile.Unprintable(got); found != "" {
			t.Error(found)
		}
		samples := 0
		for line := range strings.Lines(got) {
			if !strings.HasPrefix(line, "#") {
				samples++
			}
		}
		for _, family := range read(t, got) {
			samples -= len(family.GetMetric())
		}
		if samples != 0 {
			t.Errorf("%d samples are not read:\n%s", samples, got)
		}
	})
}
