package comparison

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"bee/audit/judge/compare"
	"bee/audit/show/terminal"
)

func TestWrite(t *testing.T) {
	text, err := os.ReadFile("testdata/comparison.json")
	if err != nil {
		t.Fatal(err)
	}
	var different compare.Comparison
	if err := json.Unmarshal(text, &different); err != nil {
		t.Fatal(err)
	}
	write := func(c *compare.Comparison, on terminal.Terminal) string {
		var text strings.Builder
		if err := Write(&text, c, "A", "B", on); err != nil {
			t.Fatal(err)
		}
		return text.String()
	}

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
	if got := write(&different, terminal.Terminal{}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := write(&different, terminal.Terminal{Colour: true, Columns: 80}); !strings.Contains(got, "\x1b[33m4400 MT/s") || strings.Contains(got, "\x1b[2J") {
		t.Errorf("on a terminal:\n%q", got)
	}
	same := &compare.Comparison{Same: true, Equal: []compare.Equal{{Kind: compare.System, Components: 1}, {Kind: compare.CPU, Components: 1}, {Kind: compare.BIOS, Components: 1}}}
	if got := write(same, terminal.Terminal{}); !strings.HasSuffix(got, "\nNo difference. Same: 1 system, 1 BIOS.\n") {
		t.Errorf("the same:\n%s", got)
	}
}

func TestKinds(t *testing.T) {
	for k, want := range map[compare.Kind]string{
		compare.BIOS: "2 BIOS", compare.Chassis: "2 chassis", compare.Supply: "2 power supplies",
		compare.Device: "2 PCI devices", compare.Module: "2 modules",
	} {
		if got := Count(2, k); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
