package hardware

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bee/iso/smoke/check"
)

func TestFind(t *testing.T) {
	if _, err := Find("toaster"); err == nil || !strings.Contains(err.Error(), "toaster") {
		t.Errorf("got %v", err)
	}
	for _, name := range []string{Plain, Server} {
		p, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("TMPDIR", t.TempDir())
		args, remove, err := p.Install()
		if err != nil {
			t.Fatal(err)
		}
		dirs, _ := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*"))
		if len(dirs) != 1 {
			t.Fatalf("%s: folders %q", name, dirs)
		}
		dir := dirs[0]
		files, _ := os.ReadDir(dir)
		for _, file := range files {
			if !strings.Contains(strings.Join(args, " "), filepath.Join(dir, file.Name())) {
				t.Errorf("%s: nothing names %s", name, file.Name())
			}
		}
		if len(files) != len(p.files) {
			t.Errorf("%s: %d files, want %d", name, len(files), len(p.files))
		}
		remove()
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: %s is left behind", name, dir)
		}
	}
}

func TestCheck(t *testing.T) {
	p := Profile{wants: []want{
		{"drives", "storage.drives", fields{"serial_number": "A", "size_bytes": 8 << 30}},
		{"drives", "storage.drives", fields{"serial_number": "B", "model": absent}},
		{"board", "board.system", fields{"serial_number": "S"}},
	}}
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
		checks := p.Check([]byte(strings.Replace(good, c.from, c.to, 1)))
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
