package storcli

import (
	"fmt"
	"strings"
	"testing"

	"bee/audit/report"
	"bee/audit/tool/internal/raidtest"
)

const controllerSample = `Generating detailed summary of the adapter, it may take a while to complete.

{"Controllers": [{
	"Command Status": {"CLI Version": "007.2707.0000.0000 Dec 18, 2023", "Controller": 0, "Status": "Success", "Description": "None"},
	"Response Data": {
		"Basics": {"Controller": 0, "Model": "MegaRAID 9560-16i 8GB", "Serial Number": "SKC0000001", "PCI Address": "00:c1:00:00"},
		"Version": {"Firmware Package Build": "52.26.0-5179", "Firmware Version": "5.260.02-3821"},
		"Status": {"Controller Status": "Needs Attention", "BBU Status": "NA"},
		"HwCfg": {"BBU": "Present", "On Board Memory Size": "8192MB", "ROC temperature(Degree Celsius)": 58},
		"TOPOLOGY": [
			{"DG": 0, "Arr": "-", "Row": "-", "EID:Slot": "-", "DID": "-", "Type": "RAID1", "State": "Dgrd"},
			{"DG": 0, "Arr": 0, "Row": 0, "EID:Slot": "252:0", "DID": 8, "Type": "DRIVE", "State": "Onln"},
			{"DG": 0, "Arr": 0, "Row": 1, "EID:Slot": "-", "DID": "-", "Type": "DRIVE", "State": "Msng"}
		],
		"VD LIST": [{"DG/VD": "0/239", "TYPE": "RAID1", "State": "Dgrd", "Cache": "RWTD", "Size": "446.625 GB", "Name": "boot"}],
		"PD LIST": [
			{"EID:Slt": "252:0", "DID": 8, "State": "Onln", "DG": 0, "Size": "446.625 GB", "Intf": "SATA", "Med": "SSD", "SeSz": "512B", "Model": "ACME480 "},
			{"EID:Slt": "252:10", "DID": 9, "State": "GHS", "DG": "-", "Size": "446.625 GB", "Intf": "SATA", "Med": "SSD", "SeSz": "512B", "Model": "ACME480 "},
			{"EID:Slt": "252:9", "DID": 10, "State": "UGood", "DG": "F", "Size": "446.625 GB", "Intf": "SAS", "Med": "HDD", "SeSz": "4 KB", "Model": "ACME480 "},
			{"EID:Slt": " :3", "DID": 11, "State": "Marvellous", "DG": "-", "Size": "?", "Intf": "NVMe", "Med": "SSD", "SeSz": 512, "Model": 5}
		],
		"Cachevault_Info": [{"Model": "CVPM05", "State": "Optimal", "Temp": "29C", "Mode": "-"}]
	}
}]}`

const drivesSample = `{"Controllers": [{
	"Command Status": {"Controller": 0, "Status": "Success", "Description": "Show Drive Information Succeeded."},
	"Response Data": {
		"Drive /c0/e252/s0": [{"EID:Slt": "252:0", "DID": 8, "State": "Onln", "DG": 0, "Size": "446.625 GB", "Intf": "SATA", "Med": "SSD", "SeSz": "512B", "Model": "ACME480"}],
		"Drive /c0/e252/s0 - Detailed Information": {
			"Drive /c0/e252/s0 State": {"Shield Counter": 0, "Media Error Count": 0, "Other Error Count": "12", "Drive Temperature": " 31C (87.80 F)", "Predictive Failure Count": 4294967295, "S.M.A.R.T alert flagged by drive": "No"},
			"Drive /c0/e252/s0 Device attributes": {"SN": "  S4ACME01  ", "Manufacturer Id": "ATA     ", "Model Number": "ACME 480 GB", "WWN": "5002538E00000001", "Firmware Revision": "HXT7    ", "Raw size": "447.130 GB [0x37e436b0 Sectors]", "Physical Sector Size": "4 KB"}
		}
	}
}]}`

const arraysSample = `{"Controllers": [{
	"Command Status": {"Controller": 0, "Status": "Success", "Description": "None"},
	"Response Data": {
		"/c0/v239": [{"DG/VD": "0/239", "TYPE": "RAID1", "State": "Dgrd", "Cache": "RWTD", "Size": "446.625 GB", "Name": "boot"}],
		"PDs for VD 239": [{"EID:Slt": "252:0", "State": "Onln", "DG": 0}],
		"VD239 Properties": {"Number of Blocks": 936640512, "Write Cache(initial setting)": "WriteBack", "OS Drive Name": "/dev/sda", "SCSI NAA Id": "600605b0112233440000000000000001"}
	}
}]}`

const capacitorSample = `{"Controllers": [{
	"Command Status": {"Controller": 0, "Status": "Success", "Description": "None"},
	"Response Data": {
		"Cachevault_Info": [{"Property": "Type", "Value": "CVPM05"}, {"Property": "Temperature", "Value": "29 C"}, {"Property": "State", "Value": "Optimal"}],
		"Firmware_Status": [{"Property": "Replacement required", "Value": "Yes"}, {"Property": "No space to cache offload", "Value": "No"}],
		"GasGaugeStatus": [{"Property": "Remaining Reserve Space", "Value": 93}]
	}
}]}`

func TestParse(t *testing.T) {
	all, err := Parse("storcli64", []byte(controllerSample), []byte(drivesSample), []byte(arraysSample), []byte(capacitorSample))
	if err != nil || len(all) != 1 {
		t.Fatalf("%+v, error %v", all, err)
	}
	c := all[0]
	raidtest.Check(t, all)
	array := fmt.Sprintf("%+v", report.RAIDArray{
		Name: "0/239", Label: "boot", Path: "/dev/sda", WWN: "0x600605b0112233440000000000000001", Level: "RAID1", State: "degraded", Status: "Dgrd", SizeBytes: 479559942144,
		WriteCache: "write_through", WriteCacheSetting: "write_back", Members: []string{"252:0"}, MissingMembers: []string{"drive group 0, row 1"},
	})
	d, spare, foreign, odd := raidtest.Drive(t, c, "252:0"), raidtest.Drive(t, c, "252:10"), raidtest.Drive(t, c, "252:9"), raidtest.Drive(t, c, "3")
	m := d.Member
	for _, x := range []struct {
		what      string
		got, want any
	}{
		{"controller", []string{c.Name, c.Model, c.SerialNumber, c.FirmwareVersion, c.PCIAddress, c.State, c.Status},
			[]string{"storcli64 /c0", "MegaRAID 9560-16i 8GB", "SKC0000001", "52.26.0-5179", "0000:c1:00.0", "degraded", "Needs Attention"}},
		{"cache", c.CacheBytes, 8 << 30},
		{"temperature", raidtest.Value(c.TemperatureCelsius), 58},
		{"backup", []string{c.Backup.Kind, c.Backup.Model, c.Backup.State, c.Backup.Status}, []string{"capacitor", "CVPM05", "failed", "Optimal, Replacement required"}},
		{"its temperature", raidtest.Value(c.Backup.TemperatureCelsius), 29},
		{"arrays", len(c.Arrays), 1},
		{"array", fmt.Sprintf("%+v", c.Arrays[0]), array},
		{"order of drives", []string{c.Drives[0].Member.Slot, c.Drives[1].Member.Slot, c.Drives[2].Member.Slot}, []string{"3", "252:0", "252:9"}},
		{"drive", []string{d.Transport, d.Vendor, d.Model, d.SerialNumber, d.FirmwareVersion, d.WWN}, []string{"sata", "", "ACME 480 GB", "S4ACME01", "HXT7", "0x5002538e00000001"}},
		{"sizes", []uint64{d.SizeBytes, d.LogicalBlockBytes, d.PhysicalBlockBytes}, []uint64{480103981056, 512, 4096}},
		{"spins", raidtest.Value(d.Rotational), false},
		{"celsius", raidtest.Value(d.SMART.TemperatureCelsius), 31},
		{"state", m.State + " " + m.Status, "ok Onln"},
		{"counts", []any{raidtest.Value(m.MediaErrors), raidtest.Value(m.OtherErrors), raidtest.Value(m.PredictiveFailures), raidtest.Value(m.SMARTAlert)}, []any{0, 12, "none", false}},
		{"spare", spare.Member.State, "spare"},
		{"no details", []any{spare.Model, spare.SMART, raidtest.Value(spare.Member.MediaErrors), raidtest.Value(spare.Member.SMARTAlert)}, []any{"ACME480", (*report.SMART)(nil), "none", "none"}},
		{"foreign", []any{foreign.Member.State, foreign.Member.Status, foreign.LogicalBlockBytes, raidtest.Value(foreign.Rotational)}, []any{"foreign", "UGood F", 4096, true}},
		{"odd fields", []any{odd.Member.State, odd.Member.Status, odd.SizeBytes, odd.Model, odd.Transport}, []any{"unknown", "Marvellous", 0, "", "nvme"}},
	} {
		if fmt.Sprint(x.got) != fmt.Sprint(x.want) {
			t.Errorf("%s: %v, want %v", x.what, x.got, x.want)
		}
	}
}

// Without the other answers, the first one has the members of arrays, too.
func TestFirstAnswerAlone(t *testing.T) {
	all, err := Parse("perccli", []byte(controllerSample))
	if err != nil || len(all) != 1 || fmt.Sprint(all[0].Arrays[0].Members) != "[252:0]" || all[0].Backup.State != "ok" || all[0].Name != "perccli /c0" {
		t.Errorf("%+v, error %v", all, err)
	}
}

func TestBackup(t *testing.T) {
	for _, c := range []struct{ hardware, more, want string }{
		{`"BBU": "Absent", "On Board Memory Size": "1024MB"`, ``, "absent"},
		{`"BBU": "Absent", "On Board Memory Size": "0MB"`, ``, "none"},
		{`"BBU": "NA"`, ``, "none"},
		{`"BBU": "Present"`, `, "BBU_Info": [{"Model": "iBBU09", "State": "Learning"}]`, "battery charging"},
		{`"BBU": "Present"`, `, "BBU_Info": [{"Property": "Battery State", "Value": "Optimal"}], "BBU_Firmware_Status": [{"Property": "Battery Pack Missing", "Value": "Yes"}]`, "battery absent"},
		{`"BBU": "Present"`, `, "BBU_Info": [{"Model": "BBU", "State": "Hm"}]`, "battery unknown"},
	} {
		all, err := Parse("storcli", []byte(`{"Controllers": [{"Command Status": {"Controller": 1}, "Response Data": {"HwCfg": {`+c.hardware+`}`+c.more+`}}]}`))
		got := "none"
		if err == nil && all[0].Backup != nil {
			got = strings.TrimSpace(all[0].Backup.Kind + " " + all[0].Backup.State)
		}
		if err != nil || got != c.want {
			t.Errorf("%s%s: %s, want %s, error %v", c.hardware, c.more, got, c.want, err)
		}
	}
}

func TestNoController(t *testing.T) {
	for out, wrong := range map[string]bool{
		`{"Controllers": [{"Command Status": {"Status": "Failure", "Description": "No Controller found"}}]}`:         false,
		`{"Controllers": [{"Command Status": {"Controller": 0, "Status": "Failure", "Description": "use /cx/cv"}}]}`: false,
		`{"Controllers": [{"Command Status": {"Status": "Failure", "Description": "Un-supported command"}}]}`:        true,
		`{"Controllers": []}`: true, `{}`: true, ``: true, `{"Controllers": [{`: true,
	} {
		if all, err := Parse("storcli64", []byte(out)); len(all) != 0 || (err != nil) != wrong {
			t.Errorf("%s: %+v, error %v", out, all, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{controllerSample, drivesSample, arraysSample, capacitorSample, `{"Controllers": [{"Command Status": {"Status": "Failure"}}]}`} {
		f.Add([]byte(s), []byte(controllerSample))
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		all, _ := Parse("storcli64", a, b)
		raidtest.Check(t, all)
		seen := map[string]bool{}
		for _, c := range all {
			for _, d := range c.Drives {
				if at := c.Name + d.Member.Slot; seen[at] {
					t.Errorf("two drives are in slot %s", at)
				} else {
					seen[at] = true
				}
			}
		}
	})
}
