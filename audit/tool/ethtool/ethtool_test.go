package ethtool

import (
	"math"
	"reflect"
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

// sfp and qsfp are modules as ethtool prints them, cut short.
const (
	sfp = "\tIdentifier                                : 0x03 (SFP)\n" +
		"\tVendor name                               : ACME\n\tVendor OUI                                : 00:00:5e\n\tVendor PN                                 : AC-10G-SR\n" +
		"\tVendor rev                                : \n\tVendor SN                                 : AX0001\n\tDate code                                 : 260218\n" +
		"\tLaser output power                        : 0.5547 mW / -2.56 dBm\n\tReceiver signal average optical power     : 0.0001 mW / -40.00 dBm\n" +
		"\tModule temperature                        : 41.05 degrees C / 105.90 degrees F\n\tAlarm/warning flags implemented           : Yes\n" +
		"\tLaser rx power low alarm                  : On\n\tLaser rx power high alarm                 : Off\n\tLaser rx power low warning                : On\n" +
		"\tLaser rx power low alarm threshold        : 0.0158 mW / -18.01 dBm\n"
	qsfp = "\tIdentifier                                : 0x11 (QSFP28)\n\tVendor name                               : ACME\n\tVendor PN                                 : AC-100G\n" +
		"\tVendor rev                                : A3\n\tVendor SN                                 : MT0002\n\tModule temperature                        : nan degrees C\n" +
		"\tTransmit avg optical power (Channel 1)    : 0.9077 mW / -0.42 dBm\n\tTransmit avg optical power (Channel 2)    : 0.0000 mW / -inf dBm\n" +
		"\tRcvr signal avg optical power(Channel 1)  : 0.9522 mW / -0.21 dBm\n\tReceiver Signal average optical power (Channel 2) : 0.0000 mW / -inf dBm\n" +
		"\tLaser bias current low alarm    (Chan 2)  : On\n"
)

func TestParseModule(t *testing.T) {
	degrees := func(n float64) *float64 { return &n }
	for out, want := range map[string]Module{
		sfp: {Type: "SFP", Vendor: "ACME", PartNumber: "AC-10G-SR", SerialNumber: "AX0001", DateCode: "260218", Celsius: degrees(41.05),
			Received: []float64{0.0001}, Sent: []float64{0.5547}, Alarms: []string{"Laser rx power low alarm", "Laser rx power low warning"}},
		qsfp: {Type: "QSFP28", Vendor: "ACME", PartNumber: "AC-100G", Revision: "A3", SerialNumber: "MT0002",
			Received: []float64{0.9522, 0}, Sent: []float64{0.9077, 0}, Alarms: []string{"Laser bias current low alarm (Chan 2)"}},
		"\tIdentifier : 0x23 (no module present, unknown, or unspecified)\n": {},
	} {
		if got, err := ParseModule([]byte(out)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v\nwant %+v", got, err, want)
		}
	}
	if _, err := ParseModule([]byte("netlink error: Input/output error\n")); err == nil {
		t.Error("an error of ethtool is taken for a module")
	}
}

func TestParseFEC(t *testing.T) {
	f, err := ParseFEC([]byte("FEC parameters for eth0:\nSupported/Configured FEC encodings: Auto RS BaseR\nActive FEC encoding: RS\nStatistics:\n  corrected_blocks: 123\n  uncorrectable_blocks: 4 [ per_lane: 4 ]\n"))
	if err != nil || f.Active != "RS" || *f.Corrected != 123 || *f.Uncorrectable != 4 {
		t.Errorf("%+v, %v", f, err)
	}
	f, err = ParseFEC([]byte("FEC parameters for swp23:\nConfigured FEC encodings: Auto\nActive FEC encodings: Off\n"))
	if err != nil || f.Active != "Off" || f.Corrected != nil || f.Uncorrectable != nil {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := ParseFEC([]byte("nonsense")); err == nil {
		t.Error("nonsense is taken for FEC")
	}
}

func TestNothing(t *testing.T) {
	for stderr, want := range map[string]bool{
		"netlink error: Input/output error\n": true, "Cannot get module EEPROM information: Operation not supported\n": true,
		"ethtool: bad command line argument(s)\nFor more information run ethtool -h\n": true, "Segmentation fault\n": false, "": false,
	} {
		if got := Nothing(nil, []byte(stderr)); got != want {
			t.Errorf("%q: %v", stderr, got)
		}
		if Nothing([]byte("Identifier: 0x03\n"), []byte(stderr)) {
			t.Errorf("%q: a module is nothing", stderr)
		}
	}
}

func FuzzModule(f *testing.F) {
	f.Add([]byte(sfp))
	f.Add([]byte(qsfp))
	f.Add([]byte("Active FEC encoding: RS\n  corrected_blocks: 123\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		m, _ := ParseModule(out)
		for _, n := range append(m.Received, m.Sent...) {
			if !(n >= 0) || math.IsInf(n, 0) {
				t.Error(n)
			}
		}
		fec, _ := ParseFEC(out)
		if strings.ContainsAny(m.Vendor+m.PartNumber+strings.Join(m.Alarms, "")+fec.Active, "\n\x1b") {
			t.Errorf("%+v %+v", m, fec)
		}
	})
}
