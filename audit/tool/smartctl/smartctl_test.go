package smartctl

import (
	"fmt"
	"slices"
	"testing"
)

func parse(t *testing.T, out string) Output {
	t.Helper()
	o, err := Parse([]byte(out))
	if err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	return o
}

func show[T any](n *T) string {
	if n == nil {
		return "none"
	}
	return fmt.Sprint(*n)
}

// attribute is an output with one ATA attribute.
func attribute(id int, name string, value int) string {
	return fmt.Sprintf(`{"ata_smart_attributes": {"table": [{"id": %d, "name": %q, "value": %d, "raw": {"value": 55}}]}}`, id, name, value)
}

// raw is an output with an ATA attribute that never was below its value, with a raw value,
// and counts of erased blocks.
func raw(name string, id, value, raw, average, most int) string {
	return fmt.Sprintf(`{"ata_smart_attributes": {"table": [{"id": %d, "name": %q, "value": %d, "worst": %[3]d, "raw": {"value": %d}},
		{"id": 167, "name": "Average_Erase_Count", "value": 100, "raw": {"value": %d}}, {"id": 168, "name": "Max_Erase_Count_of_Spec", "raw": {"value": %d}}]}}`,
		id, name, value, raw, average, most)
}

func TestGrownDefects(t *testing.T) {
	for version, want := range map[string]string{"[7, 0]": "3", "[7, 1]": "3", "[7, 2]": "24", "[6, 7]": "24", "[]": "24"} {
		if got := show(parse(t, `{"smartctl": {"version": `+version+`}, "scsi_grown_defect_list": 24}`).GrownDefects()); got != want {
			t.Errorf("version %s: %s, want %s", version, got, want)
		}
	}
	if got := show(parse(t, `{"smartctl": {"version": [7, 1]}}`).GrownDefects()); got != "none" {
		t.Errorf("got %s", got)
	}
}

func TestUsedPercent(t *testing.T) {
	const statistics = `"ata_device_statistics": {"pages": [{"number": 1, "table": [{"offset": 8, "value": 77, "flags": {"valid": true}}]},
		{"number": 7, "table": [{"offset": 8, "value": 19, "flags": {"valid": %t}}]}]}`
	for out, want := range map[string]string{
		`{}`: "none",
		`{"nvme_smart_health_information_log": {"percentage_used": 130}, "endurance_used": {"current_percent": 1}}`: "130",
		`{"scsi_percentage_used_endurance_indicator": 4}`:                                                           "4",
		`{"endurance_used": {"current_percent": 9}}`:                                                                "9",
		fmt.Sprintf(`{"endurance_used": {"current_percent": 9}, `+statistics+`}`, true):                             "19",
		fmt.Sprintf(`{`+statistics+`}`, false):                                                                      "none",
		// WD's: it counts up, or stays
		attribute(230, "Media_Wearout_Indicator", 1): "none",
		// the raw value counts: as the erase counts say, or where there are none
		raw("SSD_Life_Left", 169, 100, 14, 2580, 3000):          "86",
		raw("Remaining_Lifetime_Perc", 169, 100, 14, 0, 0):      "86",
		raw("Remaining_Lifetime_Perc", 169, 100, 14, 30, 3000):  "0", // the erase counts say another thing
		raw("Remaining_Lifetime_Perc", 169, 93, 14, 2580, 3000): "7", // its normalised value counts
		raw("SSD_Life_Left", 231, 100, 1, 0, 0):                 "0", // of some, the raw value is no percentage
		raw("Percent_Lifetime_Remain", 202, 100, 2, 0, 0):       "0", // of Micron's, it is what is used
		raw("Wear_Leveling_Count", 177, 100, 14, 0, 0):          "0",
		attribute(233, "Media_Wearout_Indicator", 92):           "8",
		attribute(177, "Wear_Leveling_Count", 98):               "2",
		attribute(231, "SSD_Life_Left", 1):                      "99",
		attribute(202, "Percent_Lifetime_Remain", 100):          "0",
		attribute(202, "Perc_Rated_Life_Used", 88):              "12",
		attribute(245, "DriveLife_Used%", 88):                   "none",
		attribute(231, "Temperature_Celsius", 60):               "none",
		attribute(177, "Wear_Leveling_Count", 200):              "0",
		attribute(177, "Wear_Leveling_Count", 0):                "none",
		attribute(177, "Wear_Leveling_Count", 255):              "none",
		attribute(9, "Lifetime_Remaining%", 50):                 "none",
		`{"ata_smart_attributes": {"table": [{"id": 177, "name": "Wear_Leveling_Count", "value": 90}, {"id": 231, "name": "SSD_Life_Left", "value": 80}]}}`: "20",
	} {
		if got := show(parse(t, out).UsedPercent()); got != want {
			t.Errorf("%s: %s, want %s", out, got, want)
		}
	}
}

func TestSelfTestErrors(t *testing.T) {
	for out, want := range map[string]string{
		`{}`: "none",
		`{"ata_smart_self_test_log": {"standard": {"count": 0}}}`:                                          "0",
		`{"ata_smart_self_test_log": {"extended": {"error_count_total": 3, "error_count_outdated": 2}}}`:   "1",
		`{"ata_smart_self_test_log": {"standard": {"error_count_total": 1, "error_count_outdated": 200}}}`: "0",
		`{"nvme_self_test_log": {"current_self_test_operation": {"value": 0}}}`:                            "0",
		`{"nvme_self_test_log": {"table": [{"self_test_code": {"value": 1}, "self_test_result": {"value": 7}}, null,
			{"self_test_code": {"value": 1}, "self_test_result": {"value": 0}}, {"self_test_code": {"value": 2}, "self_test_result": {"value": 6}}]}}`: "2",
		`{"nvme_self_test_log": {"table": [{"self_test_code": {"value": 1}, "self_test_result": {"value": 8}},
			{"self_test_code": {"value": 2}, "self_test_result": {"value": 0}}, {"self_test_code": {"value": 2}, "self_test_result": {"value": 6}}]}}`: "0",
		`{"scsi_self_test_0": {"code": {"value": 1}, "result": {"value": 4}}, "scsi_self_test_1": {"code": {"value": 1}, "result": {"value": 1}},
			"scsi_self_test_2": {"code": {"value": 2}, "result": {"value": 0}}, "scsi_self_test_3": {"code": {"value": 1}, "result": {"value": 7}}}`: "1",
	} {
		if got := show(parse(t, out).SelfTestErrors()); got != want {
			t.Errorf("%s: %s, want %s", out, got, want)
		}
	}
}

func TestTemperature(t *testing.T) {
	for out, want := range map[string]string{
		`{"temperature": {"current": 30, "op_limit_max": 70, "drive_trip": 60}}`: "30 70",
		`{"temperature": {"current": 30, "drive_trip": 60}}`:                     "30 60",
		`{"temperature": {"current": 0, "drive_trip": 60}}`:                      "0 60",
		`{"temperature": {"current": 0, "drive_trip": 0}}`:                       "none none",
		`{"temperature": {"current": -3}}`:                                       "-3 none",
		`{}`:                                                                     "none none",
	} {
		o := parse(t, out)
		if got := show(o.Celsius()) + " " + show(o.MaxTemperature()); got != want {
			t.Errorf("%s: %s, want %s", out, got, want)
		}
	}
}

func TestExitStatus(t *testing.T) {
	for status, want := range map[int]struct {
		fatal    bool
		warnings []string
	}{
		0: {}, -1: {fatal: true}, 1: {fatal: true}, 2: {fatal: true},
		4:   {warnings: []string{"command_failed"}},
		8:   {warnings: []string{"failing"}},
		208: {warnings: []string{"prefail", "error_log", "self_test_log"}},
		34:  {fatal: true, warnings: []string{"past_prefail"}},
	} {
		if Fatal(status) != want.fatal || !slices.Equal(Warnings(status), want.warnings) {
			t.Errorf("%d: fatal %v, warnings %v", status, Fatal(status), Warnings(status))
		}
	}
	for _, c := range []struct {
		status int
		out    string
		want   bool
	}{
		{1, "smartctl 6.5\n=======> UNRECOGNIZED OPTION: j\n", true},
		{1, `{"smartctl": {"exit_status": 1}}`, false},
		{2, "", false},
		{-1, "", false},
		{0, "text", false},
	} {
		if TooOld(c.status, []byte(c.out)) != c.want {
			t.Errorf("status %d, %q: not %v", c.status, c.out, c.want)
		}
	}
}

func TestWhySmartctlGaveUp(t *testing.T) {
	message := func(s string) string {
		return fmt.Sprintf(`{"smartctl": {"messages": [{"string": %q, "severity": "error"}]}}`, s)
	}
	for s, want := range map[string]string{
		"/dev/sdb: Unknown USB bridge [0x1234:0x5678 (0x100)]":                                                        "true false",
		"Smartctl open device: /dev/sda failed: DELL or MegaRaid controller, please try adding '-d megaraid,N'":       "false true",
		"/dev/sda: requires option '-d cciss,N'":                                                                      "false true",
		"Smartctl open device: /dev/sda failed: AACRAID controller, please try adding '-d aacraid,H,L,ID'":            "false true",
		"Smartctl open device: /dev/twa0 failed: please specify device type '-d 3ware,N' for this controller":         "false true",
		"/dev/sdb: Unknown USB bridge [0x1234:0x5678 (0x100)]; Please specify device type with the -d option: -d sat": "true false",
		"Smartctl open device: /dev/sda failed: No such device":                                                       "false false",
	} {
		if o := parse(t, message(s)); fmt.Sprint(o.UnknownBridge(), o.RAIDVolume() != "") != want {
			t.Errorf("%s: %v %v, want %s", s, o.UnknownBridge(), o.RAIDVolume(), want)
		}
	}
}

// Whatever is printed, what is computed from it keeps to its bounds.
func FuzzParse(f *testing.F) {
	f.Add([]byte(attribute(233, "Media_Wearout_Indicator", 92)))
	f.Add([]byte(`{"scsi_self_test_0": {"code": {"value": 1}, "result": {"value": 4}}, "scsi_grown_defect_list": 3,
		"scsi_error_counter_log": {"read": {"total_uncorrected_errors": 1}}}`))
	f.Add([]byte(`{"nvme_self_test_log": {"table": [null, {"self_test_result": {"value": 6}}]}, "nvme_smart_health_information_log": {"percentage_used": 3}}`))
	f.Add([]byte(`{"wwn": {"naa": 5, "oui": 3274, "id": 9885499863}, "smartctl": {"messages": [{"string": "x"}]}, "temperature": {"drive_trip": -5}}`))
	f.Add([]byte(`{"devices": [{"name": "/dev/sda", "type": "scsi"}], "ata_smart_error_log": {"summary": {"count": 3}}, "ata_smart_self_test_log": []}`))
	f.Add([]byte(`{"sata_phy_event_counters": {"table": [{"id": 1, "name": "x", "value": 7}, null]}, "scsi_sas_port_0": {"phy_0": {"invalid_dword_count": 5}, "phy_1": 3}, "ata_pending_defects_log": {"count": 1}}`))
	f.Fuzz(func(t *testing.T, out []byte) {
		o, _ := Parse(out)
		if c := o.MaxTemperature(); c != nil && *c <= 0 {
			t.Errorf("at most %d °C", *c)
		}
		wear := o.UsedPercent()
		if o.NVMeHealth == nil && o.SCSIUsedPercent.Uint() == nil && len(o.ATAStatistics.Pages) == 0 && o.Endurance.UsedPercent.Uint() == nil &&
			wear != nil && *wear > 99 {
			t.Errorf("%d %% used by its attributes", *wear)
		}
		if n := o.SelfTestErrors(); n != nil && o.ATASelfTests == nil && *n > max(20, uint64(len(out))) {
			t.Errorf("%d failed tests in %d bytes", *n, len(out))
		}
		for _, e := range o.LinkErrors() {
			if e.Count == 0 {
				t.Errorf("no errors are an error: %+v", e)
			}
		}
		_, _, _, _, _, _, _ = o.Pending(), o.HighestTemperature(), o.Messages(), o.ATAErrors(), o.SCSIUncorrected(), o.WWN.String(), o.RAIDVolume()
	})
}

func TestLinkErrors(t *testing.T) {
	for text, want := range map[string][]LinkErrors{
		`{}`: nil,
		`{"sata_phy_event_counters": {"table": [{"id": 1, "name": "ICRC", "value": 7}, {"id": 2, "name": "none", "value": 0},
			{"id": 9, "name": "not ready", "value": 3}, {"id": 10, "name": "reset", "value": 3}, {"id": 32769, "name": "a maker's", "value": 3},
			{"id": 11, "name": "CRC", "value": "nan"}, {"id": "13", "name": "non-CRC", "value": 2}]}}`: {{"", "ICRC", 7}, {"", "non-CRC", 2}},
		`{"scsi_sas_port_1": {"phy_0": {"invalid_dword_count": 1, "running_disparity_error_count": 2, "loss_of_dword_synchronization_count": 3, "phy_reset_problem_count": 4}},
			"scsi_sas_port_0": {"number_of_phys": 2, "phy_0": "odd", "phy_1": {"invalid_dword_count": 5, "phy_reset_problem_count": null}}, "scsi_sas_port_2": 1}`: {
			{"0:1", "Invalid DWORD count", 5},
			{"1:0", "Invalid DWORD count", 1}, {"1:0", "Running disparity error count", 2},
			{"1:0", "Loss of DWORD synchronization count", 3}, {"1:0", "Phy reset problem count", 4},
		},
	} {
		o, err := Parse([]byte(text))
		if err != nil {
			t.Error(err)
		}
		if got := o.LinkErrors(); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

func TestPending(t *testing.T) {
	for text, want := range map[string]string{
		`{}`: "-",
		`{"ata_pending_defects_log": {"size": 65535, "count": 0}}`:                "0",
		`{"ata_pending_defects_log": {"count": 3}, "scsi_pending_defects": null}`: "3",
		`{"scsi_pending_defects": {"count": "12"}}`:                               "12",
		`{"scsi_pending_defects": "x"}`:                                           "-",
	} {
		o, _ := Parse([]byte(text))
		got := "-"
		if n := o.Pending(); n != nil {
			got = fmt.Sprint(*n)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestHighestTemperature(t *testing.T) {
	for text, want := range map[string]int64{
		`{}`: 0, `{"temperature": {"lifetime_max": 58}}`: 58, `{"temperature": {"lifetime_max": -128}}`: 0, `{"temperature": {"lifetime_max": 128}}`: 0, `{"temperature": {"lifetime_max": 0}}`: 0,
	} {
		o, _ := Parse([]byte(text))
		if got := o.HighestTemperature(); got == nil && want != 0 || got != nil && *got != want {
			t.Errorf("%s: %v, want %d", text, got, want)
		}
	}
}
