package page

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"bee/audit/report"
	"bee/audit/report/sample"
)

// write makes the page of a report and checks what holds for every page.
func write(t *testing.T, r *report.Report) (string, *html.Node) {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	balanced(t, b.String())
	doc, err := html.Parse(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	ids, links := map[string]bool{}, []string{}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if !slices.Contains(elements, n.Data) {
			t.Errorf("element %s", n.Data)
		}
		for _, a := range n.Attr {
			switch {
			case !slices.Contains(attributes, a.Key):
				t.Errorf("attribute %s of %s", a.Key, n.Data)
			case a.Key == "id" && ids[a.Val]:
				t.Errorf("two elements have the id %s", a.Val)
			case a.Key == "id":
				ids[a.Val] = true
			case a.Key == "href":
				links = append(links, a.Val)
			}
		}
	}
	for _, link := range links {
		if id, ok := strings.CutPrefix(link, "#"); !ok || !ids[id] {
			t.Errorf("a link to %s, which is not on the page", link)
		}
	}
	if strings.Contains(Style, "url(") || strings.Contains(Style, "@import") || strings.Contains(Style, "</") {
		t.Error("the style sheet asks for something, or ends early")
	}
	return b.String(), doc
}

// All that a page is made of: nothing in here runs, loads or sends anything.
var (
	elements = strings.Fields(`html head meta title style body header main nav section h1 h2 h3 p b small span code pre
		dl div dt dd ul ol li a figure figcaption details summary table caption thead tbody tr th td
		svg rect path circle text`)
	attributes = strings.Fields(`lang charset name content http-equiv class id href role aria-label aria-hidden tabindex scope title
		data-name x y width height rx cx cy r d viewbox viewBox`)
)

// balanced checks that every element is closed, in order. A browser, and a
// parser, would guess.
func balanced(t *testing.T, page string) {
	t.Helper()
	var open []string
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			if len(open) > 0 {
				t.Errorf("not closed: %v", open)
			}
			return
		case html.StartTagToken:
			if name, _ := z.TagName(); string(name) != "meta" {
				open = append(open, string(name))
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if len(open) == 0 || open[len(open)-1] != string(name) {
				t.Fatalf("%s is closed in %v", name, open)
			}
			open = open[:len(open)-1]
		}
	}
}

// content returns the text on a page, and what shows when a mouse rests on it.
func content(doc *html.Node) string {
	var b strings.Builder
	for n := range doc.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "style" {
			b.WriteString(n.Data + "\n")
		}
		for _, a := range n.Attr {
			if a.Key == "title" {
				b.WriteString(a.Val + "\n")
			}
		}
	}
	return b.String()
}

// classes counts the elements of every class.
func classes(doc *html.Node) map[string]int {
	count := map[string]int{}
	for n := range doc.Descendants() {
		for _, a := range n.Attr {
			if a.Key == "class" {
				for _, class := range strings.Fields(a.Val) {
					count[class]++
				}
			}
		}
	}
	return count
}

func TestEverythingIsDrawn(t *testing.T) {
	r := server()
	_, doc := write(t, r)
	count := classes(doc)
	for class, want := range map[string]int{
		"cpu":  len(r.CPU.Sockets),
		"dimm": len(r.Memory.Slots),
		"bay":  len(r.Storage.Drives),
		"port": len(r.Network.Interfaces),
		"psu":  len(r.PSU.Supplies),
		"gpu":  len(r.NVIDIA.GPUs) + len(r.NVIDIA.MissingGPUs) + len(r.NVIDIA.UnknownGPUs),
		"time": len(r.Collectors) + 7,
	} {
		if count[class] != want {
			t.Errorf("%d of class %s, want %d", count[class], class, want)
		}
	}
	text := content(doc)
	for _, want := range []string{
		// Findings, in words and not only in colour.
		"critical", "The drive says that it fails.", "SMART verdict: failed", "Replace the drive; copy its data first.", "drive-failed",
		"3 critical, 3 warning, 2 info",
		"ACME Server 8000", "S-77", "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", "2026-01-02 03:04:05 UTC, in 8.20 s", "bee 0.9 debian trixie", "capture.tar.gz, captured 2026-01-02 02:04:05 UTC by audit 1.1",
		"1536 GiB in 24 of 32 slots", "4400 of 5600 MT/s", "CPU2_DIMM_C1, warning, 64 GiB DDR5, 4400 MT/s",
		"/dev/sdc, failed, ACME HDD18T-7200E, S/N ZR515838E, 18 TB · sas · 31 °C, firmware E004",
		"18000207937536 bytes", "SMART attributes of /dev/sdc",
		"PSU3, absent", "PSU4, no input", "0000:e0:00.0, missing", "0000:e1:00.0, unknown", "board, memory", "this machine has no SMBIOS (2 times)", "61 of 89 °C", "NVLink 17 of 18", "no link",
		"skipped: no ipmitool", "tool-of-nvidia -j -a", "smartctl -j -a /dev/sdk", "still waiting",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("not on the page: %s", want)
		}
	}
}

// What was found about a part shows on the part.
func TestMarks(t *testing.T) {
	r := server()
	r.Storage.Drives = append(r.Storage.Drives, report.Drive{Path: "/dev/bus/0", SmartctlType: "megaraid,4"}, report.Drive{Path: "/dev/bus/0", SmartctlType: "megaraid,5"})
	r.Findings = append(r.Findings,
		report.Finding{Severity: report.Warning, Section: "storage", Component: "/dev/bus/0 megaraid,5"},
		report.Finding{Severity: report.Critical, Section: "network", Component: "eno1, eno2"})
	_, doc := write(t, r)
	states := map[string]string{}
	for n := range doc.Descendants() {
		if n.Data == "svg" && strings.HasPrefix(n.Attr[0].Val, "part ") {
			title := n.FirstChild.NextSibling.FirstChild.Data
			name, _, _ := strings.Cut(title, ", ")
			states[name] = append(strings.Fields(n.Attr[0].Val), "")[2]
		}
	}
	for name, want := range map[string]level{
		"CPU1": good, "CPU2_DIMM_C1": warning, "CPU1_DIMM_A1": good, "CPU1_DIMM_H2": empty, "/dev/sda": good, "/dev/sdk": plain, "/dev/sdc": critical,
		"/dev/nvme3n1": warning, "/dev/bus/0 megaraid,4": plain, "/dev/bus/0 megaraid,5": warning, "eno1": critical, "eno2": critical, "eno3": empty, "eno4": info, "PSU1": good, "PSU2": critical, "PSU3": empty, "0000:19:00.0": info, "0000:e0:00.0": critical,
	} {
		if states[name] != string(want) {
			t.Errorf("%s looks %s, want %s", name, states[name], want)
		}
	}
}

// fill gives every field a value: text and whole numbers as the functions say,
// one thing in every list.
func fill(v reflect.Value, text func() string, number func() int, depth int) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text, number, depth)
	case reflect.Slice:
		if depth < 12 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0), text, number, depth+1)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), text, number, depth+1)
		}
	case reflect.String:
		v.SetString(text())
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(float64(number()) + 0.5)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(number()))
	case reflect.Uint64:
		v.SetUint(uint64(number()))
	default:
		panic(v.Type())
	}
}

// Every text and number in a report is on its page, also in fields that are yet
// to come.
func TestNothingIsLeftOut(t *testing.T) {
	var r report.Report
	var values []string
	number := func() int {
		values = append(values, fmt.Sprint(1000000+len(values)))
		return 1000000 + len(values) - 1
	}
	fill(reflect.ValueOf(&r).Elem(), func() string { return fmt.Sprint("text ", number()) }, number, 0)
	_, doc := write(t, &r)
	text := content(doc)
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, value := range values {
		if !strings.Contains(text, value) {
			for line := range strings.Lines(b.String()) {
				if strings.Contains(line, value) {
					t.Errorf("not on the page: %s", strings.TrimSpace(line))
				}
			}
		}
	}
}

// Whatever a machine calls its parts, it stays text.
func FuzzEscaping(f *testing.F) {
	for _, s := range []string{
		`<script>alert(1)</script>`, `"><svg onload=alert(1)>`, `' onmouseover='alert(1)`, `</title><script>`, `</style>`, `]]>`,
		`--><img src=x>`, `{{.}}`, `javascript:alert(1)`, `&lt;script&gt;`, `\xff`, "\xff\x00\u202e", "</text></svg><b>",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var r report.Report
		fill(reflect.ValueOf(&r).Elem(), func() string { return s }, func() int { return 7 }, 0)
		write(t, &r)
	})
}

const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

func TestNothingFromElsewhere(t *testing.T) {
	page, _ := write(t, server())
	if strings.Contains(page, "://") || strings.Contains(page, "@import") {
		t.Error("the page names something on the network")
	}
	if !strings.Contains(page, policy) {
		t.Error("the page has no policy")
	}
}

func TestSameReportSamePage(t *testing.T) {
	first, _ := write(t, server())
	for range 3 {
		if again, _ := write(t, server()); again != first {
			t.Fatal("the page of the same report differs")
		}
	}
}

// A report with sections that say nothing still has a page.
func TestLittleKnown(t *testing.T) {
	write(t, &report.Report{})
	_, doc := write(t, &report.Report{
		Board: &report.Board{}, CPU: &report.CPU{Sockets: []report.Socket{{}}}, Memory: &report.Memory{Slots: []report.MemorySlot{{}, {Populated: true}}},
		Storage: &report.Storage{Drives: []report.Drive{{}, {NVMe: &report.NVMe{}}, {SMART: &report.SMART{}}}},
		PCIe:    &report.PCIe{Devices: []report.PCIDevice{{}}}, Network: &report.Network{Interfaces: []report.Interface{{}}},
		PSU:      &report.PSU{Supplies: []report.PowerSupply{{}}},
		NVIDIA:   &report.NVIDIA{GPUs: []report.GPU{{}, {Temperature: &report.GPUTemperature{}, Power: &report.GPUPower{}, ECC: &report.GPUECC{}, MIG: &report.MIG{}}}},
		Findings: []report.Finding{{}},
	})
	if count := classes(doc); count["part"] != 10 {
		t.Errorf("%d parts", count["part"])
	}
}

// The size of a page grows with its report, and no faster.
func TestHugeReport(t *testing.T) {
	const n = 500
	r := server()
	for i := range n {
		r.Memory.Slots = append(r.Memory.Slots, report.MemorySlot{Handle: "0x0001", Locator: fmt.Sprintf("DIMM_%d", i)})
		r.Storage.Drives = append(r.Storage.Drives, report.Drive{Path: fmt.Sprintf("/dev/sd%d", i), Model: strings.Repeat("M", 1000)})
		r.PCIe.Devices = append(r.PCIe.Devices, report.PCIDevice{Address: fmt.Sprint(i)})
		r.Findings = append(r.Findings, report.Finding{Severity: report.Info, Section: "storage", Component: fmt.Sprintf("/dev/sd%d", i), Message: "m"})
	}
	page, _ := write(t, r)
	if len(page) > n*8000 {
		t.Errorf("%d bytes", len(page))
	}
}

func TestFit(t *testing.T) {
	for _, c := range []struct {
		text string
		room float64
		want string
	}{
		{"short", 100, "short"},
		{"", 0, ""},
		{"iiiiiiiiii", 50, "iiiiiiiiii"},
		{"WWWWWWWWWW", 50, "WWW…"},
		{"日本日本日本", 50, "日本日…"},
		{"anything", 5, "…"},
		{"anything", -5, "…"},
	} {
		if got := fit(c.text, c.room); got != c.want {
			t.Errorf("%q in %v: %q, want %q", c.text, c.room, got, c.want)
		}
	}
}

func TestTitles(t *testing.T) {
	for name, want := range map[string]string{
		"serial_number":                "Serial number",
		"size_bytes":                   "Size",
		"power_draw_watts":             "Power draw, W",
		"nvme_health_used_percent":     "NVMe health used, %",
		"configured_speed_mts":         "Configured speed, MT/s",
		"rotation_rpm":                 "Rotation, RPM",
		"id":                           "ID",
		"link_upstream_max_speed_gts":  "Link upstream max speed, GT/s",
		"temperature_slowdown_celsius": "Temperature slowdown, °C",
	} {
		if got := (field{name: name}).title(); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// devices is a report of so many PCI devices of which all is known, each with a finding.
func devices(n int) *report.Report {
	r := sample.Server()
	r.PCIe.Devices = nil
	for i := range n {
		address := fmt.Sprintf("%04x:%02x:%02x.%d", i>>16, i>>8&0xff, i>>3&0x1f, i&7)
		r.PCIe.Devices = append(r.PCIe.Devices, report.PCIDevice{
			Address: address, ClassID: "0200", Class: "Ethernet controller", VendorID: "8086", Vendor: "ACME", DeviceID: "1572", Device: "X710",
			SubsystemVendor: "ACME", SubsystemDevice: "Port", Revision: "02", Driver: "ice", UpstreamPort: "0000:00:01.0",
			Link: &report.PCIeLink{SpeedGTs: 8, MaxSpeedGTs: 16, WidthLanes: 4, MaxWidthLanes: 8},
		})
		r.Findings = append(r.Findings, report.Finding{Rule: "pcie-link-degraded", Severity: report.Warning, Section: "pcie", Component: address, Message: "It runs at x4."})
	}
	return r
}

// A machine of twice as many parts takes twice as many allocations, and a page twice as long.
// The time is that of BenchmarkPage.
func TestPageIsLinear(t *testing.T) {
	cost := func(n int) (allocations, bytes float64) {
		r := devices(n)
		var b byteCounter
		allocations = testing.AllocsPerRun(1, func() {
			b = 0
			if err := Write(&b, r); err != nil {
				t.Fatal(err)
			}
		})
		return allocations, float64(b)
	}
	baseAllocations, baseBytes := cost(0)
	fewAllocations, fewBytes := cost(500)
	manyAllocations, manyBytes := cost(4000)
	if a, b := (manyAllocations-baseAllocations)/(fewAllocations-baseAllocations), (manyBytes-baseBytes)/(fewBytes-baseBytes); a > 9 || b > 9 {
		t.Errorf("of 8 times as many devices, %.1f times as many allocations, %.1f times as many bytes", a, b)
	}
}

type byteCounter int

func (b *byteCounter) Write(p []byte) (int, error) { *b += byteCounter(len(p)); return len(p), nil }

func BenchmarkPage(b *testing.B) {
	for _, n := range []int{3000, 24000} {
		r := devices(n)
		b.Run(fmt.Sprintf("%d devices", n), func(b *testing.B) {
			for b.Loop() {
				if err := Write(io.Discard, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
