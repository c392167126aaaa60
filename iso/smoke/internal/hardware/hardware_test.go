package hardware

import (
	"strings"
	"testing"

	"bee/core/check"

	"bee/core/machine"
	"bee/iso/smoke/internal/qemu"
)

func TestOf(t *testing.T) {
	for _, c := range []struct {
		machine machine.Machine
		files   int
		args    []string // in this order
	}{
		{machine.Machine{Profile: machine.Plain, Network: machine.Virtio, Disk: machine.NVMe}, 0,
			[]string{"nvme,drive=disk,", "hostfwd=tcp:127.0.0.1:22022-:22", "virtio-net-pci,netdev=net1,mac=52:54:00:be:e0:01"}},
		{machine.Machine{Profile: machine.Plain, Network: machine.E1000e, Disk: machine.VirtioBlk, BMC: true}, 2,
			[]string{"virtio-blk-pci,drive=disk,", "hostfwd=tcp:127.0.0.1:22022-:22", "e1000e,netdev=net1", "ipmi-bmc-sim,id=bmc"}},
		{machine.Machine{Profile: machine.Plain, Network: machine.Four, Disk: machine.AHCI}, 0,
			[]string{"ide-hd,", "hostfwd=", "netdev=net1", "netdev=net2", "netdev=net3", "e1000,netdev=net4,mac=52:54:00:be:e0:04"}},
		{machine.Machine{Profile: machine.Plain, Network: machine.None, Disk: machine.VirtioSCSI}, 0, []string{"scsi-hd,drive=disk,bus=scsi.0"}},
		{machine.Machine{Profile: machine.Server, BMC: true}, 4, []string{"hostfwd=", "virtio-net-pci,", "e1000e,", "vmxnet3,", "ipmi-bmc-sim,"}},
	} {
		hardware := Of(c.machine, Network{SSH: "127.0.0.1:22022"})
		rest := strings.Join(hardware.Args, " ")
		if got, want := strings.Count(rest, "-netdev"), strings.Count(strings.Join(c.args, " "), "netdev=net"); c.machine.Profile == machine.Plain && got != want {
			t.Errorf("%+v: %d network cards, want %d", c.machine, got, want)
		}
		for i := range hardware.Files {
			if !strings.Contains(rest, "="+qemu.File(i)) {
				t.Errorf("%+v: nothing names file %d", c.machine, i)
			}
		}
		if len(hardware.Files) != c.files {
			t.Errorf("%+v: %d files, want %d", c.machine, len(hardware.Files), c.files)
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
	if got := strings.Join(names, " "); got != "hardware-drives hardware-board hardware-network hardware-bmc hardware-power" {
		t.Errorf("checks %s", got)
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
	file := fruFile(fru{serial: "X"}, fru{manufacturer: "ACME", serial: "Y", watts: 750})
	if len(file) != 2*fruSize {
		t.Fatalf("%d bytes", len(file))
	}
	for i := range 2 {
		unit := file[i*fruSize:]
		product := unit[int(unit[4])*8:]
		product = product[:int(product[1])*8]
		if sum(unit[:8]) != 0 || sum(product) != 0 {
			t.Errorf("inventory %d: wrong checksum", i)
		}
	}
	records := file[fruSize:][int(file[fruSize+5])*8:]
	if sum(records[:5]) != 0 || sum(records[5:5+records[2]])+records[3] != 0 {
		t.Error("the power supply's record has a wrong checksum")
	}
	sdr := sdrFile(fruLocator(1, entityPowerSupply, 1, "PSU"), fruLocator(2, entityPowerSupply, 2, "PSU2"))
	if second := sdr[5+int(sdr[4]):]; sdr[0] != 1 || second[0] != 2 || len(second) != 5+int(second[4]) {
		t.Errorf("records %x", sdr)
	}
	for _, p := range []powerSupply{{location: "L"}, {location: "L", serial: "S", watts: 750, present: true}} {
		b := p.smbios()
		if int(b[1]) != 22 || b[22] != 'L' || b[4+1] != 1 || !strings.HasSuffix(string(b), "\x00\x00") {
			t.Errorf("structure %x", b)
		}
	}
}
