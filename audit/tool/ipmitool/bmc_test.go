package ipmitool

import (
	"fmt"
	"strings"
	"testing"
)

const sensors = `CPU1 Temp        | 38.000     | degrees C  | ok    | na        | 0.000     | 5.000     | 93.000    | 98.000    | 98.000
FAN3             | na         |            | na    | na        | na        | na        | na        | na        | na
FAN1             | 700.000    | RPM        | lnc   | 300.000   | 500.000   | 700.000   | 25300.000 | 25400.000 | 25500.000
PS1 Status       | 0x1        | discrete   | 0x0100| na        | na        | na        | na        | na        | na
Chassis Intru    | nan        | Volts      | cr    | inf       | na        | na        | na        | na        | na
Get HPM.x Capabilities request failed, compcode = c9
`

func show(p *float64) string {
	if p == nil {
		return "-"
	}
	return fmt.Sprint(*p)
}

func TestParseSensors(t *testing.T) {
	all, err := ParseSensors([]byte(sensors))
	var got []string
	for _, r := range all {
		limits := []string{show(r.LowerNR), show(r.LowerCR), show(r.LowerNC), show(r.UpperNC), show(r.UpperCR), show(r.UpperNR)}
		got = append(got, fmt.Sprintf("%s: %s %s %s %s", r.Name, show(r.Value), Unit(r.Unit), Beyond(r.Status), strings.Join(limits, " ")))
	}
	want := []string{
		"CPU1 Temp: 38 celsius ok - 0 5 93 98 98",
		"FAN3: -  na - - - - - -",
		"FAN1: 700 rpm nc 300 500 700 25300 25400 25500",
		"PS1 Status: -  0x0100 - - - - - -",
		"Chassis Intru: - volts cr - - - - - -",
	}
	if err != nil || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%v\n%s\nwant\n%s", err, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if _, err := ParseSensors([]byte("Could not open device at /dev/ipmi0\n")); err == nil {
		t.Error("an error of ipmitool is taken for sensors")
	}
	if all, err := ParseSensors(nil); err != nil || len(all) > 0 {
		t.Errorf("nothing: %v, %v", all, err)
	}
}

const events = `   1 | 05/01/2026 | 13:02:11 | Temperature CPU1 Temp | Upper Critical going high | Asserted | Reading 96 > Threshold 90 degrees C
   2 | 05/01/26 | 01:02:45 PM UTC | Temperature CPU1 Temp | Upper Critical going high | Deasserted
   3 | Pre-Init  |0000000029| Power Supply PS2 | Power Supply AC lost | Asserted
   4 |  Pre-Init  |Pre-Init   | Memory #0x53 | Correctable ECC | Asserted
  1a | 05/02/2026 | 08:15:02 HKT | Event Logging Disabled #0x07 | Log area reset/cleared | Asserted
  1b | 05/02/2026 | 08:15:02 | OEM record df | 040320
`

func TestParseEvents(t *testing.T) {
	all, err := ParseEvents([]byte(events))
	var got []string
	for _, e := range all {
		got = append(got, fmt.Sprintf("%x %s %q %q %s %q %s", e.ID, e.Time.Format("2006-01-02T15:04:05"), e.Sensor, e.Text, e.Direction, e.More, e.Severity()))
	}
	want := []string{
		`1 2026-05-01T13:02:11 "Temperature CPU1 Temp" "Upper Critical going high" Asserted "Reading 96 > Threshold 90 degrees C" critical`,
		`2 2026-05-01T13:02:45 "Temperature CPU1 Temp" "Upper Critical going high" Deasserted "" info`,
		`3 0001-01-01T00:00:00 "Power Supply PS2" "Power Supply AC lost" Asserted "" warning`,
		`4 0001-01-01T00:00:00 "Memory #0x53" "Correctable ECC" Asserted "" warning`,
		`1a 2026-05-02T08:15:02 "Event Logging Disabled #0x07" "Log area reset/cleared" Asserted "" info`,
		`1b 2026-05-02T08:15:02 "OEM record df" "040320"  "" info`,
	}
	if err != nil || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%v\n%s\nwant\n%s", err, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if _, err := ParseEvents([]byte("Get SEL Info command failed\n")); err == nil {
		t.Error("an error of ipmitool is taken for events")
	}
	if all, err := ParseEvents([]byte("SEL has no entries\n")); err != nil || len(all) > 0 {
		t.Errorf("none: %v, %v", all, err)
	}
}

// The states are those of the IPMI specification 2.0, as ipmitool words them.
func TestSeverity(t *testing.T) {
	for severity, texts := range map[string][]string{
		"critical": {
			"Upper Critical going high", "Lower Non-recoverable going low", "Uncorrectable ECC", "IERR", "Thermal Trip", "Drive Fault", "Failure detected",
			"PCI SERR", "Bus Fatal Error", "Bus Uncorrectable error", "Uncorrectable machine check exception", "Transition to Critical from less severe",
			"Transition to Non-recoverable", "Configuration Error", "Run-time Stop", "FRB1/BIST failure",
		},
		"warning": {
			"Upper Non-critical going high", "Transition to Non-Critical from OK", "Correctable ECC", "Correctable ECC logging limit reached", "Correctable machine check error",
			"Predictive failure", "Predictive Failure", "Power Supply AC lost", "Redundancy Lost", "Redundancy Degraded", "Non-Redundant: Sufficient from Redundant", "General Chassis intrusion", "Hard reset", "Throttled",
		},
		"info": {
			"Presence detected", "Drive Present", "Power off/down", "Log area reset/cleared", "S0/G0: working", "Fully Redundant", "Transition to OK", "Timestamp Clock Sync", "Boot completed", "State Asserted", "Device Present", "Power cycle",
		},
	} {
		for _, text := range texts {
			if got := (Event{Text: text, Direction: "Asserted"}).Severity(); got != severity {
				t.Errorf("%s is %s, want %s", text, got, severity)
			}
		}
	}
}

func TestParseFields(t *testing.T) {
	f, err := ParseFields([]byte("Set in Progress         : Set Complete\nAuth Type Enable        : Callback : MD5\n                        : User     : MD5\nIP Address              : 10.0.0.5\nPercent Used     : 18%\nFree Space : 65535 bytes or more\nSystem Power         : on\nPower Overload       : false\nChassis Intrusion    : inactive\nLast Power Event     :\n802.1q VLAN ID          : Disabled\nDrive Fault : perhaps\n"), "IP Address")
	if err != nil {
		t.Fatal(err)
	}
	flag := func(field string) string {
		if p := f.Flag(field); p != nil {
			return fmt.Sprint(*p)
		}
		return "-"
	}
	got := fmt.Sprint(f.Text("IP Address"), " ", *f.Count("Percent Used"), " ", *f.Number("Free Space"), " ", flag("System Power"), " ", flag("Power Overload"), " ",
		flag("Chassis Intrusion"), " ", flag("Drive Fault"), " ", f.Text("Last Power Event"), " ", f.Number("802.1q VLAN ID") == nil, " ", f.Count("802.1q VLAN ID") == nil)
	if want := "10.0.0.5 18 65535 true false false -  true true"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if _, err := ParseFields([]byte("Invalid channel: 1\n"), "IP Address"); err == nil {
		t.Error("an error of ipmitool is taken for fields")
	}
}

func TestNoLAN(t *testing.T) {
	for _, c := range []struct {
		stdout, stderr string
		want           bool
	}{
		{"", "Get Channel Info command failed: Invalid command\n", true}, {"", "Invalid channel: 255\n", true}, {"Invalid channel: 1\n", "", true},
		{"", "Could not open device at /dev/ipmi0 or /dev/ipmi/0 or /dev/ipmidev/0: No such file or directory\n", false}, {"", "", false},
		{"Set in Progress : Set Complete\n", "Get Channel Info command failed\n", false},
	} {
		if got := NoLAN([]byte(c.stdout), []byte(c.stderr)); got != c.want {
			t.Errorf("%q, %q: %v", c.stdout, c.stderr, got)
		}
	}
}

func FuzzBMC(f *testing.F) {
	f.Add([]byte(sensors))
	f.Add([]byte(events))
	f.Add([]byte("IP Address : 10.0.0.5\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		readings, _ := ParseSensors(out)
		for _, r := range readings {
			if r.Name == "" || strings.ContainsAny(r.Name+r.Unit+r.Status, "\n\x1b") {
				t.Errorf("%+v", r)
			}
		}
		all, _ := ParseEvents(out)
		for _, e := range all {
			if strings.ContainsAny(e.Sensor+e.Text+e.More+e.Direction, "\n\x1b") || e.Severity() == "" {
				t.Errorf("%+v", e)
			}
		}
		ParseFields(out, "IP Address")
	})
}
