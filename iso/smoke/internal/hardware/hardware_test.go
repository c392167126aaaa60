package hardware

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"bee/core/check"
	"bee/core/machine"
	"bee/core/printable"
	"bee/iso/smoke/internal/qemu"
)

func TestOf(t *testing.T) {
	for _, c := range []struct {
		machine machine.Machine
		handed  int
		args    []string // in this order
	}{
		{machine.Machine{Profile: machine.Plain, Network: machine.Virtio, Disk: machine.NVMe}, 0,
			[]string{"nvme,drive=disk,", "hostfwd=tcp:127.0.0.1:22022-:22", "virtio-net-pci,netdev=net1,mac=52:54:00:be:e0:01"}},
		{machine.Machine{Profile: machine.Plain, Network: machine.E1000e, Disk: machine.VirtioBlk, BMC: true}, 1,
			[]string{"virtio-blk-pci,drive=disk,", "hostfwd=tcp:127.0.0.1:22022-:22", "e1000e,netdev=net1", "ipmi-bmc-extern,id=bmc0"}},
		{machine.Machine{Profile: machine.Plain, Network: machine.Four, Disk: machine.AHCI}, 0,
			[]string{"ide-hd,", "hostfwd=", "netdev=net1", "netdev=net2", "netdev=net3", "e1000,netdev=net4,mac=52:54:00:be:e0:04"}},
		{machine.Machine{Profile: machine.Plain, Network: machine.None, Disk: machine.VirtioSCSI}, 0, []string{"scsi-hd,drive=disk,bus=scsi.0"}},
		{machine.Machine{Profile: machine.Server, BMC: true}, 4, []string{"bus=slot1,aer=on", "hostfwd=", "virtio-net-pci,", "e1000e,", "vmxnet3,", "ipmi-bmc-extern,", "tpm-crb,"}},
	} {
		hardware := Of(c.machine, Network{SSH: "127.0.0.1:22022"})
		rest := strings.Join(hardware.Args, " ")
		if got, want := strings.Count(rest, "-netdev"), strings.Count(strings.Join(c.args, " "), "netdev=net"); c.machine.Profile == machine.Plain && got != want {
			t.Errorf("%+v: %d network cards, want %d", c.machine, got, want)
		}
		for i, handed := range hardware.Handed {
			name := "=" + qemu.File(i)
			if handed.Serve != nil {
				name = fmt.Sprintf("fd=%d", qemu.Socket(i))
			}
			if !strings.Contains(rest, name) {
				t.Errorf("%+v: nothing names %d", c.machine, i)
			}
		}
		if len(hardware.Handed) != c.handed {
			t.Errorf("%+v: %d are handed over, want %d", c.machine, len(hardware.Handed), c.handed)
		}
		for _, want := range c.args {
			before, after, found := strings.Cut(rest, want)
			if !found {
				t.Errorf("%+v: no %s after %s", c.machine, want, before)
			}
			rest = after
		}
	}
}

// A machine that boots over its network has the server there, by its first card: BIOS by the
// card's ROM, UEFI by drivers of its own. The other cards are as ever.
func TestNetboot(t *testing.T) {
	for firmware, want := range map[string]string{
		machine.BIOS:       "-device e1000e,netdev=net1,mac=52:54:00:be:e0:01,bootindex=0 ",
		machine.UEFI:       "-device e1000e,netdev=net1,mac=52:54:00:be:e0:01,bootindex=0,romfile= ",
		machine.UEFISecure: "-device e1000e,netdev=net1,mac=52:54:00:be:e0:01,bootindex=0,romfile= ",
	} {
		served := false
		m := machine.Machine{Firmware: firmware, Media: machine.PXE, Profile: machine.Plain, Network: machine.E1000e, Disk: machine.NVMe}
		hardware := Of(m, Network{SSH: "127.0.0.1:22022", Serve: func(*net.UnixConn) error { served = true; return nil }})
		line := strings.Join(hardware.Args, " ") + " "
		if !strings.Contains(line, want) || !strings.Contains(line, "-netdev stream,id=net1,server=on,addr.type=fd,addr.str=3 ") || strings.Contains(line, "hostfwd") {
			t.Errorf("%s: %s", firmware, line)
		}
		if len(hardware.Handed) != 1 || hardware.Handed[0].Serve(nil) != nil || !served {
			t.Errorf("%s: the server is not handed over: %v", firmware, hardware.Handed)
		}
	}
	for _, c := range []struct {
		firmware, media string
		random, noPXE   bool
	}{{machine.BIOS, machine.PXE, false, false}, {machine.UEFI, machine.PXE, true, false}, {machine.UEFISecure, machine.HTTP, true, true}} {
		m := machine.Machine{Firmware: c.firmware, Media: c.media, Profile: machine.Plain, Network: machine.Virtio, Disk: machine.NVMe}
		line := strings.Join(Of(m, Network{Serve: func(*net.UnixConn) error { return nil }}).Args, " ")
		if strings.Contains(line, "virtio-rng-pci") != c.random {
			t.Errorf("%s by %s, random numbers: %s", c.firmware, c.media, line)
		}
		if strings.Contains(line, " name=opt/org.tianocore/IPv4PXESupport,string=n ") != c.noPXE {
			t.Errorf("%s by %s, no PXE: %s", c.firmware, c.media, line)
		}
	}
	line := strings.Join(Of(machine.Machine{Firmware: machine.BIOS, Media: machine.PXE, Profile: machine.Server}, Network{Serve: func(*net.UnixConn) error { return nil }}).Args, " ")
	if strings.Count(line, "netdev stream,") != 1 || strings.Count(line, "netdev user,") != 2 || strings.Count(line, "romfile=") != 2 {
		t.Errorf("a server's cards: %s", line)
	}
}

// No guest reaches the services of this machine, save where it is to reach the internet;
// then it does so by one card.
func TestRestricted(t *testing.T) {
	for _, m := range []machine.Machine{
		{Profile: machine.Plain, Network: machine.Virtio, Disk: machine.NVMe},
		{Profile: machine.Plain, Network: machine.Four, Disk: machine.NVMe},
		{Profile: machine.Server},
	} {
		for _, internet := range []bool{false, true} {
			open := 0
			args := Of(m, Network{SSH: "127.0.0.1:22022", Internet: internet}).Args
			for i, arg := range args {
				if arg == "-netdev" && !strings.HasSuffix(args[i+1], ",restrict=on") {
					open++
				}
			}
			if internet != (open == 1) || open > 1 {
				t.Errorf("%+v, internet %v: %d networks are open", m, internet, open)
			}
		}
	}
}

// Whatever a machine is made of, the audit has to find it: none of the words may
// make a machine without wants.
func TestWants(t *testing.T) {
	for _, network := range machine.Networks {
		for _, disk := range machine.Disks {
			for _, c := range Check(machine.Machine{Profile: machine.Plain, Network: network, Disk: disk, BMC: true}, []byte("{}")) {
				if c.Status != check.Fail {
					t.Errorf("network %s, disk %s: an empty report is %s", network, disk, c)
				}
			}
		}
	}
	var names []string
	for _, c := range Check(machine.Machine{Profile: machine.Plain, Network: machine.E1000e, Disk: machine.AHCI, BMC: true}, nil) {
		names = append(names, c.Name)
	}
	if got := strings.Join(names, " "); got != "hardware-drives hardware-board hardware-platform hardware-network hardware-bmc hardware-power" {
		t.Errorf("checks %s", got)
	}
}

// What the audit has to report of the firmware's strings is what is left of them by dmidecode,
// which prints a point for each byte that is not printable ASCII, and then by the report.
func TestFirmwareStrings(t *testing.T) {
	args := strings.Join(Of(machine.Machine{Profile: machine.Server}, Network{}).Args, " ")
	for given, want := range map[string]string{
		manufacturer: manufacturerPrinted, biosVersion: biosVersionPrinted, systemSerial: systemSerialReported,
	} {
		printed := []byte(given)
		for i, c := range printed {
			if c < ' ' || c > '~' {
				printed[i] = '.'
			}
		}
		if got := printable.Escape(printed); got != want {
			t.Errorf("%q would be %q, and %q is wanted", given, got, want)
		}
		if !strings.Contains(args, strings.ReplaceAll(given, ",", ",,")) {
			t.Errorf("no %q in %q", given, args)
		}
	}
}

func TestCheck(t *testing.T) {
	wants := []want{
		{"drives", "storage.drives", fields{"serial_number": "A", "size_bytes": 8 << 30}},
		{"drives", "storage.drives", fields{"serial_number": "B", "model": absent}},
		{"board", "board.system", fields{"serial_number": "S"}},
	}
	const good = `{"board": {"system": {"serial_number": "S"}}, "storage": {"drives": [
		{"serial_number": "B"}, 5, {"serial_number": "A", "size_bytes": 8589934592}]}}`
	for name, c := range map[string]struct{ from, to, drives, board string }{
		"all there":       {"", "", "PASS drives: 2 found as given to QEMU", "PASS board: 1 found as given to QEMU"},
		"another size":    {"8589934592", "5", "FAIL drives: storage.drives has nothing with serial_number A, size_bytes 8589934592; the nearest: size_bytes is 5", ""},
		"not absent":      {`"B"`, `"B", "model": "M"`, "FAIL drives: storage.drives has nothing with model absent, serial_number B; the nearest: model is M", ""},
		"a missing field": {`"serial_number": "S"`, ``, "", "FAIL board: board.system has nothing with serial_number S; the nearest: serial_number is absent"},
		"no section":      {`"storage"`, `"strage"`, "FAIL drives: nothing in storage.drives", ""},
		"no JSON":         {`{"board"`, `{board`, "FAIL drives: the report is no JSON", "FAIL board: the report is no JSON"},
	} {
		checks := checkAll(wants, []byte(strings.Replace(good, c.from, c.to, 1)))
		if len(checks) != 2 || checks[0].Name != "drives" || checks[1].Name != "board" {
			t.Fatalf("%s: %v", name, checks)
		}
		for i, want := range []string{c.drives, c.board} {
			if got := checks[i].String(); !strings.HasPrefix(got, want) || want == "" && checks[i].Status != check.Pass {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
	}
}

// The tables are what their formats say; that ipmitool and dmidecode read them
// is seen in a boot.
func TestFirmwareTables(t *testing.T) {
	sum := func(b []byte) (sum byte) {
		for _, c := range b {
			sum += c
		}
		return sum
	}
	withPower := fru{manufacturer: "ACME", serial: "Y", watts: 750}.bytes()
	for i, unit := range [][]byte{fru{serial: "X"}.bytes(), withPower} {
		product := unit[int(unit[4])*8:]
		product = product[:int(product[1])*8]
		if sum(unit[:8]) != 0 || sum(product) != 0 {
			t.Errorf("inventory %d: wrong checksum", i)
		}
	}
	records := withPower[int(withPower[5])*8:]
	if sum(records[:5]) != 0 || sum(records[5:5+records[2]])+records[3] != 0 {
		t.Error("the power supply's record has a wrong checksum")
	}
	for i, r := range numbered(fruLocator(1, entityPowerSupply, 1, "PSU"), sensorRecord(2, 4, 18, 100, "FAN2")) {
		if int(r[0]) != i+1 || len(r) != 5+int(r[4]) {
			t.Errorf("record %x", r)
		}
	}
	if r := sensorRecord(2, 4, 18, 100, "FAN2"); r[47] != 0xc4 || string(r[48:]) != "FAN2" || r[7] != 2 || r[21] != 18 || r[24] != 100 {
		t.Errorf("sensor %x", r)
	}
	if e := memoryError(time.Unix(0x01020304, 0)); len(e) != 16 || e[3] != 4 || e[10] != 0x0c {
		t.Errorf("event %x", e)
	}
	for _, p := range []powerSupply{{location: "L"}, {location: "L", serial: "S", watts: 750, present: true}} {
		b := p.smbios()
		if int(b[1]) != 22 || b[22] != 'L' || b[4+1] != 1 || !strings.HasSuffix(string(b), "\x00\x00") {
			t.Errorf("structure %x", b)
		}
	}
}
