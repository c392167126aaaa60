package powersupply

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"bee/audit/report"
	"bee/audit/tool/dmidecode"
	"bee/audit/tool/ipmitool"
)

// smbios is a structure of type 39 with some fields, "Name: value" each.
func smbios(n int, fields ...string) string {
	return fmt.Sprintf("Handle 0x%04X, DMI type 39, 22 bytes\nSystem Power Supply\n\t%s\n\n", 0x2700+n, strings.Join(fields, "\n\t"))
}

func all(t *testing.T, table, fru, sdr string) *report.PSU {
	t.Helper()
	structures, err := dmidecode.Parse([]byte("SMBIOS 3.2 present.\n" + table))
	if err != nil {
		t.Fatal(err)
	}
	var frus []ipmitool.FRU
	if fru != "" {
		if frus, err = ipmitool.ParseFRU([]byte(fru)); err != nil {
			t.Fatal(err)
		}
	}
	records, err := ipmitool.ParseSDR([]byte(sdr))
	if err != nil {
		t.Fatal(err)
	}
	return All(structures, frus, records)
}

// brief is a supply in a line: name, what it is known by, state.
func brief(s report.PowerSupply) string {
	parts := []string{s.Name, s.Handle}
	if s.FRUID != nil {
		parts = append(parts, fmt.Sprint("fru", *s.FRUID))
	}
	parts = append(parts, s.SerialNumber, s.State)
	if s.Present != nil {
		parts = append(parts, fmt.Sprint(*s.Present))
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}

func check(t *testing.T, what string, psu *report.PSU, want ...string) {
	t.Helper()
	var got []string
	for _, s := range psu.Supplies {
		got = append(got, brief(s))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got  %s\n want %s", what, strings.Join(got, "\n      "), strings.Join(want, "\n      "))
	}
}

func TestSMBIOS(t *testing.T) {
	template := []string{"Location: To Be Filled By O.E.M.", "Name: To Be Filled By O.E.M.", "Max Power Capacity: Unknown", "Plugged: Yes"}
	psu := all(t, smbios(0, "Location: PSU1", "Name: PWS-920P-SQ", "Manufacturer: ACME", "Serial Number: S1", "Model Part Number: PN ", "Revision: 1.1",
		"Max Power Capacity: 920 W", "Status: Present, OK", "Type: Switching", "Plugged: Yes", "Hot Replaceable: Yes")+
		smbios(1, "Location: PSU2", "Status: Not Present", "Max Power Capacity: Unknown", "Hot Replaceable: No")+
		smbios(2, "Name: Power Supply 3", "Status: Present, Critical", "Plugged: Yes", "Max Power Capacity: 65535 W")+
		smbios(3, "Name: PWR SPLY,750W", "Status: Present, Unknown", "Plugged: No")+
		smbios(4, "Location: Bay", "Status: Present, Unknown", "Plugged: Yes")+
		smbios(5, append(template, "Status: Present, OK")...)+
		smbios(6, append(template, "Status: Not Present")...)+
		smbios(7, "Location: Rear", "Status: <OUT OF SPEC>")+
		smbios(8), "", "")
	check(t, "states", psu,
		"PSU1 0x2700 S1 ok true", "PSU2 0x2701 absent false", "Power Supply 3 0x2702 failed true", "0x2703 no_input true",
		"Bay 0x2704 unknown true", "0x2705 unknown", "0x2706 unknown", "Rear 0x2707 unknown", "0x2708 unknown")
	s := psu.Supplies[0]
	if s.Model != "PWS-920P-SQ" || s.Manufacturer != "ACME" || s.PartNumber != "PN" || s.Revision != "1.1" || s.MaxWatts != 920 ||
		s.Type != "Switching" || s.HotPluggable == nil || !*s.HotPluggable || !slices.Equal(s.Status, []string{"Present, OK"}) {
		t.Errorf("%+v", s)
	}
	if s := psu.Supplies[2]; s.Model != "" || s.MaxWatts != 0 {
		t.Errorf("%+v", s)
	}
	if s := psu.Supplies[3]; !slices.Equal(s.Status, []string{"Present, Unknown", "Unplugged"}) || s.HotPluggable != nil {
		t.Errorf("%+v", s)
	}
}

// A machine that runs has a supply, and one whose table knows none has a template.
func TestTemplates(t *testing.T) {
	place := func(n int, fields ...string) string {
		return smbios(n, append([]string{fmt.Sprint("Location: PSU", n), "Name: To Be Filled By O.E.M."}, fields...)...)
	}
	check(t, "all absent", all(t, place(1, "Status: Not Present")+place(2, "Status: Not Present"), "", ""), "PSU1 0x2701 unknown", "PSU2 0x2702 unknown")
	check(t, "all absent, of a maker", all(t, place(1, "Status: Not Present", "Manufacturer: ACME")+place(2, "Status: Not Present"), "", ""), "PSU1 0x2701 unknown", "PSU2 0x2702 unknown")
	check(t, "all unplugged", all(t, place(1, "Status: Present, Unknown", "Plugged: No", "Serial Number: S1")+place(2, "Status: Not Present"), "", ""), "PSU1 0x2701 S1 unknown", "PSU2 0x2702 unknown")
	check(t, "one, and no name of any", all(t, place(1, "Status: Present, OK", "Max Power Capacity: 600 W")+place(2, "Status: Not Present"), "", ""), "PSU1 0x2701 unknown", "PSU2 0x2702 unknown")
	check(t, "one has failed, and no name of any", all(t, place(1, "Status: Present, Critical")+place(2, "Status: Present, OK"), "", ""), "PSU1 0x2701 unknown", "PSU2 0x2702 unknown")
	check(t, "one of two", all(t, place(1, "Status: Present, OK", "Serial Number: S1")+place(2, "Status: Not Present"), "", ""), "PSU1 0x2701 S1 ok true", "PSU2 0x2702 absent false")
	check(t, "the BMC knows better", all(t, place(1, "Status: Not Present")+place(2, "Status: Not Present"), "",
		"PSU1 Status | 63h | ok | 10.1 | Presence detected\nPSU2 Status | 64h | ok | 10.2 | Presence detected, Power Supply AC lost\n"),
		"PSU1 0x2701 ok true", "PSU2 0x2702 no_input true")
	check(t, "the BMC sees none", all(t, "", "", "PS1 Status | 63h | ok | 10.1 | Absent\nPS2 Status | 64h | ok | 10.2 | Absent\n"), "PS1 unknown", "PS2 unknown")
	check(t, "the BMC sees one, just now without power", all(t, "", "", "PS1 Status | 63h | ok | 10.1 | Presence detected, Power Supply AC lost\nPS2 Status | 64h | ok | 10.2 | Absent\n"), "PS1 no_input true", "PS2 absent false")

	for capacity, want := range map[string]uint64{"750 W": 750, "0 W": 0, "32767 W": 0, "32768 W": 0, "65535 W": 0, "Unknown": 0} {
		if s := all(t, place(1, "Max Power Capacity: "+capacity), "", "").Supplies[0]; s.MaxWatts != want {
			t.Errorf("%s: %d W", capacity, s.MaxWatts)
		}
	}
}

// Of a severity, the name of the sensor says of what it is. A state that is not
// known is shown, and its supply is not ok.
func TestSeverities(t *testing.T) {
	for state, want := range map[string][2]string{ // of a sensor for failures, and of one for the input
		"Transition to OK":                               {"ok", "ok"},
		"Transition to Non-critical from OK":             {"ok noted", "no_input"},
		"Transition to Non-critical from more severe":    {"ok noted", "no_input"},
		"Transition to Critical from less severe":        {"failed noted", "no_input"},
		"Transition to Critical from Non-recoverable":    {"failed noted", "no_input"},
		"Transition to Non-recoverable from less severe": {"failed noted", "no_input"},
		"Transition to Non-recoverable":                  {"failed noted", "no_input"},
		"Monitor":                                        {"ok", "ok"},
		"Informational":                                  {"ok", "ok"},
		"State Deasserted":                               {"ok", "ok"},
		"State Asserted":                                 {"unknown noted", "unknown"},
		"Undefined OEM state":                            {"unknown noted", "unknown"},
	} {
		for i, name := range []string{"Failure", "IN Failure"} {
			psu := all(t, "", "", "PSU 1 | 40h | ok | 10.1 | Presence detected\nPSU 2 | 41h | ok | 10.2 | Presence detected\nPSU 1 "+name+" | 42h | ok | 10.1 | "+state+"\n")
			state, noted, _ := strings.Cut(want[i], " ")
			s := psu.Supplies[0]
			if s.State != state || noted != "" && !strings.HasPrefix(s.Status[1], "PSU 1 "+name+": ") || len(s.Status) != 2 {
				t.Errorf("%s: %s, status %q, want %s", name, s.State, s.Status, want[i])
			}
		}
	}
	for line, want := range map[string]string{
		"PSU1_AC_OK|State Asserted": "ok", "PSU1_AC_OK|State Deasserted": "unknown", "PSU1 Presence|State Asserted": "ok", "PSU1_PGOOD|State Deasserted": "unknown",
		"PSU1 PG Fail|State Deasserted": "ok", "PSU1 PG Fail|State Asserted": "unknown", "PSU1 Broken|State Asserted": "unknown",
	} {
		name, state, _ := strings.Cut(line, "|")
		psu := all(t, "", "", "PSU1 | 40h | ok | 10.1 | Presence detected\n"+name+" | 42h | ok | 10.1 | "+state+"\n")
		if got := psu.Supplies[0].State; got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
	for name, want := range map[string]string{
		"PSU 1 PF Failure": "ok", "PSU1_Predict_Fail": "ok", "PSU1_AC_Lost": "no_input", "PSU 1 Vin Lost": "no_input", "PSU 1 Loss of AC": "no_input",
		"PSU 1 Input Fail": "no_input", "PSU 1 I2C DC fai": "failed", "PSU 1 Fan Fail": "failed", "PSU 1 Failure": "failed",
	} {
		psu := all(t, "", "", "PSU 1 | 40h | ok | 10.1 | Presence detected\nPSU 2 | 41h | ok | 10.2 | Presence detected\n"+name+" | 42h | ok | 10.1 | Transition to Critical from less severe\n")
		if got := psu.Supplies[0].State; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestSensors(t *testing.T) {
	check(t, "by names", all(t, "", "",
		"PS1 Status       | C8h | ok  | 10.1 | Presence detected\n"+
			"PS2 Status       | C9h | ok  | 10.2 | Presence detected, Failure detected, Power Supply AC lost\n"+
			"PS3 Status       | CAh | ok  | 10.3 | \n"+
			"PS4 Status       | CBh | ok  | 10.4 | Presence detected, Failure detected\n"+
			"PS5 Status       | CCh | ns  | 10.5 | No Reading\n"+
			"PS6 Status       | CDh | ok  | 10.6 | Presence detected, Predictive failure, Power Supply Inactive\n"+
			"PS1 Power In     | 20h | ok  | 10.1 | 160 Watts\n"+
			"PSU Alert        | 34h | ns  | 208.1 | Event-Only\n"+
			"Power Supplies   | 35h | ok  | 10.3 | Fully Redundant\n"),
		"PS1 ok true", "PS2 no_input true", "PS3 absent false", "PS4 failed true", "PS5 unknown", "PS6 ok true")

	check(t, "by entity", all(t, "", "",
		"Presence         | 53h | ok  | 10.1 | Present\n"+
			"Presence         | 54h | ok  | 10.2 | Absent\n"+
			"Status           | 63h | ok  | 10.1 | Presence detected\n"+
			"Status           | 64h | ns  | 10.2 | Disabled\n"+
			"Current 1        | 94h | ok  | 10.1 | 0.60 Amps\n"+
			"Presence         | 55h | ok  | 10.3 | Absent\n"+
			"Status           | 65h | ok  | 10.3 | Failure detected\n"+
			"Temp             | 07h | ns  | 10.4 | Disabled\n"),
		"entity 10.1 ok true", "entity 10.2 absent false", "entity 10.3 failed true")

	// The name counts more than the entity: some firmware has all supplies in one,
	// or counts the other way.
	check(t, "names against entities", all(t, "", "",
		"PS2 Status       | 50h | ok  | 10.1 | Presence detected\n"+
			"PS1 Status       | 51h | ok  | 10.2 | Presence detected, Power Supply AC lost\n"+
			"PS3 Status       | 52h | ok  | 10.3 | Presence detected\n"+
			"PS4 Status       | 53h | ok  | 10.3 | Presence detected, Failure detected\n"+
			"Temp             | 54h | ok  | 10.3 | 30 degrees C\n"),
		"PS1 no_input true", "PS2 ok true", "PS3 ok true", "PS4 failed true")

	check(t, "other entities", all(t, "", "",
		"PSU1_PIN         | 50h | ok  |  7.1 | 120 Watts\n"+
			"PSU2_PIN         | 51h | ns  |  7.1 | No Reading\n"+
			"12V PS9          | 51h | ok  |  7.1 | 12 Volts\n"+
			"GPS1             | 51h | ok  |  7.1 | Presence detected\n"+
			"Fan 1            | 52h | ok  | 29.1 | Device Present\n"),
		"PSU1 unknown true")
}

func TestMeasured(t *testing.T) {
	psu := all(t, "", "",
		"PS1 Power In     | 20h | ok  | 10.1 | 160 Watts, Presence detected\n"+
			"PS1 Temp         | 21h | ucr | 10.1 | 71.500 degrees C\n"+
			"PS1 Curr Out %   | 22h | ok  | 10.1 | 9 unspecified\n"+
			"PS1 Fan          | 23h | ns  | 10.1 | No Reading\n"+
			"PS Redundancy    | 77h | ok  |  7.1 | Redundancy Lost\n"+
			"Fan Redundancy   | 78h | ok  |  7.1 | Fully Redundant\n"+
			"Power Meter      | 79h | ok  |  7.1 | 180 Watts\n"+
			"CPU1 Power       | 7Ah | ok  |  3.1 | 90 Watts\n")
	check(t, "supplies", psu, "PS1 ok true")
	want := []report.Sensor{{Name: "PS1 Power In", Value: 160, Unit: "watts", Status: "ok"}, {Name: "PS1 Temp", Value: 71.5, Unit: "celsius", Status: "cr"}}
	if got := psu.Supplies[0].Sensors; !slices.Equal(got, want) {
		t.Errorf("sensors %+v", got)
	}
	if got := psu.Sensors; !slices.Equal(got, []report.Sensor{{Name: "Power Meter", Value: 180, Unit: "watts", Status: "ok"}}) {
		t.Errorf("sensors of all %+v", got)
	}
	if got := psu.Redundancy; len(got) != 1 || got[0].Name != "PS Redundancy" || !slices.Equal(got[0].States, []string{"Redundancy Lost"}) {
		t.Errorf("redundancy %+v", got)
	}
}

const twoFRUs = "FRU Device Description : Builtin FRU Device (ID 0)\n Board Mfg             : ACME\n\n" +
	"FRU Device Description : PSU1 FRU (ID 3)\n Product Manufacturer  : ACME\n Product Name          : PWR 750\n Product Serial        : S1\n\n" +
	"FRU Device Description : PSU2 FRU (ID 4)\n Device not present (Timeout)\n\n" +
	"FRU Device Description : PDB FRU (ID 5)\n Board Serial          : B1\n\n" +
	"FRU Device Description : DIMM1 (ID 6)\n Board Serial          : D1\n"

func TestInventories(t *testing.T) {
	psu := all(t, "", twoFRUs, "")
	check(t, "without sensors", psu, "PSU1 fru3 S1 unknown true", "PSU2 fru4 unknown")
	if s := psu.Supplies[0]; s.Manufacturer != "ACME" || s.Model != "PWR 750" {
		t.Errorf("%+v", s)
	}
	if s := psu.Supplies[1]; !slices.Equal(s.Status, []string{"Device not present (Timeout)"}) {
		t.Errorf("%+v", s)
	}

	check(t, "with sensors", all(t, "", twoFRUs,
		"PSU1 FRU         | 00h | ns  | 10.1 | Logical FRU @03h\n"+
			"Status           | 63h | ok  | 10.1 | Presence detected\n"+
			"PS 2 Status      | 64h | ok  | 10.2 | Presence detected, Power Supply AC lost\n"),
		"PSU1 fru3 S1 ok true", "PS 2 fru4 no_input true")

	check(t, "by entity alone", all(t, "", "FRU Device Description : PwrA (ID 1)\n Board Serial          : A\n",
		"PwrA             | 00h | ns  | 10.1 | Logical FRU @01h\n"+
			"PwrB             | 00h | ns  | 10.2 | Logical FRU @02h\n"+
			"Other            | 00h | ns  | 11.1 | Logical FRU @01h\n"),
		"PwrA fru1 A unknown true", "PwrB fru2 unknown")

	check(t, "two of one number", all(t, "", "FRU Device Description : PSU1 (ID 1)\n Board Serial          : A\n"+
		"FRU Device Description : PSU1 (ID 2)\n Board Serial          : B\n", ""),
		"PSU1 fru1 A unknown true", "PSU1 fru2 B unknown true")
}

func TestJoined(t *testing.T) {
	sensors := "PS1 Status       | 63h | ok  | 10.1 | Presence detected\n" +
		"PS2 Status       | 64h | ok  | 10.2 | Presence detected, Power Supply AC lost\n"
	present := "Status: Present, OK"
	psu := all(t, smbios(1, "Location: PSU1", "Name: M", present)+smbios(2, "Location: PSU2", present), twoFRUs, sensors)
	check(t, "by number", psu, "PSU1 0x2701 fru3 S1 ok true", "PSU2 0x2702 fru4 no_input true")
	if s := psu.Supplies[0]; s.Model != "M" || s.Manufacturer != "ACME" {
		t.Errorf("%+v", s)
	}
	if s := psu.Supplies[1]; !slices.Equal(s.Status, []string{"Present, OK", "Presence detected", "Power Supply AC lost", "Device not present (Timeout)"}) {
		t.Errorf("%+v", s)
	}

	check(t, "by serial number, against the number", all(t, smbios(1, "Location: PSU2", "Serial Number: S1", present)+smbios(2, "Location: PSU1", present), twoFRUs, ""),
		"PSU2 0x2701 fru3 S1 ok true", "PSU1 0x2702 ok true", "PSU2 fru4 unknown")
	check(t, "other serial numbers", all(t, smbios(1, "Location: PSU1", "Serial Number: S9", present), twoFRUs, ""),
		"PSU1 0x2701 S9 ok true", "PSU1 fru3 S1 unknown true", "PSU2 fru4 unknown")
	check(t, "counted from 0 and from 1", all(t, smbios(0, "Location: PSU0", "Name: M", present)+smbios(1, "Location: PSU1", present), "", sensors),
		"PSU0 0x2700 ok true", "PSU1 0x2701 ok true", "PS1 ok true", "PS2 no_input true")
	check(t, "the firmware does not know", all(t, smbios(1, "Location: PSU1", "Name: M", "Status: Present, Unknown"), "", "PS1 Status | 63h | ok | 10.1 | Absent\nPS2 Status | 64h | ok | 10.2 | Present\n"),
		"PSU1 0x2701 absent false", "PS2 ok true")
	check(t, "the BMC does not know", all(t, smbios(1, "Location: PSU1", "Name: M", "Status: Present, Critical"), "", "PS1 Status | 63h | ns | 10.1 | No Reading\n"),
		"PSU1 0x2701 failed true")
}

// Every structure gives a supply, in its order; no serial number of an inventory
// of a power supply is lost.
func FuzzAll(f *testing.F) {
	f.Add(smbios(1, "Location: PSU1", "Serial Number: S1", "Status: Present, OK"), twoFRUs, "PSU1 FRU | 00h | ns | 10.1 | Logical FRU @03h\n")
	f.Add("", "FRU Device Description : PS1 (ID 1)\n Board Serial : 7\nFRU Device Description : PS1 (ID 1)\n Board Serial : 8\n", "PS1 | 01h | ok | 10.1 | 5 Watts, Absent\nPS2 | 01h | ok | 10.1 | \n")
	f.Fuzz(func(t *testing.T, table, fru, sdr string) {
		structures, _ := dmidecode.Parse([]byte(table))
		frus, _ := ipmitool.ParseFRU([]byte(fru))
		records, _ := ipmitool.ParseSDR([]byte(sdr))
		psu := All(structures, frus, records)
		serials := map[string]bool{}
		for _, s := range psu.Supplies {
			serials[s.SerialNumber] = true
			if s.State != absent && s.State != unknown && (s.Present == nil || !*s.Present) || s.State == absent && (s.Present == nil || *s.Present) {
				t.Errorf("%+v is %s", s, s.State)
			}
		}
		for i, s := range dmidecode.Of(structures, 39) {
			if i >= len(psu.Supplies) || psu.Supplies[i].Handle != s.Handle {
				t.Fatalf("structure %d is lost", i)
			}
		}
		for _, f := range frus {
			serial := f.Text("Product Serial", "Board Serial")
			if token, _ := numbered(f.Name); token != "" && strings.HasPrefix(f.Name, token) && !distribution(f.Name) && serial != "" && !serials[serial] {
				t.Errorf("inventory %+v is lost", f)
			}
		}
	})
}
