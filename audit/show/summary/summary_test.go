package summary

import (
	"strings"
	"testing"
	"time"

	"bee/audit/report"
	"bee/audit/report/sample"
)

func pointer[T any](v T) *T { return &v }

func TestHostKey(t *testing.T) {
	r := sample.Server()
	r.Host.SSHHostKey = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
	var b strings.Builder
	if err := Write(&b, r, Options{}); err != nil || !strings.Contains(b.String(), "\nSSH host key "+r.Host.SSHHostKey+"\n") {
		t.Errorf("error %v\n%.300s", err, b.String())
	}
}

func TestWrite(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	r := &report.Report{
		Audit:      report.Audit{Version: "1.2"},
		Host:       report.Host{Hostname: "bee"},
		BeeRelease: &report.BeeRelease{Version: "0.9", Base: "debian", Release: "trixie", Kernel: "6.12.1"},
		StartedAt:  start, FinishedAt: start.Add(1500 * time.Millisecond),
		Collectors: []report.CollectorRun{
			{Name: "board", Status: report.Done, DurationSeconds: 0.014},
			{Name: "pcie", Status: report.Skipped, MissingTools: []string{"lspci"}},
			{Name: "storage", Status: report.GivenUp, DurationSeconds: 120},
		},
		Board: &report.Board{
			BIOS:    &report.BIOS{Vendor: "ACME BIOS", Version: "3.2a", ReleaseDate: "01/02/2026"},
			System:  &report.System{Manufacturer: "ACME", ProductName: "ACME Server 1", SerialNumber: "77"},
			Chassis: []report.Chassis{{Type: "Rack Mount Chassis"}},
		},
		CPU: &report.CPU{Sockets: []report.Socket{
			{Designation: "CPU1", Populated: true, Version: "ACME Fast   9000", Cores: 96, Threads: 192, MaxSpeedMHz: 4000},
			{Designation: "CPU2"},
		}},
		Memory: &report.Memory{Slots: []report.MemorySlot{
			{Locator: "DIMM A1", BankLocator: "Node 0", Populated: true, SizeBytes: 64 << 30, Type: "DDR5", SpeedMTs: 4800, ConfiguredSpeedMTs: 4400, Ranks: 2, Manufacturer: "Größe", PartNumber: "M321"},
			{Locator: "DIMM A2"},
		}},
		Storage: &report.Storage{Drives: []report.Drive{
			{Path: "/dev/sda", SizeBytes: 4000787030016, Transport: "sata", RotationRPM: 7200, Model: "HDD", SerialNumber: "S1", FirmwareVersion: "F1",
				SMART: &report.SMART{Passed: pointer(false), Warnings: []string{"error_log"}, TemperatureCelsius: pointer(int64(31)), PowerOnHours: pointer(uint64(40000))}},
			{Path: "/dev/bus/0", SmartctlType: "megaraid,4"},
		}},
		PCIe: &report.PCIe{Devices: []report.PCIDevice{
			{Address: "0000:00:00.0", ClassID: "0600", Class: "Host bridge"},
			{Address: "0000:01:00.0", ClassID: "0302", Class: "3D controller", Vendor: "NVIDIA Corporation", DeviceID: "2331", Driver: "nvidia",
				Link: &report.PCIeLink{SpeedGTs: 2.5, MaxSpeedGTs: 32, WidthLanes: 8, MaxWidthLanes: 16}},
		}},
		Errors: []report.Error{{Collector: "storage", Message: "smartctl reached its time limit", Tool: "smartctl", Args: []string{"-j", "-a", "/dev/sda"}, Stderr: []string{"waiting"}}},
	}
	var b strings.Builder
	if err := Write(&b, r, Options{}); err != nil {
		t.Fatal(err)
	}
	const want = `Hardware audit of bee, 2026-01-02 03:04:05 UTC, by audit 1.2
bee 0.9 (debian trixie, kernel 6.12.1)
ACME Server 1 S/N 77

Board
  System   ACME Server 1       S/N 77
  Chassis  Rack Mount Chassis
  BIOS     ACME BIOS 3.2a      01/02/2026

CPU: 1 of 2 sockets populated
  CPU1  ACME Fast 9000  96 cores  192 threads  4000 MHz max
  CPU2  empty

Memory: 64 GiB in 1 of 2 slots
  DIMM A1  64 GiB  DDR5  4800 MT/s (runs at 4400)  2 ranks  Größe M321
  DIMM A2  empty

Storage: 2 drives
  /dev/sda               4 TB  sata 7200 rpm  HDD  firmware F1  FAILED, error log  31 °C, 40000 h  S/N S1
  /dev/bus/0 megaraid,4

PCIe: 2 functions; bridges, system devices and virtual functions are not shown
  0000:01:00.0  3D controller  NVIDIA Corporation 2331  driver nvidia  8 × 2.5 GT/s of 16 × 32 GT/s

Took 1.50 s: board 0.01 s, pcie skipped (no lspci), storage given up after 120.0 s

1 error
  storage  smartctl reached its time limit  smartctl -j -a /dev/sda
           waiting
`
	if got := b.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// A report without any section is still a summary.
func TestWriteEmpty(t *testing.T) {
	var b strings.Builder
	if err := Write(&b, &report.Report{}, Options{}); err != nil || !strings.Contains(b.String(), "an unnamed host") {
		t.Errorf("%q, error %v", b.String(), err)
	}
}

// A system of other pins than its commit's says which.
func TestOverrides(t *testing.T) {
	r := &report.Report{BeeRelease: &report.BeeRelease{Version: "0.9", Base: "debian", Release: "trixie", Kernel: "6.12.1", Overrides: []string{"DEBIAN_MIRROR", "GOLANG_IMAGE"}}}
	var b strings.Builder
	if err := Write(&b, r, Options{}); err != nil {
		t.Fatal(err)
	}
	if want := "bee 0.9 (debian trixie, kernel 6.12.1), pins overridden: DEBIAN_MIRROR GOLANG_IMAGE\n"; !strings.Contains(b.String(), want) {
		t.Errorf("got\n%s", &b)
	}
}

// The sections are parts of the summary, and what stands first in each is its title.
func TestSections(t *testing.T) {
	r := sample.Server()
	var whole strings.Builder
	if err := Write(&whole, r, Options{}); err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, text := range Sections(r, Options{}) {
		if !strings.Contains(whole.String(), "\n\n"+text) {
			t.Errorf("not in the summary: %q", text)
		}
		title, _, _ := strings.Cut(text, "\n")
		titles = append(titles, strings.Fields(title)[0])
	}
	if got := strings.Join(titles, " "); got != "Board CPU: Memory: Storage: NVIDIA: Network: Power: BMC: PCIe:" {
		t.Errorf("got %s", got)
	}
}

// Which vendor programs there are, and which of them the audit has run.
func TestVendorPrograms(t *testing.T) {
	r := sample.Server()
	r.Collectors = append(r.Collectors, report.CollectorRun{Name: "storage", Status: report.Done, Tools: []report.ToolRun{{Tool: "storcli64"}}})
	var b strings.Builder
	if err := Write(&b, r, Options{}); err != nil || !strings.Contains(b.String(), "\nVendor programs: storcli64 007.2705.0000.0000 (run by the audit), sas3ircu\n") {
		t.Errorf("error %v\n%.400s", err, b.String())
	}
}
