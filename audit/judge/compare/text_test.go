package compare

import (
	"strings"
	"testing"

	"bee/audit/report"
	"bee/audit/show/terminal"
)

func TestWrite(t *testing.T) {
	a, b := machine(0), machine(1)
	b.Board.BIOS.Version = "1.3\x1b[2J"
	b.Memory.Slots[3] = report.MemorySlot{Locator: "DIMM_3"}
	b.Memory.Slots[5].ConfiguredSpeedMTs = 4400
	for i := range b.Storage.Drives[1:] {
		b.Storage.Drives[1+i].FirmwareVersion = "GDC5902Q"
	}
	b.Storage.Drives[1].SizeBytes++
	b.PSU, a.NVIDIA, b.NVIDIA = nil, nil, nil
	b.Collectors[6].Status, b.Collectors[6].MissingTools = report.Skipped, []string{"ipmitool"}
	b.Network.Interfaces[1].FirmwareVersion, b.Network.Interfaces[2].FirmwareVersion = "", ""
	b.Network.Interfaces[2].Link, b.Network.Interfaces[2].SpeedMbps = pointer(false), 0
	b.Host.KernelRelease = "6.13"
	b.Findings = []report.Finding{{Rule: "link-down", Component: "eth1", Message: "No cable"}}
	c := Reports("a.json", a, "b.json", b, Options{})

	const want = `A  a.json, node-0-0, ACME Server 1, S/N sys-0-0, 2026-01-02 03:00 UTC
B  b.json, node-1-0, ACME Server 1, S/N sys-1-0, 2026-01-02 03:01 UTC

Board                      A              B
  BIOS ACME BIOS
    version                1.2            1.3?[2J

Memory                     A              B
    total                  512 GiB        448 GiB
  module Samsung M321R8GA0BB0-CQK 64 GiB DDR5
    count                  8              7              DIMM_3
    configured speed       4800 MT/s      4400 MT/s      DIMM_5

Storage                    A              B
  drive SAMSUNG MZQL23T8 3.84 TB nvme
    firmware version of 4  GDC5602Q       GDC5902Q       /dev/nvme0n1, /dev/nvme1n1, /dev/nvme2n1, /dev/nvme3n1
    size                   3840755982336  3840755982337  /dev/nvme0n1

Network                    A              B
  interface Intel E810-0-0
    link                   yes            no             eth-1-1
    speed                  100000 Mb/s    0 Mb/s         eth-1-1

Not compared
  B     interface Intel E810-0-0: firmware version not known, 2 times (eth-1-0, eth-1-1)
  B     PSU: the machine has no ipmitool
  both  NVIDIA: not known

Software (not counted)  A     B
    kernel release      6.12  6.13

Findings (not counted)  A     B
  finding No cable
    count               0     1     eth1

8 differences, 2 not compared. Same: 1 system, 1 BMC, 1 baseboard, 1 chassis, 2 processors, 6 modules, 1 drive, 5 PCI devices.
`
	var text strings.Builder
	if err := c.Write(&text, "A", "B", terminal.Terminal{}); err != nil {
		t.Fatal(err)
	}
	if got := text.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}

	text.Reset()
	_ = c.Write(&text, "A", "B", terminal.Terminal{Colour: true, Columns: 80})
	if got := text.String(); !strings.Contains(got, "\x1b[33m4400 MT/s") || strings.Contains(got, "\x1b[2J") {
		t.Errorf("on a terminal:\n%q", got)
	}
	text.Reset()
	_ = Reports("a.json", a, "a.json", a, Options{}).Write(&text, "A", "B", terminal.Terminal{})
	if got := text.String(); !strings.Contains(got, "\nNo difference. Same: 1 system, 1 BIOS, ") {
		t.Errorf("the same:\n%s", got)
	}
}

func TestKinds(t *testing.T) {
	for k, want := range map[Kind]string{BIOS: "2 BIOS", Chassis: "2 chassis", Supply: "2 power supplies", Device: "2 PCI devices", Module: "2 modules"} {
		if got := k.count(2); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
