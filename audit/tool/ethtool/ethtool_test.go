package ethtool

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
)

const driverSample = `driver: ice
version: 6.12.1-amd64
firmware-version: 4.40 0x8001ba1d 22.5.7
expansion-rom-version: 
bus-info: 0000:22:00.3
supports-statistics: yes
`

func TestParseDriver(t *testing.T) {
	got, err := ParseDriver([]byte(driverSample))
	if want := (Driver{"ice", "6.12.1-amd64", "4.40 0x8001ba1d 22.5.7", "0000:22:00.3"}); err != nil || got != want {
		t.Errorf("got %+v, want %+v, error %v", got, want, err)
	}
	got, err = ParseDriver([]byte("driver: a\xffb\nversion: N/A\nfirmware-version: N/A\nbus-info:\n"))
	if want := (Driver{Name: `a\xffb`}); err != nil || got != want {
		t.Errorf("got %+v, want %+v, error %v", got, want, err)
	}
	for _, bad := range []string{"", "ethtool: broken\n"} {
		if _, err := ParseDriver([]byte(bad)); err == nil {
			t.Errorf("%q passes for a driver", bad)
		}
	}
}

func TestParsePermanentAddress(t *testing.T) {
	for out, want := range map[string]string{
		"Permanent address: 52:54:00:12:34:56\n": "52:54:00:12:34:56",
		"Permanent address: AC:1F:6B:00:00:01\n": "ac:1f:6b:00:00:01",
		// An InfiniBand port.
		"Permanent address: 00:00:00:00:fe:80:00:00:00:00:00:00:00:02:c9:03:00:0a:0b:0c\n": "00:00:00:00:fe:80:00:00:00:00:00:00:00:02:c9:03:00:0a:0b:0c",
		"Permanent address: not set\n":           "",
		"Permanent address: 00:00:00:00:00:00\n": "",
		"Permanent address: ff:ff:ff:ff:ff:ff\n": "",
		"Permanent address: 52:54:0:12\n":        "",
		"Permanent address:\n":                   "",
	} {
		if got, err := ParsePermanentAddress([]byte(out)); err != nil || got != want {
			t.Errorf("%q: got %q, want %q, error %v", out, got, want, err)
		}
	}
	if _, err := ParsePermanentAddress([]byte("52:54:00:12:34:56\n")); err == nil {
		t.Error("rubbish passes for an address")
	}
}

// The two ways of ethtool to print link modes: two in a line, or one.
const settingsSample = `Settings for eth0:
	Supported ports: [ TP ]
	Supported link modes:   10baseT/Half 10baseT/Full 
	                        1000baseKX/Full 
	                        400000baseDR4/Full
	                        100000baseLR4_ER4/Full
	                        BIT98
	Supported pause frame use: No
	Advertised link modes:  800000baseCR8/Full
	Speed: 100000Mb/s
	Duplex: Full
	Auto-negotiation: on
	Port: Direct Attach Copper
        Current message level: 0x00000007 (7)
                               drv probe link
	Link detected: yes
`

func TestParseSettings(t *testing.T) {
	yes, no := true, false
	for _, c := range []struct {
		out  string
		want Settings
	}{
		{settingsSample, Settings{400000, 100000, "full", "Direct Attach Copper", &yes, ""}},
		{"Settings for eth1:\n\tSupported link modes: Not reported\n\tSpeed: Unknown!\n\tDuplex: Unknown! (255)\n\tPort: Unknown! (240)\n\tLink detected: no (Autoneg, No partner detected)\n",
			Settings{Link: &no, NoLinkReason: "Autoneg, No partner detected"}},
		{"Settings for eth2:\n\tDuplex: Half\n\tSpeed: 10Mb/s\n\tPort: None\n\tLink detected: no\n", Settings{SpeedMbps: 10, Duplex: "half", Link: &no}},
		{"Settings for eth3:\n\tLink detected: Unknown\n", Settings{}},
	} {
		got, err := ParseSettings([]byte(c.out))
		if (got.Link == nil) != (c.want.Link == nil) || got.Link != nil && *got.Link != *c.want.Link {
			t.Errorf("link %v, want %v, of:\n%s", got.Link, c.want.Link, c.out)
		}
		got.Link, c.want.Link = nil, nil
		if err != nil || got != c.want {
			t.Errorf("got %+v, want %+v, error %v, of:\n%s", got, c.want, err, c.out)
		}
	}
	for _, bad := range []string{"", "Speed: 10Mb/s\n"} {
		if _, err := ParseSettings([]byte(bad)); err == nil {
			t.Errorf("%q passes for settings", bad)
		}
	}
}

func TestUnsupported(t *testing.T) {
	for _, c := range []struct {
		stdout, stderr string
		want           bool
	}{
		{"", "Cannot get driver information: Operation not supported\n", true},
		{"", "netlink error: Operation not supported\n", true},
		{"No data available\n", "", true},
		{"", "Cannot get driver information: No such device\n", false},
		{"", "", false},
	} {
		if got := Unsupported([]byte(c.stdout), []byte(c.stderr)); got != c.want {
			t.Errorf("%q, %q: %v", c.stdout, c.stderr, got)
		}
	}
}

var address = regexp.MustCompile(`^(?:[0-9a-f]{2}(?::[0-9a-f]{2})*)?$`)

// Whatever the text, what is read from it fits its field and can be printed.
func FuzzParse(f *testing.F) {
	f.Add([]byte(driverSample))
	f.Add([]byte(settingsSample))
	f.Add([]byte("Permanent address: 52:54:00:12:34:56\n"))
	f.Add([]byte("Settings for \xff:\n:\n\x00\nLink detected: no (\nPort: \x1b[2J"))
	f.Fuzz(func(t *testing.T, out []byte) {
		d, _ := ParseDriver(out)
		a, _ := ParsePermanentAddress(out)
		s, err := ParseSettings(out)
		for _, text := range []string{d.Name, d.Version, d.FirmwareVersion, d.BusAddress, a, s.Duplex, s.Port, s.NoLinkReason} {
			if strings.ContainsFunc(text, unicode.IsControl) || strings.Contains(text, "\ufffd") && !strings.Contains(string(out), "\ufffd") {
				t.Errorf("%q cannot be printed", text)
			}
		}
		if !address.MatchString(a) {
			t.Errorf("address %q", a)
		}
		if err != nil && s != (Settings{}) || s.NoLinkReason != "" && (s.Link == nil || *s.Link) ||
			s.Duplex != "" && s.Duplex != "full" && s.Duplex != "half" {
			t.Errorf("settings %+v, error %v", s, err)
		}
	})
}
