package collect

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bee/audit/lsblk"
	"bee/audit/machine"
	"bee/audit/report"
)

const (
	lsblkCommand = "lsblk -J -b -d -o " + lsblk.Columns
	scanCommand  = "smartctl --scan -j"
)

const lsblkSample = `{"blockdevices": [
	{"kname": "zram0", "type": "disk", "size": 1024, "subsystems": "block"},
	{"kname": "loop0", "type": "loop", "size": 1024, "subsystems": "block"},
	{"kname": "sda", "type": "disk", "size": 4000787030016, "model": "ACME HDD 40", "serial": "S1", "vendor": "ATA     ",
	 "rev": "DA01", "tran": "sata", "subsystems": "block:scsi:pci", "hctl": "0:0:0:0", "rota": true, "rm": false, "log-sec": 512, "phy-sec": 4096},
	{"kname": "sdb", "type": "disk", "size": 0, "model": "AMI Virtual HDisk0", "tran": "usb", "subsystems": "block:scsi:usb:pci", "rota": "1", "rm": "1"},
	{"kname": "nvme0n1", "type": "disk", "size": "1920383410176", "model": "ACME Flash", "serial": "N1", "tran": "nvme", "subsystems": "block:nvme:pci", "rota": false},
	{"kname": "vda", "type": "disk", "size": 1073741824, "vendor": "0x1af4", "subsystems": "block:virtio:pci", "rota": true},
	{"kname": "sr0", "type": "rom", "size": 1073741312, "model": "QEMU DVD-ROM", "subsystems": "block:scsi:pci", "rm": true}
]}`

const scanSample = `{"devices": [
	{"name": "/dev/sda", "type": "scsi"},
	{"name": "/dev/bus/0", "type": "megaraid,4"},
	{"name": "/dev/bus/0", "type": "megaraid,5"},
	{"name": "/dev/nvme0", "type": "nvme"},
	{"name": "/dev/nvme1", "type": "nvme"}
]}`

const ataSample = `{"smartctl": {"exit_status": 64, "messages": [{"string": "Warning: old firmware", "severity": "warning"}]},
	"device": {"name": "/dev/sda", "type": "sat", "protocol": "ATA"},
	"model_name": "ACME HDD 4000", "serial_number": "S1", "firmware_version": "DA01X", "wwn": {"naa": 5, "oui": 3274, "id": 9885499863},
	"user_capacity": {"bytes": 4000787030016}, "rotation_rate": 7200,
	"interface_speed": {"max": {"string": "6.0 Gb/s"}, "current": {"string": "3.0 Gb/s"}},
	"smart_status": {"passed": true}, "temperature": {"current": 31}, "power_on_time": {"hours": 40000}, "power_cycle_count": 12,
	"ata_smart_attributes": {"table": [{"id": 5, "name": "Reallocated_Sector_Ct", "value": 90, "worst": 90, "thresh": 10, "when_failed": "", "raw": {"value": 8, "string": "8"}}]},
	"ata_smart_error_log": {"summary": {"count": 3}}}`

func TestStorage(t *testing.T) {
	m := script{
		out: map[string]string{
			lsblkCommand:                lsblkSample,
			scanCommand:                 scanSample,
			"smartctl -j -a /dev/sda":   ataSample,
			"smartctl -j -a /dev/nvme1": `{"smartctl": {"exit_status": 2, "messages": [{"string": "open failed: gone", "severity": "error"}]}}`,
			"smartctl -j -a -d megaraid,4 /dev/bus/0": `{"device": {"type": "megaraid,4"}, "scsi_vendor": "ACME", "scsi_model_name": "ACME SAS", "serial_number": "M4",
				"logical_unit_id": "0x5000cb0847", "scsi_grown_defect_list": 2, "scsi_error_counter_log": {"read": {"total_uncorrected_errors": 1}, "write": {"total_uncorrected_errors": 2}}}`,
			"smartctl -j -a -d megaraid,5 /dev/bus/0": `{"device": {"type": "megaraid,5"}, "model_name": "a pass-through drive", "serial_number": "S1"}`,
			"smartctl -j -a /dev/nvme0n1":             `{"device": {"type": "nvme"}, "model_name": "ACME Flash 1.92TB", "serial_number": "N1", "smart_status": {"passed": true}, "temperature": {"current": 40}}`,
			"nvme id-ctrl -o json /dev/nvme0n1": `{"vid": 5197, "ssvid": 5197, "sn": "N1                  ", "mn": "ACME Flash 1.92TB   ", "fr": "EDA5502Q",
				"cntlid": 4, "tnvmcap": "1920383410176", "unvmcap": 0, "nn": 32, "wctemp": 360, "cctemp": 361, "subnqn": "nqn.2014-08.org:acme"}`,
			"nvme smart-log -o json /dev/nvme0n1": `{"critical_warning": {"value": 1, "available_spare": 1}, "temperature": 313, "avail_spare": 9, "spare_thresh": 10,
				"percent_used": 101, "data_units_read": "1,000", "data_units_written": 18446744073709551615, "temperature_sensor_1": 313, "temperature_sensor_2": 0, "power_on_hours": 4221}`,
		},
		err: map[string]error{
			"smartctl -j -a /dev/sda":         &machine.ExitError{Status: 64 + 4},
			"smartctl -j -a /dev/nvme1":       &machine.ExitError{Status: 2},
			"nvme id-ctrl -o json /dev/nvme1": machine.ErrTimeLimit,
		},
	}
	r := audit(t, t.Context(), m, storage)

	var paths []string
	for _, d := range r.Storage.Drives {
		paths = append(paths, d.Path+" "+d.SmartctlType)
	}
	want := []string{"/dev/sda ", "/dev/sdb ", "/dev/nvme0n1 ", "/dev/vda ", "/dev/sr0 ", "/dev/bus/0 megaraid,4", "/dev/nvme1 "}
	if !slices.Equal(paths, want) {
		t.Fatalf("drives %q\nwant   %q", paths, want)
	}
	sda, nvme0, member, nvme1 := r.Storage.Drives[0], r.Storage.Drives[2], r.Storage.Drives[5], r.Storage.Drives[6]
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"sda model", sda.Model, "ACME HDD 4000"},
		{"sda vendor", sda.Vendor, ""},
		{"sda firmware", sda.FirmwareVersion, "DA01X"},
		{"sda WWN", sda.WWN, "0x5000cca24d38c1d7"},
		{"sda speed", sda.InterfaceSpeed + " of " + sda.InterfaceMaxSpeed, "3.0 Gb/s of 6.0 Gb/s"},
		{"sda address, which is no placeholder", sda.HCTL, "0:0:0:0"},
		{"sda rpm", sda.RotationRPM, uint64(7200)},
		{"sda passed", *sda.SMART.Passed, true},
		{"sda warnings", sda.SMART.Warnings, []string{"command_failed", "error_log"}},
		{"sda messages", sda.SMART.Messages, []string{"Warning: old firmware"}},
		{"sda temperature", *sda.SMART.TemperatureCelsius, int64(31)},
		{"sda errors", *sda.SMART.ATAErrors, uint64(3)},
		{"sda attribute", sda.SMART.ATAAttributes[0], report.ATAAttribute{ID: 5, Name: "Reallocated_Sector_Ct", Value: 90, Worst: 90, Threshold: 10, Raw: 8, RawText: "8"}},
		{"empty USB drive is not asked", r.Storage.Drives[1].SMART == nil, true},
		{"virtio drive is not asked", r.Storage.Drives[3].SMART == nil, true},
		{"nvme0n1 size", nvme0.SizeBytes, uint64(1920383410176)},
		{"nvme0n1 serial", nvme0.SerialNumber, "N1"},
		{"nvme0n1 vendor", nvme0.NVMe.VendorID, "144d"},
		{"nvme0n1 limit", *nvme0.NVMe.WarningCelsius, int64(87)},
		{"nvme0n1 warning", *nvme0.NVMe.Health.CriticalWarning, uint64(1)},
		{"nvme0n1 temperature", *nvme0.NVMe.Health.TemperatureCelsius, int64(40)},
		{"nvme0n1 sensors", nvme0.NVMe.Health.SensorsCelsius, []int64{40}},
		{"nvme0n1 read", *nvme0.NVMe.Health.ReadBytes, uint64(512000000)},
		{"nvme0n1 written, beyond 64 bits", nvme0.NVMe.Health.WrittenBytes == nil, true},
		{"nvme0n1 SMART", *nvme0.SMART.Passed, true},
		{"member model", member.Model, "ACME SAS"},
		{"member defects", *member.SMART.SCSIGrownDefects, uint64(2)},
		{"member uncorrected", *member.SMART.SCSIUncorrectedErrors, uint64(3)},
		{"dead controller", nvme1.SMART == nil && nvme1.NVMe == nil, true},
	} {
		if fmt.Sprint(c.got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
	if len(r.Errors) != 2 {
		t.Fatalf("errors %+v, want two about nvme1", r.Errors)
	}
	for _, e := range r.Errors {
		if e.Tool == "smartctl" && (e.Kind != report.ExitStatus || !slices.Equal(e.Stderr, []string{"open failed: gone"})) ||
			e.Tool == "nvme" && e.Kind != report.TimeLimit {
			t.Errorf("error %+v", e)
		}
	}
}

// Without smartctl and nvme there are still the drives, and no error.
func TestStorageWithLsblkOnly(t *testing.T) {
	r := audit(t, t.Context(), script{out: map[string]string{lsblkCommand: lsblkSample}}, storage)
	if len(r.Storage.Drives) != 5 || len(r.Errors) != 0 {
		t.Errorf("%d drives, errors %+v", len(r.Storage.Drives), r.Errors)
	}
}

// Rubbish from one tool costs nothing of the others.
func TestStorageRubbish(t *testing.T) {
	m := script{out: map[string]string{
		lsblkCommand:                  lsblkSample,
		scanCommand:                   "smartctl 6.5: unknown option -j",
		"smartctl -j -a /dev/sda":     `{"device": "sda", "serial_number": "S1", "temperature": [1], "ata_smart_attributes": {"table": [5, {"id": 9}]}}`,
		"smartctl -j -a /dev/nvme0n1": "\x00\xff",
	}}
	r := audit(t, t.Context(), m, storage)
	if len(r.Storage.Drives) != 5 {
		t.Errorf("%d drives", len(r.Storage.Drives))
	}
	if sda := r.Storage.Drives[0]; sda.SMART == nil || len(sda.SMART.ATAAttributes) != 2 || sda.SMART.ATAAttributes[1].ID != 9 {
		t.Errorf("what was not rubbish is lost: %+v", sda.SMART)
	}
	if r.Storage.Drives[2].SMART != nil {
		t.Error("rubbish counts as an answer")
	}
	if len(r.Errors) != 3 {
		t.Errorf("errors %+v, want three", r.Errors)
	}
	for _, e := range r.Errors {
		if e.Kind != report.BadOutput {
			t.Errorf("error %+v", e)
		}
	}
}

// Every real drive keeps its identity and its health.
func TestSmartctlCorpus(t *testing.T) {
	drives := 0
	for _, file := range corpus(t, "smartctl", "*", "*.json") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var raw struct {
			Smartctl struct {
				Status int `json:"exit_status"`
			}
			Devices []any
			Device  map[string]any
			Serial  string                   `json:"serial_number"`
			Model   string                   `json:"model_name"`
			Status  struct{ Passed *bool }   `json:"smart_status"`
			Attrs   struct{ Table []any }    `json:"ata_smart_attributes"`
			NVMe    map[string]any           `json:"nvme_smart_health_information_log"`
			Temp    struct{ Current *int64 } `json:"temperature"`
		}
		if err := json.Unmarshal(text, &raw); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		name := filepath.Base(file)
		if raw.Devices != nil {
			m := script{out: map[string]string{lsblkCommand: `{"blockdevices": []}`, scanCommand: string(text)}}
			if r := audit(t, t.Context(), m, storage); len(r.Storage.Drives) != len(raw.Devices) {
				t.Errorf("%s: %d drives, want %d", name, len(r.Storage.Drives), len(raw.Devices))
			}
			continue
		}
		const ask = "smartctl -j -a /dev/sda"
		m := script{out: map[string]string{
			lsblkCommand: `{"blockdevices": [{"kname": "sda", "type": "disk", "size": 5}]}`, scanCommand: `{}`, ask: string(text),
		}}
		if raw.Smartctl.Status != 0 {
			m.err = map[string]error{ask: &machine.ExitError{Status: raw.Smartctl.Status}}
		}
		r := audit(t, t.Context(), m, storage)
		d := r.Storage.Drives[0]
		fatal := raw.Smartctl.Status&3 != 0
		if fatal != (len(r.Errors) == 1) || fatal != (d.SMART == nil) {
			t.Errorf("%s: exit status %d, errors %+v, SMART %+v", name, raw.Smartctl.Status, r.Errors, d.SMART)
		}
		if raw.Device == nil || fatal {
			continue
		}
		drives++
		if d.SerialNumber != raw.Serial && strings.Trim(raw.Serial, "0X") != "" || raw.Model != "" && d.Model != raw.Model {
			t.Errorf("%s: %q %q, want %q %q", name, d.Model, d.SerialNumber, raw.Model, raw.Serial)
		}
		s := d.SMART
		if (s.Passed == nil) != (raw.Status.Passed == nil) || s.Passed != nil && *s.Passed != *raw.Status.Passed {
			t.Errorf("%s: passed %v", name, s.Passed)
		}
		if len(s.ATAAttributes) != len(raw.Attrs.Table) {
			t.Errorf("%s: %d attributes, want %d", name, len(s.ATAAttributes), len(raw.Attrs.Table))
		}
		if (raw.NVMe != nil) != (d.NVMe != nil && d.NVMe.Health != nil) {
			t.Errorf("%s: NVMe %+v", name, d.NVMe)
		}
		if (s.TemperatureCelsius == nil) != (raw.Temp.Current == nil) || s.TemperatureCelsius != nil && *s.TemperatureCelsius != *raw.Temp.Current {
			t.Errorf("%s: temperature %v", name, s.TemperatureCelsius)
		}
		if (len(s.Warnings) > 0) != (raw.Smartctl.Status>>2 != 0) {
			t.Errorf("%s: exit status %d, warnings %v", name, raw.Smartctl.Status, s.Warnings)
		}
	}
	if drives < 20 {
		t.Errorf("only %d drives in the corpus", drives)
	}
}

// Tables for people, which old versions print, are an error and no drive.
func TestLsblkCorpus(t *testing.T) {
	for _, file := range corpus(t, "misc", "*", "*lsblk*") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r := audit(t, t.Context(), script{out: map[string]string{lsblkCommand: string(text)}}, storage)
		if len(r.Storage.Drives) != 0 || len(r.Errors) != 1 || r.Errors[0].Kind != report.BadOutput {
			t.Errorf("%s: %+v", file, r)
		}
	}
}
