package fleet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bee/audit/judge/compare"
	"bee/audit/report"
	"bee/audit/report/sample"
)

// machines are n of one model, each with numbers of its own.
func machines(n int) map[string]*report.Report {
	all := map[string]*report.Report{}
	for i := range n {
		all[fmt.Sprintf("n%03d.json", i)] = machine(i)
	}
	return all
}

func machine(i int) *report.Report {
	r := sample.Server()
	r.Host.Hostname = fmt.Sprint("node", i)
	r.StartedAt = r.StartedAt.Add(time.Duration(i) * time.Minute)
	r.Board.System.SerialNumber, r.Board.System.UUID = fmt.Sprintf("SN%03d", i), fmt.Sprintf("uuid-%d", i)
	for j := range r.Memory.Slots {
		if s := &r.Memory.Slots[j]; s.Populated {
			s.SerialNumber = fmt.Sprintf("M%d-%d", i, j)
		}
	}
	for j := range r.Storage.Drives {
		r.Storage.Drives[j].SerialNumber = fmt.Sprintf("D%d-%d", i, j)
	}
	r.Storage.Controllers[0].SerialNumber = fmt.Sprint("R", i)
	for j := range r.NVIDIA.GPUs {
		r.NVIDIA.GPUs[j].SerialNumber = fmt.Sprintf("G%d-%d", i, j)
	}
	for j := range r.Network.Interfaces {
		r.Network.Interfaces[j].MACAddress = fmt.Sprintf("3c:ec:ef:%02x:%02x:%02x", i>>8, i&255, j)
	}
	return r
}

// of looks at reports by the names of their files.
func of(all map[string]*report.Report) *Fleet {
	var files []string
	for file := range all {
		files = append(files, file)
	}
	slices.Sort(files)
	return Of(files, func(file string) (*report.Report, error) { return all[file], nil })
}

func TestAlike(t *testing.T) {
	f := of(machines(5))
	if len(f.Machines) != 5 || len(f.Groups) != 1 || len(f.Duplicates) != 0 || len(f.Earlier) != 0 || len(f.Unread) != 0 {
		t.Fatalf("%+v", f)
	}
	g := f.Groups[0]
	if g.Alike != 5 || len(g.Others) != 0 || g.ProductName != "AI Server 9000-TNRT" {
		t.Errorf("%+v", g)
	}
	for _, s := range g.Sections {
		if s.Alike != 5 || s.Known != 5 || s.None() {
			t.Errorf("%+v", s)
		}
	}
	m := f.Machines[0]
	text, _ := json.Marshal([]any{m.Processors, m.MemoryBytes, m.MemoryModules, m.Drives, m.GPUs, m.Findings, m.Worst.Rule, m.NotExamined})
	// The array's members are known: it is no drive beside them.
	want := `[[{"count":2,"name":"ACME Fast 9654 96-Core Processor"}],1649267441664,24,[{"count":60,"name":"sas","size_bytes":16000900661248},{"count":2,"name":"nvme","size_bytes":7681501126656}],` +
		`[{"count":8,"name":"NVIDIA H100 80GB HBM3"},{"count":1}],{"critical":2,"warning":1,"info":32},"gpu-missing",["psu","storage"]]`
	if m.Name != "SN000" || string(text) != want {
		t.Errorf("%s is\n%s, want\n%s", m.Name, text, want)
	}
}

// Who is not as most are is told of, and in what; it does not matter which report comes first.
func TestOthers(t *testing.T) {
	all := machines(6)
	all["n000.json"].Board.BIOS.Version = "3.1"
	all["n000.json"].Memory.Slots[0] = report.MemorySlot{Locator: "P1-DIMMA1"}
	all["n003.json"].Board.BIOS.Version = "3.1"
	all["n004.json"].NVIDIA = nil
	f := of(all)
	g := f.Groups[0]
	got := map[string]string{}
	for _, o := range g.Others {
		for _, d := range o.Differences {
			got[o.Machine] += fmt.Sprintf("%s %s %v>%v %v;", d.Kind, d.What, d.Expected, d.Got, d.Where)
		}
		for _, u := range o.NotCompared {
			got[o.Machine] += fmt.Sprintf("%s %s?", u.Section, u.Side)
		}
	}
	want := map[string]string{
		"SN000": "bios version 3.2a>3.1 [];memory total_bytes 1.649267441664e+12>1.580547964928e+12 [];module count 24>23 [P1-DIMMA1 P0_Node0_Channel0_Dimm0];",
		"SN003": "bios version 3.2a>3.1 [];",
		"SN004": "nvidia got?",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || g.Alike != 3 {
		t.Errorf("%d alike, %v\nwant %v", g.Alike, got, want)
	}
	for _, m := range f.Machines {
		if want := map[string]int{"SN000": 3, "SN003": 1}[m.Name]; m.Differences != want {
			t.Errorf("%s: %d differences, want %d", m.Name, m.Differences, want)
		}
	}
}

// No machine need be as most are in all: each section is compared with one that is.
func TestMajorityBySection(t *testing.T) {
	all := machines(3)
	all["n000.json"].Board.BIOS.Version = "0"
	all["n001.json"].CPU.Sockets = all["n001.json"].CPU.Sockets[:1]
	all["n002.json"].PSU.Supplies = all["n002.json"].PSU.Supplies[:3]
	g := of(all).Groups[0]
	if g.Alike != 0 || len(g.Others) != 3 {
		t.Fatalf("%+v", g)
	}
	for i, section := range []string{"board", "cpu", "psu"} {
		o := g.Others[slices.IndexFunc(g.Others, func(o Other) bool { return o.Machine == fmt.Sprintf("SN%03d", i) })]
		for _, d := range o.Differences {
			if d.Section != section {
				t.Errorf("%s: %+v", o.Machine, d)
			}
		}
	}
	all = machines(2)
	all["n001.json"].Board.BIOS.Version = "0"
	for _, s := range of(all).Groups[0].Sections {
		if s.None() != (s.Section == "board") {
			t.Errorf("of two: %+v", s)
		}
	}
}

// Machines are compared with those of their model alone; where the maker gave none, the board's.
func TestModels(t *testing.T) {
	all := machines(4)
	all["n001.json"].Board.System.ProductName = "Other"
	for _, file := range []string{"n002.json", "n003.json"} {
		all[file].Board.System.ProductName, all[file].Board.System.Manufacturer = "", ""
	}
	got := ""
	for _, g := range of(all).Groups {
		got += fmt.Sprintf("%s %s %v %d;", g.Manufacturer, g.ProductName, g.Machines, len(g.Others))
	}
	if want := "ACME Computer Inc. X14DGQ [SN002 SN003] 0;ACME Computer Inc. AI Server 9000-TNRT [SN000] 0;ACME Computer Inc. Other [SN001] 0;"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestDuplicates(t *testing.T) {
	all := machines(4)
	a, b, c := all["n001.json"], all["n002.json"], all["n003.json"]
	b.Board.System.SerialNumber = a.Board.System.SerialNumber
	c.Board.System.UUID = a.Board.System.UUID
	b.Memory.Slots[4].SerialNumber = a.Memory.Slots[0].SerialNumber
	// the same number of another product
	c.Memory.Slots[4].SerialNumber, c.Memory.Slots[4].PartNumber = a.Memory.Slots[0].SerialNumber, "other"
	c.Storage.Drives[7].SerialNumber = a.Storage.Drives[5].SerialNumber
	// a number that the controller made up, a stick, an address that software made up
	a.Storage.Drives[9].RAIDVolume, b.Storage.Drives[9].RAIDVolume, b.Storage.Drives[9].SerialNumber = true, true, a.Storage.Drives[9].SerialNumber
	for _, r := range all {
		r.Storage.Drives = append(r.Storage.Drives, report.Drive{Path: "/dev/sdz", Removable: true, Transport: "usb", SerialNumber: "STICK"})
		r.Network.Interfaces = append(r.Network.Interfaces, report.Interface{Name: "usb0", MACAddress: "be:3a:f2:b6:05:9f"}, report.Interface{Name: "dummy", MACAddress: "00:00:00:00:00:00"})
	}
	c.Network.Interfaces[1].PermanentMACAddress = strings.ToUpper(a.Network.Interfaces[2].MACAddress)
	c.BMC = &report.BMC{LAN: &report.BMCLAN{MACAddress: "3c:ec:ef:ff:00:01"}}
	b.BMC = &report.BMC{LAN: &report.BMCLAN{MACAddress: "3c:ec:ef:ff:00:01"}}
	b.NVIDIA.GPUs[7].SerialNumber = a.NVIDIA.GPUs[0].SerialNumber
	// two of one number in a machine are a finding of that machine
	a.NVIDIA.GPUs[2].SerialNumber = a.NVIDIA.GPUs[1].SerialNumber
	f := of(all)
	got := ""
	for _, d := range f.Duplicates {
		got += fmt.Sprintf("%s %s %s %v\n", d.Kind, d.What, d.Value, d.Machines)
	}
	want := `system serial_number SN001 [{SN001 (n001.json) []} {SN001 (n002.json) []}]
system uuid uuid-1 [{SN001 (n001.json) []} {SN003 []}]
bmc mac_address 3c:ec:ef:ff:00:01 [{SN001 (n002.json) []} {SN003 []}]
module serial_number M1-0 [{SN001 (n001.json) [P1-DIMMA1 P0_Node0_Channel0_Dimm0]} {SN001 (n002.json) [P1-DIMMC1 P0_Node0_Channel2_Dimm0]}]
drive serial_number D1-5 [{SN001 (n001.json) [/dev/sdf]} {SN003 [/dev/sdh]}]
interface mac_address 3c:ec:ef:00:01:02 [{SN001 (n001.json) [eth2]} {SN003 [eth1]}]
gpu serial_number G1-0 [{SN001 (n001.json) [0000:19:00.0]} {SN001 (n002.json) [0000:89:00.0]}]
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if len(f.Machines) != 4 || len(f.Earlier) != 0 {
		t.Errorf("%d machines, earlier %v", len(f.Machines), f.Earlier)
	}
}

// Of a machine that was audited several times the newest report counts, in whatever order they
// are read.
func TestEarlier(t *testing.T) {
	all := machines(2)
	for i, file := range []string{"a.json", "z.json"} {
		r := machine(1)
		r.StartedAt = r.StartedAt.Add(time.Duration(2*i-1) * time.Hour)
		all[file] = r
	}
	all["z.json"].Network.Interfaces = all["z.json"].Network.Interfaces[3:] // some cards were taken out
	f := of(all)
	if fmt.Sprint(f.Earlier) != "[{a.json SN001} {n001.json SN001}]" || len(f.Machines) != 2 || len(f.Duplicates) != 0 {
		t.Errorf("earlier %v, %d machines, duplicates %v", f.Earlier, len(f.Machines), f.Duplicates)
	}
	if i := slices.IndexFunc(f.Machines, func(m Machine) bool { return m.File == "z.json" }); i < 0 {
		t.Error("the newest is not there")
	}
	// Of machines that nobody knows the numbers of, an address that many have says nothing.
	nameless := map[string]*report.Report{}
	for i := range 2 {
		r := machine(i)
		r.Board = nil
		r.Network.Interfaces = append(r.Network.Interfaces[:1], report.Interface{Name: "usb0", MACAddress: "be:3a:f2:b6:05:9f"})
		nameless[fmt.Sprint(i, ".json")] = r
	}
	if f := of(nameless); len(f.Machines) != 2 || f.Machines[0].Name == f.Machines[1].Name {
		t.Errorf("%+v", f.Earlier)
	}
}

func TestUnread(t *testing.T) {
	all := machines(3)
	all["n002.json"].Board.BIOS.Version = "other"
	var read atomic.Bool // files are read at once
	f := Of([]string{"n000.json", "gone.json", "burn.json", "n001.json", "n002.json"}, func(file string) (*report.Report, error) {
		switch {
		case file == "burn.json":
			return nil, fmt.Errorf("%s: %w", file, ErrOther)
		case file == "n002.json" && read.Swap(true), file == "gone.json": // the second time it is gone
			return nil, fmt.Errorf("%s: %w", file, fs.ErrNotExist)
		}
		return all[file], nil
	})
	if f.PassedOver != 1 || len(f.Machines) != 3 || len(f.Unread) != 2 || f.Unread[0].File != "gone.json" || f.Unread[1].File != "n002.json" {
		t.Errorf("passed over %d, unread %v", f.PassedOver, f.Unread)
	}
}

// The worst machines come first; one that nobody looked at is not a good one.
func TestOrder(t *testing.T) {
	all := machines(5)
	set := func(file string, severities ...report.Severity) {
		all[file].Findings = []report.Finding{}
		for _, s := range severities {
			all[file].Findings = append(all[file].Findings, report.Finding{Severity: s})
		}
	}
	set("n000.json")
	set("n001.json", report.Info)
	all["n002.json"].Findings = nil
	set("n003.json", report.Info, report.Warning)
	set("n004.json", report.Critical)
	got := ""
	for _, m := range of(all).Machines {
		got += m.Name + " "
	}
	if got != "SN004 SN003 SN002 SN001 SN000 " {
		t.Errorf("%s", got)
	}
}

// Two machines of which a section has the same build have no difference there, and no two builds
// are the same that have one.
func TestBuilds(t *testing.T) {
	a := machine(1)
	for what, change := range map[string]func(*report.Report){
		"nothing":              func(*report.Report) {},
		"another BIOS":         func(r *report.Report) { r.Board.BIOS.Version = "x" },
		"a module less":        func(r *report.Report) { r.Memory.Slots[0].Populated = false },
		"modules elsewhere":    func(r *report.Report) { slices.Reverse(r.Memory.Slots) },
		"drives of other size": func(r *report.Report) { r.Storage.Drives[0].SizeBytes++ },
		"hotter":               func(r *report.Report) { *r.Storage.Drives[0].SMART.TemperatureCelsius += 9 },
		"no GPUs known":        func(r *report.Report) { r.NVIDIA = nil },
		"a link less":          func(r *report.Report) { r.NVIDIA.GPUs[0].NVLinks = nil },
	} {
		b := machine(2)
		change(b)
		same := compare.Reports("a", a, "b", b, compare.Options{}).Same
		builds := map[bool]bool{}
		for section, build := range compare.Take(a).Builds() {
			builds[build == compare.Take(b).Builds()[section]] = true
		}
		if same == builds[false] {
			t.Errorf("%s: the same is %v, but by builds %v", what, same, builds)
		}
	}
}

// write writes the reports of n machines into a folder, as most fleets are: one of a hundred
// has another BIOS, and each has readings of its own.
func write(b testing.TB, n int) (files []string, bytes int64) {
	dir := b.TempDir()
	for i := range n {
		r := machine(i)
		for j := range r.Storage.Drives {
			*r.Storage.Drives[j].SMART.PowerOnHours += uint64(i)
		}
		if i%100 == 7 {
			r.Board.BIOS.Version = "3.1"
		}
		path := filepath.Join(dir, fmt.Sprintf("n%04d.json", i))
		file, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		if err := errors.Join(r.Write(file), file.Close()); err != nil {
			b.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			b.Fatal(err)
		}
		bytes += info.Size()
		files = append(files, path)
	}
	return files, bytes
}

// A thousand reports have to be looked at in five seconds, on two processors.
func BenchmarkThousand(b *testing.B) {
	files, bytes := write(b, 1000)
	b.SetBytes(bytes)
	for b.Loop() {
		if f := Of(files, report.Read); len(f.Machines) != 1000 || len(f.Groups[0].Others) != 10 {
			b.Fatal(len(f.Machines), len(f.Groups[0].Others))
		}
	}
}

// What is kept of a report is a small part of it.
func TestKept(t *testing.T) {
	const n = 50
	files, bytes := write(t, n)
	before := heap()
	f := Of(files, report.Read)
	kept := heap() - before
	runtime.KeepAlive(f)
	if each := kept / n; each > 4<<10 {
		t.Errorf("%d bytes are kept of each report, of %d", each, bytes/n)
	}
	// and while all are read
	r, err := report.Read(files[0])
	if err != nil {
		t.Fatal(err)
	}
	before = heap()
	var all []*entry
	for range n {
		all = append(all, gist(files[0], r))
	}
	gists := heap() - before
	runtime.KeepAlive(all)
	if each := gists / n; each > 8<<10 {
		t.Errorf("%d bytes are kept of each report while others are read, of %d", each, bytes/n)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Whatever files hold, each is a machine, an earlier report of one, or not read; and programs can
// read what comes of it.
func FuzzOf(f *testing.F) {
	f.Add(`{"schema_version": "1.0", "collectors": [], "board": {"system": {"product_name": "a", "serial_number": "1"}}, "memory": {"slots": [{"populated": true, "serial_number": "1"}]}}`,
		`{"schema_version": "1.0", "collectors": [], "board": {"system": {"product_name": "a", "serial_number": "1"}}, "memory": {"slots": [{"populated": true, "serial_number": "1"}, {"populated": true, "serial_number": "1"}]}}`)
	f.Fuzz(func(t *testing.T, a, b string) {
		files := []string{a, b, a}
		fleet := Of([]string{"0", "1", "2"}, func(file string) (*report.Report, error) {
			return report.Decode([]byte(files[file[0]-'0']), file)
		})
		if n := len(fleet.Machines) + len(fleet.Earlier) + len(fleet.Unread); n != 3 {
			t.Errorf("%d of 3 files: %+v", n, fleet)
		}
		names := map[string]bool{}
		for _, m := range fleet.Machines {
			names[m.Name] = true
		}
		inGroups := 0
		for _, g := range fleet.Groups {
			inGroups += len(g.Machines)
			if g.Alike+len(g.Others) != len(g.Machines) {
				t.Errorf("%+v", g)
			}
		}
		if len(names) != len(fleet.Machines) || inGroups != len(fleet.Machines) {
			t.Errorf("%d names and %d in groups, of %d machines", len(names), inGroups, len(fleet.Machines))
		}
		if _, err := json.Marshal(fleet); err != nil {
			t.Error(err)
		}
	})
}
