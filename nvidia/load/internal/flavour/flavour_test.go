package flavour

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestDrives(t *testing.T) {
	for device, want := range map[uint16][]Flavour{
		0x0fff: nil, 0x1024: nil, 0x133f: nil, // Kepler
		0x1340: {Proprietary}, 0x17fd: {Proprietary}, // Maxwell
		0x15f8: {Proprietary}, 0x1d56: {Proprietary}, // Pascal
		0x1db6: {Proprietary}, 0x1df6: {Proprietary}, 0x1dff: {Proprietary}, // Volta
		0x1e00: {Open, Proprietary}, 0x1eb8: {Open, Proprietary}, // Turing
		0x20b5: {Open, Proprietary}, 0x25b6: {Open, Proprietary}, // Ampere
		0x2330: {Open, Proprietary}, 0x2335: {Open, Proprietary}, 0x237e: {Open, Proprietary}, // Hopper
		0x2341: {Open, Proprietary}, 0x2342: {Open}, 0x2348: {Open}, 0x2349: {Open, Proprietary}, // Grace Hopper
		0x2684: {Open, Proprietary}, 0x28f8: {Open, Proprietary}, 0x28ff: {Open, Proprietary}, // Ada
		0x2900: {Open}, 0x2901: {Open}, 0x2bb5: {Open}, 0x3182: {Open}, // Blackwell
		0xffff: {Open},
	} {
		for _, f := range []Flavour{Open, Proprietary} {
			if got := f.Drives(device); got != slices.Contains(want, f) {
				t.Errorf("%s drives %04x: %v", f, device, got)
			}
		}
	}
}

func TestBest(t *testing.T) {
	const kepler, volta, ampere, blackwell = 0x1024, 0x1db6, 0x20b5, 0x2901
	tests := map[string]struct {
		devices []uint16
		want    Flavour
	}{
		"both drive it":         {[]uint16{ampere}, Open},
		"only proprietary":      {[]uint16{volta}, Proprietary},
		"only open":             {[]uint16{blackwell}, Open},
		"all by proprietary":    {[]uint16{ampere, volta, ampere}, Proprietary},
		"all by open":           {[]uint16{ampere, blackwell}, Open},
		"most by open":          {[]uint16{volta, blackwell, blackwell}, Open},
		"most by proprietary":   {[]uint16{volta, blackwell, volta}, Proprietary},
		"as many":               {[]uint16{volta, blackwell}, Open},
		"what none drives":      {[]uint16{kepler, kepler, volta}, Proprietary},
		"nothing to drive here": {nil, Open},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Best(test.devices); got != test.want {
				t.Errorf("%s, not %s", got, test.want)
			}
		})
	}
}

// byChip are the flavours by the two letters that chips' names begin with. Grace
// Hopper is told apart below.
var byChip = map[string][]Flavour{
	"GM": {Proprietary}, "GP": {Proprietary}, "GV": {Proprietary},
	"TU": {Open, Proprietary}, "GA": {Open, Proprietary}, "AD": {Open, Proprietary}, "GH": {Open, Proprietary},
	"GB": {Open}, "GR": {Open},
	"GF": nil, "GK": nil, "GT": nil, "NV": nil, "MC": nil,
}

// TestPCIIDs holds the table against all that Debian's package pci.ids knows of
// NVIDIA's display controllers.
func TestPCIIDs(t *testing.T) {
	const file = "/usr/share/misc/pci.ids"
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is missing: install the package pci.ids", file)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var (
		device = regexp.MustCompile(`^\t([0-9a-f]{4})  ((?:MCP|NV|[GTA][A-Z])[0-9A-Z]+|[CG][0-9]{2,3})\b(.*)`)
		// functions beside the display controller, and boards with no GPU
		other  = regexp.MustCompile(`(?i)NVSwitch|audio|USB|UCSI|SMBus|bridge|PCI|SATA|IDE\b|Ethernet|Memory|LPC|Modem|Controller|Processor|SMU|Co-?processor`)
		nvidia bool
		seen   = map[string]int{}
	)
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if !strings.HasPrefix(line, "\t") && !strings.HasPrefix(line, "#") {
			nvidia = strings.HasPrefix(line, "10de ")
		}
		m := device.FindStringSubmatch(line)
		if !nvidia || m == nil || other.MatchString(m[3]) {
			continue
		}
		id, err := strconv.ParseUint(m[1], 16, 16)
		if err != nil {
			t.Fatal(err)
		}
		chip := m[2]
		family := chip[:2]
		want, known := byChip[family]
		if chip[1] >= '0' && chip[1] <= '9' { // C51, G80
			want, known = nil, true
		}
		if chip == "GN20" || chip == "GN21" { // laptops with Ampere and Ada
			want, known = []Flavour{Open, Proprietary}, true
		}
		// 2343 and 2345 have no product's name
		if strings.Contains(m[3], "GH200") || chip == "GH100" && 0x2342 < id && id < 0x2348 {
			want = []Flavour{Open}
		}
		if !known {
			t.Errorf("%s: chip %s is of no known family: %s", m[1], chip, line)
		}
		if got := Of(uint16(id)).Flavours; !slices.Equal(got, want) {
			t.Errorf("%s: %v, not %v: %s", m[1], got, want, line)
		}
		seen[family]++
	}
	for _, family := range []string{"GK", "GM", "GP", "GV", "TU", "GA", "GH", "AD"} {
		if seen[family] == 0 {
			t.Errorf("%s has no chip %s…: is it read rightly?", file, family)
		}
	}
	t.Log(seen)
}
