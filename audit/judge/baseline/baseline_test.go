package baseline

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"bee/audit/judge/compare"
	"bee/audit/report"
)

func pointer[T any](v T) *T { return &v }

func server() *report.Report {
	r := &report.Report{
		SchemaVersion: report.SchemaVersion,
		Board: &report.Board{
			BIOS:   &report.BIOS{Vendor: "ACME BIOS", Version: "1.10"},
			System: &report.System{Manufacturer: "ACME", ProductName: "Server 1", SerialNumber: "77"},
		},
		CPU: &report.CPU{Sockets: []report.Socket{
			{Populated: true, Designation: "CPU0", Version: "ACME(R) Fast  9480+ [x]", Cores: 64},
			{Populated: true, Designation: "CPU1", Version: "ACME(R) Fast  9480+ [x]", Cores: 64},
			{Designation: "CPU2"},
		}},
		Memory: &report.Memory{}, Storage: &report.Storage{}, PSU: &report.PSU{},
		Network: &report.Network{}, PCIe: &report.PCIe{Devices: []report.PCIDevice{{VendorID: "1a03", DeviceID: "2000"}}},
		NVIDIA: &report.NVIDIA{GPUs: []report.GPU{
			{PCIAddress: "0000:17:00.0", Name: "NVIDIA H100 80GB HBM3", VBIOSVersion: "96.00", MemoryTotalBytes: 81559 << 20, ECC: &report.GPUECC{Enabled: pointer(true)}},
		}},
		Findings: []report.Finding{{Rule: "link-down", Severity: report.Info, Message: "no link"}},
	}
	for i := range 4 {
		r.Memory.Slots = append(r.Memory.Slots, report.MemorySlot{
			Locator: fmt.Sprint("D", i), Populated: true, SizeBytes: 64 << 30, Type: "DDR5", PartNumber: "M321R8GA0BB0-CQK", SpeedMTs: 4800, ConfiguredSpeedMTs: 4800,
		})
		r.Storage.Drives = append(r.Storage.Drives, report.Drive{
			Path: fmt.Sprintf("/dev/nvme%dn1", i), Model: "SAMSUNG MZQL23T8HCLS-00A07", FirmwareVersion: "GDC5602Q", SizeBytes: 3840755982336, Transport: "nvme",
		})
	}
	r.Storage.Drives = append(r.Storage.Drives,
		report.Drive{Path: "/dev/sda", Model: "Micron 5300", SizeBytes: 480103981056, Transport: "sata"},
		report.Drive{Path: "/dev/sdz", Model: "Stick", SizeBytes: 8e9, Transport: "usb", Removable: true})
	for i := range 2 {
		address := fmt.Sprintf("0000:31:00.%d", i)
		r.PCIe.Devices = append(r.PCIe.Devices, report.PCIDevice{Address: address, VendorID: "8086", DeviceID: "1592", Vendor: "Intel Corporation", Device: "Ethernet Controller E810-C"})
		r.Network.Interfaces = append(r.Network.Interfaces, report.Interface{
			Name: fmt.Sprint("eth", i), BusAddress: address, Driver: "ice", FirmwareVersion: "4.40 0x8001", MaxSpeedMbps: 100000, Link: pointer(i == 0), SpeedMbps: []uint64{25000, 0}[i],
		})
		r.PSU.Supplies = append(r.PSU.Supplies, report.PowerSupply{Name: fmt.Sprint("PSU", i), Model: "PWS-1K62", MaxWatts: 1600, State: "ok"})
	}
	return r
}

// lines are what a comparison found, each in a line.
func lines(c *compare.Comparison) []string {
	var all []string
	for _, d := range c.Differences {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s (%s) %s: %v -> %v %s", d.Kind, d.Component, d.What, d.Expected, d.Got, strings.Join(d.Where, " "))))
	}
	for _, u := range c.NotCompared {
		all = append(all, strings.TrimSpace(fmt.Sprintf("? %s %s %s %s", u.Section, u.Kind, u.What, u.Side)))
	}
	return all
}

func TestCompare(t *testing.T) {
	for text, want := range map[string][]string{
		// Met.
		`{system: {product_name: server 1, manufacturer: "AC*"}, bios: {version: 1.10}}`:                                                             nil,
		`processors: [{count: 2, model: "acme(r) fast 9480+ [x]", cores: 64}]`:                                                                       nil,
		`processors: [{model: "*9480*"}]`:                                                                                                            nil,
		`memory: {total: 256 GiB, slots: 4}`:                                                                                                         nil,
		`memory: {total: 0.25 TB}`:                                                                                                                   nil,
		`memory_modules: [{count: 4, size: 64GB, part_number: "M321*", speed_mts: 4800+, type: ddr5}]`:                                               nil,
		`drives: [{count: 4, size: 3.84 TB}, {count: 1, size: 480 GB}]`:                                                                              nil,
		`drives: [{count: 4, size: 3.5 TiB, firmware_version: [GDC5502Q, GDC5602Q]}, {count: 0+}]`:                                                   nil,
		`drives: [{count: 4+, size: 3840755982336 B}, {size: 400 GB+}]`:                                                                              nil,
		`gpus: [{count: 1, memory_total: 80 GB, ecc_enabled: true}]`:                                                                                 nil,
		`network_interfaces: [{count: 1, link: true, speed_mbps: 25000}, {count: 1, link: false, speed_mbps: 0, device_id: 1592, device: "*E810*"}]`: nil,
		`power_supplies: [{count: 2, max_watts: 1600, state: ok}]`:                                                                                   nil,
		`pci_devices: [{count: 2, vendor_id: 8086, device_id: 1592}]`:                                                                                nil,
		`worst_finding: info`:      nil,
		`"drives": [{"count": 5}]`: nil,
		// Every part counts once, for whichever group leaves none short.
		`drives: [{count: 4}, {count: 1, transport: nvme}]`:                              nil,
		`drives: [{count: 1}, {count: 3, transport: nvme}, {count: 1, model: SAMSUNG*}]`: nil,
		`drives: [{count: 0+}, {count: 4, transport: nvme}]`:                             nil,
		`drives: [{count: 1+}, {count: 4, transport: nvme}]`:                             nil,

		// Not met.
		`{system: {product_name: Server 2}, bios: {version: 1.1}}`: {
			"system () product_name: Server 2 -> Server 1", "bios () version: 1.1 -> 1.10"},
		`processors: [{count: 4, model: "*9480*"}]`:   {"processor (*9480*) count: 4 -> 2"},
		`processors: [{count: 2, cores_enabled: 64}]`: {"? cpu processor cores_enabled got"},
		`memory: {total: 512 GiB, slots: 8, error_correction: "*ECC"}`: {
			"memory () total_bytes: 512 GiB -> 2.74877906944e+11 ", "memory () slots: 8 -> 4", "? memory memory error_correction got"},
		`memory_modules: [{count: 4, size: 64 GiB, configured_speed_mts: 5600}]`: {
			"module (64 GiB) configured_speed_mts: 5600 -> 4800 D0 D1 D2 D3"},
		`memory_modules: [{count: 4, part_number: HMC*}]`: {
			"module (HMC*) count: 4 -> 0", "module (M321R8GA0BB0-CQK 64 GiB DDR5) count: 0 -> 4 D0 D1 D2 D3"},
		`drives: [{count: 8, model: SAMSUNG*, size: 3.84 TB}, {count: 1}]`:                 {"drive (SAMSUNG*, 3.84 TB) count: 8 -> 4"},
		`drives: [{count: 3, model: SAMSUNG*, size: 3.84 TB}, {count: 1, model: Micron*}]`: {"drive (SAMSUNG*, 3.84 TB) count: 3 -> 4"},
		`drives: [{count: 4, model: SAMSUNG*, size: 7.68 TB, firmware_version: GDC5702Q}, {transport: sata}]`: {
			"drive (SAMSUNG*, GDC5702Q, 7.68 TB) firmware_version: GDC5702Q -> GDC5602Q /dev/nvme0n1 /dev/nvme1n1 /dev/nvme2n1 /dev/nvme3n1",
			"drive (SAMSUNG*, GDC5702Q, 7.68 TB) size_bytes: 7.68 TB -> 3.840755982336e+12 /dev/nvme0n1 /dev/nvme1n1 /dev/nvme2n1 /dev/nvme3n1"},
		`drives: [{count: 4, model: SAMSUNG*}]`:                     {"drive (Micron 5300 480 GB sata) count: 0 -> 1 /dev/sda"},
		`drives: [{count: 4, size: 4 TB}, {count: 1, model: Mic*}]`: {"drive (4 TB) size_bytes: 4 TB -> 3.840755982336e+12 /dev/nvme0n1 /dev/nvme1n1 /dev/nvme2n1 /dev/nvme3n1"},
		`gpus: []`: {"gpu (NVIDIA H100 80GB HBM3) count: 0 -> 1 0000:17:00.0"},
		`gpus: [{count: 8, name: NVIDIA H100*, vbios_version: "97.*", memory_total: 94 GB, ecc_enabled: false}]`: {
			"gpu (NVIDIA H100*, 97.*, 94 GB) count: 8 -> 1",
			"gpu (NVIDIA H100*, 97.*, 94 GB) vbios_version: 97.* -> 96.00 0000:17:00.0",
			"gpu (NVIDIA H100*, 97.*, 94 GB) memory_total_bytes: 94 GB -> 8.5520809984e+10 0000:17:00.0",
			"gpu (NVIDIA H100*, 97.*, 94 GB) ecc_enabled: false -> true 0000:17:00.0"},
		`network_interfaces: [{count: 2, driver: mlx5_core, link: true, max_speed_mbps: 200000+}]`: {
			"interface (mlx5_core) driver: mlx5_core -> ice eth0 eth1",
			"interface (mlx5_core) max_speed_mbps: 200000+ -> 100000 eth0 eth1",
			"interface (mlx5_core) link: true -> false eth1"},
		`power_supplies: [{count: 2, state: no_input, max_watts: 2000}]`: {
			"power_supply (no_input) max_watts: 2000 -> 1600 PSU0 PSU1", "power_supply (no_input) state: no_input -> ok PSU0 PSU1"},
		`pci_devices: [{count: 1, vendor_id: 8086}, {vendor_id: 10de}]`: {
			"pci_device (8086) count: 1 -> 2", "pci_device (10de) count: 1+ -> 0"},
		`worst_finding: none`: {"finding (no link) count: 0 -> 1"},
	} {
		b, err := Parse("order.yaml", []byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for i := range want {
			want[i] = strings.TrimSpace(want[i])
		}
		c := b.Compare("order.yaml", "report.json", server())
		if got := lines(c); !slices.Equal(got, want) || c.Same != (want == nil) {
			t.Errorf("%s: same %v\n  %s\nwant\n  %s", text, c.Same, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
	}
}

// A section that the report lacks is not known, which is no pass.
func TestSectionMissing(t *testing.T) {
	b, err := Parse("order.yaml", []byte("{gpus: [{count: 8}], worst_finding: warning, system: {product_name: x}}"))
	if err != nil {
		t.Fatal(err)
	}
	c := b.Compare("order.yaml", "report.json", &report.Report{})
	if got := lines(c); c.Same || !slices.Equal(got, []string{"? board   got", "? nvidia   got", "? findings   got"}) {
		t.Errorf("same %v: %q", c.Same, got)
	}
}

// What is sold as the left has the size on the right.
func TestSizes(t *testing.T) {
	for _, c := range []struct {
		limit limit
		text  string
		good  []float64
		bad   []float64
	}{
		{new(DriveSize), "3.84 TB", []float64{3840755982336, 3.84e12}, []float64{4000787030016, 3.2e12, 3.84 * (1 << 40)}},
		{new(DriveSize), "480 GB", []float64{480103981056}, []float64{500107862016, 512110190592}},
		{new(DriveSize), "1.2 TB", []float64{1200243695616}, []float64{1e12}},
		{new(DriveSize), "146 GB", []float64{146815733760}, []float64{160041885696}},
		{new(DriveSize), "512 MiB", []float64{512 << 20}, []float64{512e6}},
		{new(DriveSize), "1000 B", []float64{1000}, []float64{1001}},
		{new(DriveSize), "1 TB+", []float64{1000204886016, 8e12}, []float64{960197124096}},
		{new(MemorySize), "64 GB", []float64{64 << 30}, []float64{64e9, 64<<30 + 1}},
		{new(MemorySize), "1.5 TiB", []float64{1536 << 30}, []float64{1024 << 30}},
		{new(GPUSize), "80 GB", []float64{81559 << 20, 81920 << 20}, []float64{40960 << 20, 97871 << 20}},
		{new(GPUSize), "16 GB", []float64{15360 << 20, 16384 << 20}, []float64{24 << 30, 12 << 30}},
		{new(GPUSize), "48 GB", []float64{46068 << 20, 49140 << 20}, []float64{40960 << 20}},
		{new(GPUSize), "24 GiB", []float64{24564 << 20}, []float64{23028 << 20}},
	} {
		if err := c.limit.parse(c.text); err != nil {
			t.Error(err)
		}
		for _, v := range c.good {
			if !c.limit.accepts(v) {
				t.Errorf("%T %s does not accept %.0f", c.limit, c.text, v)
			}
		}
		for _, v := range append(c.bad, 0) {
			if c.limit.accepts(v) {
				t.Errorf("%T %s accepts %.0f", c.limit, c.text, v)
			}
		}
	}
	for _, text := range []string{"", "GB", "64", "64 Gb/s", "-1 GB", "3,84 TB", "1e3 GB", "NaN GB", "3.8.4 TB", "64 GB GB", "+"} {
		if err := new(DriveSize).parse(text); err == nil {
			t.Errorf("%q is read as a size", text)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"A", "a", true}, {"a", "ab", false}, {"a*", "ab", true}, {"*b", "ab", true}, {"*b*", "abc", true}, {"a*c", "abbc", true}, {"a*c", "abcd", false},
		{"a?c", "abc", true}, {"a?c", "ac", false}, {"*", "", true}, {"?", "ü", true}, {"a*b*c", "a-b-b-c", true}, {"**", "x", true},
		{"KF/16G [x]*", "KF/16G [x].", true}, {"a.c", "abc", false}, {"*ab", "aab", true}, {"a  b ", "a b", true}, {"*1.2", "1.1.2", true},
	} {
		var text Text
		_ = text.parse(c.pattern)
		if got := text.accepts(c.text); got != c.want {
			t.Errorf("%q matches %q: %v", c.pattern, c.text, got)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                  {"order.yaml: it asks for nothing; it may hold system, bios"},
		"---\n":                             {"order.yaml: it asks for nothing; it may hold system, bios"},
		"# memory:\n":                       {"order.yaml: it asks for nothing; it may hold system, bios"},
		"null":                              {"order.yaml: it asks for nothing; it may hold system, bios"},
		"{}":                                {"order.yaml: it asks for nothing; it may hold system, bios"},
		"worst_finding: info\nbios: {}":     {"order.yaml:2: bios: asks for nothing: leave it out, or give it some of: vendor, version"},
		"- a":                               {"order.yaml:1: want some of: system, bios"},
		"drive: []":                         {"order.yaml:1: drive: no such key; there are: system, bios, bmc, platform, processors"},
		"drives: {count: 2}":                {"order.yaml:1: drives: want a list, each with some of: count, model"},
		"drives:":                           {"drives: is empty"},
		"drives: [[]]":                      {"drives[0]: want some of: count, model"},
		"drives: [5]":                       {"drives[0]: want some of: count, model"},
		"bios: {version: [[1]]}":            {"bios.version[0]: want one value"},
		"bios: {version: {a: b}}":           {"bios.version: want one value"},
		"bios: {version: []}":               {"bios.version: want one value"},
		"bios: {version: ''}":               {"bios.version: it is empty"},
		"bios: {version: ~}":                {"bios.version: is empty"},
		"bios: {version: a, version: b}":    {"order.yaml", "version"},
		"bios: &b {version: a}\nsystem: *b": {"order.yaml:2: system: aliases"},
		"drives:\n- count: two\n- {count: 1, modle: x, size: big}\n": {
			`order.yaml:2: drives[0].count: "two" is not a number`, "order.yaml:3: drives[1].modle: no such key; there are: count, model, vendor",
			`order.yaml:3: drives[1].size: "big" is not a size, such as`},
		"drives: [{count: 1.5}]":              {"not a whole number"},
		"drives: [{count: 99999}]":            {"not a whole number up to 10000"},
		"drives: [{count: -1}]":               {"not a number"},
		"drives: [{rotational: perhaps}]":     {`"perhaps" is neither true nor false`},
		"worst_finding: fatal":                {"none, info, warning, critical"},
		"bios: {version: a}\n---\nsystem: {}": {"order.yaml:2: a second document begins here"},
		"bios: {version: a}\n---\n":           {"order.yaml:2: a second document begins here"},
		"bios: {version: a}\n...\n]\n":        {"order.yaml:3: no YAML: "},
		"\tx":                                 {"order.yaml:1: no YAML: found character that cannot start any token; look at the indentation"},
		"{\"bios\": ":                         {"order.yaml:2: no YAML: "},
		"\x00":                                {"order.yaml: no YAML: control characters are not allowed"},
		// Indented wrongly.
		"bios:\n  vendor: a\n   version: b\n":                  {"order.yaml:3: no YAML: "},
		"drives:\n- {count: 2}\n  model: x\n":                  {"order.yaml:3: no YAML: "},
		"drives:\n  - count: 2\n    model: x\n   size: 1 TB\n": {"order.yaml:4: no YAML: "},
		"bios:\nversion: a\n":                                  {"order.yaml:1: bios: is empty", "order.yaml:2: version: no such key"},
	} {
		b, err := Parse("order.yaml", []byte(text))
		if err == nil {
			t.Errorf("%q is read: %+v", text, b)
			continue
		}
		for _, s := range want {
			if !strings.Contains(err.Error(), s) {
				t.Errorf("%q: error %q, want one with %q", text, err, s)
			}
		}
	}
}

// A machine meets the baseline that is made of it, also after that was written
// and read.
func TestOf(t *testing.T) {
	r := server()
	text, err := yaml.Dump(Of(r))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Parse("of.yaml", text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if c := b.Compare("of.yaml", "report.json", r); !c.Same {
		t.Errorf("differs:\n%s\nfrom\n%s", strings.Join(lines(c), "\n"), text)
	}
	for _, want := range []string{"size: 3.84 TB", "total: 256 GiB", "count: 4", "version: '1.10'", "memory_total: 79.6 GiB"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	r.Storage.Drives = nil
	if text, _ = yaml.Dump(Of(r)); !strings.Contains(string(text), "drives: []") {
		t.Errorf("no empty list of drives in\n%s", text)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"system: {product_name: [a, 'b*']}", "drives: [{count: 2+, size: 3.84 TB, rotational: false}, {}]", "worst_finding: info",
		"memory: {total: 1.5 TiB, slots: 32}\nmemory_modules:\n  - size: 64 GB\n    speed_mts: 4800\n", `{"gpus": [{"memory_total": "80 GB+"}]}`,
		"pci_devices: []", "bios: &a {version: *a}", "processors: [{max_speed_mhz: 0.5}]",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b, err := Parse("file", []byte(text))
		if err != nil {
			if !strings.Contains(err.Error(), "file") {
				t.Errorf("error %q does not name the file", err)
			}
			return
		}
		// What is read is written, and read as the same.
		first, err := yaml.Dump(b)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse("file", first)
		if err != nil {
			t.Fatalf("%v in\n%s", err, first)
		}
		if second, err := yaml.Dump(again); err != nil || string(second) != string(first) {
			t.Errorf("first\n%ssecond\n%s%v", first, second, err)
		}
		if x, y := b.Compare("", "", server()), again.Compare("", "", server()); !slices.Equal(lines(x), lines(y)) {
			t.Errorf("%q\n%q", lines(x), lines(y))
		}
	})
}

// Any machine meets the baseline that is made of it, whatever its parts are
// called and however large they are.
func FuzzOf(f *testing.F) {
	f.Add("SAMSUNG MZQL23T8HCLS-00A07", "1.10", uint64(3840755982336))
	f.Add("null", "*?\\x1b", uint64(999_600_000_000))
	f.Add("- a: [b", "~", uint64(1<<53+1))
	f.Fuzz(func(t *testing.T, name, version string, bytes uint64) {
		r := server()
		name, version = strings.ToValidUTF8(name, "?"), strings.ToValidUTF8(version, "?")
		r.Storage.Drives[0] = report.Drive{Model: name, FirmwareVersion: version, SizeBytes: bytes}
		r.Memory.Slots[0] = report.MemorySlot{Populated: true, PartNumber: name, Manufacturer: version, SizeBytes: bytes, Ranks: bytes}
		r.NVIDIA.GPUs[0].MemoryTotalBytes, r.NVIDIA.GPUs[0].Name = bytes, name
		text, err := yaml.Dump(Of(r))
		if err != nil {
			t.Fatal(err)
		}
		b, err := Parse("of", text)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if c := b.Compare("of", "r", r); !c.Same {
			t.Errorf("differs:\n%s\nfrom\n%s", strings.Join(lines(c), "\n"), text)
		}
	})
}
