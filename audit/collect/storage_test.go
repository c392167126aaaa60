package collect

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"bee/audit/collect/machine"
	"bee/audit/report"
	"bee/audit/tool/lsblk"
)

const (
	lsblkCommand = "lsblk -J -b -o " + lsblk.Columns
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
			"smartctl -j -x /dev/sda":   ataSample,
			"smartctl -j -x /dev/nvme1": `{"smartctl": {"exit_status": 2, "messages": [{"string": "open failed: gone", "severity": "error"}]}}`,
			"smartctl -j -x -d megaraid,4 /dev/bus/0": `{"device": {"type": "megaraid,4"}, "scsi_vendor": "ACME", "scsi_model_name": "ACME SAS", "serial_number": "M4",
				"logical_unit_id": "0x5000cb0847", "scsi_grown_defect_list": 2, "scsi_error_counter_log": {"read": {"total_uncorrected_errors": 1}, "write": {"total_uncorrected_errors": 2}}}`,
			"smartctl -j -x -d megaraid,5 /dev/bus/0": `{"device": {"type": "megaraid,5"}, "model_name": "a pass-through drive", "serial_number": "S1"}`,
			"smartctl -j -x /dev/nvme0n1":             `{"device": {"type": "nvme"}, "model_name": "ACME Flash 1.92TB", "serial_number": "N1", "smart_status": {"passed": true}, "temperature": {"current": 40}}`,
			"nvme id-ctrl -o json /dev/nvme0n1": `{"vid": 5197, "ssvid": 5197, "sn": "N1                  ", "mn": "ACME Flash 1.92TB   ", "fr": "EDA5502Q",
				"cntlid": 4, "tnvmcap": "1920383410176", "unvmcap": 0, "nn": 32, "wctemp": 360, "cctemp": 361, "subnqn": "nqn.2014-08.org:acme"}`,
			"nvme smart-log -o json /dev/nvme0n1": `{"critical_warning": {"value": 1, "available_spare": 1}, "temperature": 313, "avail_spare": 9, "spare_thresh": 10,
				"percent_used": 101, "data_units_read": "1,000", "data_units_written": 18446744073709551615, "temperature_sensor_1": 313, "temperature_sensor_2": 0, "power_on_hours": 4221}`,
		},
		err: map[string]error{
			"smartctl -j -x /dev/sda":           &machine.ExitError{Status: 64 + 4},
			"smartctl -j -x /dev/nvme1":         &machine.ExitError{Status: 2},
			"nvme id-ctrl -o json /dev/nvme1":   machine.ErrTimeLimit,
			"nvme smart-log -o json /dev/nvme1": machine.ErrTimeLimit,
		},
	}
	r := audit(t, t.Context(), m, storage)

	var paths []string
	for _, d := range r.Storage.Drives {
		paths = append(paths, d.Path+" "+d.SmartctlType)
	}
	want := []string{"/dev/bus/0 megaraid,4", "/dev/nvme0n1 ", "/dev/nvme1 ", "/dev/sda ", "/dev/sdb ", "/dev/sr0 ", "/dev/vda "}
	if !slices.Equal(paths, want) {
		t.Fatalf("drives %q\nwant   %q", paths, want)
	}
	member, nvme0, nvme1, sda := r.Storage.Drives[0], r.Storage.Drives[1], r.Storage.Drives[2], r.Storage.Drives[3]
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
		{"empty USB drive is not asked", r.Storage.Drives[4].SMART == nil, true},
		{"virtio vendor", r.Storage.Drives[6].Vendor, ""},
		{"virtio drive is not asked", r.Storage.Drives[6].SMART == nil, true},
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
	if len(r.Errors) != 2 || len(r.Errors[0].Runs()) != 2 {
		t.Fatalf("errors %+v, want one of nvme, met twice, and one of smartctl", r.Errors)
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
		"smartctl -j -x /dev/sda":     `{"device": "sda", "serial_number": "S1", "temperature": [1], "ata_smart_attributes": {"table": [5, {"id": 9}]}}`,
		"smartctl -j -x /dev/nvme0n1": "\x00\xff",
	}}
	r := audit(t, t.Context(), m, storage)
	if len(r.Storage.Drives) != 5 {
		t.Errorf("%d drives", len(r.Storage.Drives))
	}
	if sda := r.Storage.Drives[1]; sda.SMART == nil || len(sda.SMART.ATAAttributes) != 2 || sda.SMART.ATAAttributes[1].ID != 9 {
		t.Errorf("what was not rubbish is lost: %+v", sda.SMART)
	}
	if r.Storage.Drives[0].SMART != nil {
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

// slow is a machine whose tools take their time.
type slow struct {
	script
	takes func(line string) time.Duration
}

func (s slow) Run(ctx context.Context, c machine.Command) machine.Result {
	time.Sleep(s.takes(strings.Join(append([]string{c.Tool}, c.Args...), " ")))
	return s.script.Run(ctx, c)
}

// Files answers slowly, too.
func (s slow) Files() fs.FS { return lagging{s.script.Files(), s.takes("sysfs")} }

type lagging struct {
	fs.FS
	lag time.Duration
}

func (l lagging) Open(name string) (fs.File, error) {
	time.Sleep(l.lag)
	return l.FS.Open(name)
}

// server is a machine with many NVMe drives in its sysfs, and one drive behind a
// RAID controller.
func server(drives int) script {
	files := fstest.MapFS{}
	file := func(name, content string) { files["sys/"+name] = &fstest.MapFile{Data: []byte(content + "\n")} }
	m := script{files: files, out: map[string]string{
		scanCommand: `{"devices": [{"name": "/dev/bus/0", "type": "megaraid,4"}, {"name": "/dev/nvme100", "type": "nvme"}]}`,
		"smartctl -j -x -d megaraid,4 /dev/bus/0": `{"model_name": "ACME SAS", "serial_number": "M4"}`,
	}}
	lines := []string{}
	for i := range drives {
		name := fmt.Sprintf("nvme%dn1", i)
		file("block/"+name+"/size", "8")
		file("block/"+name+"/device/model", "by the kernel")
		file("block/"+name+"/device/serial", "N"+strconv.Itoa(i))
		controller := fmt.Sprintf("nvme%d", 100+i) // the kernel counts subsystems and controllers apart
		file("block/"+name+"/device/"+controller+"/x", "y")
		file("class/nvme/"+controller+"/state", "live")
		lines = append(lines, fmt.Sprintf(`{"name": "%[1]s", "kname": "%[1]s", "type": "disk", "size": 4096, "model": "by lsblk", "rev": "L1"}`, name))
		m.out["smartctl -j -x /dev/"+name] = `{"model_name": "by smartctl", "nvme_smart_health_information_log": {"temperature": 31, "percentage_used": 3}, "temperature": {"current": 31}}`
		m.out["nvme id-ctrl -o json /dev/"+name] = `{"mn": "by nvme", "fr": "N1", "cntlid": 7, "wctemp": 343}`
		m.out["nvme smart-log -o json /dev/"+name] = `{"critical_warning": 0, "temperature": 305, "percent_used": 4, "power_on_hours": 5}`
	}
	m.out[lsblkCommand] = `{"blockdevices": [` + strings.Join(lines, ",") + `]}`
	return m
}

// Everything is asked at once: the audit takes as long as its slowest tool. Only
// what the scan alone finds has to wait for the scan.
func TestStorageTakesAsLongAsItsSlowestTool(t *testing.T) {
	for name, c := range map[string]struct {
		takes map[string]time.Duration // by the beginning of the command line
		want  time.Duration
	}{
		"a slow drive":       {map[string]time.Duration{"smartctl -j -x /dev/nvme7n1": 60 * time.Second}, 60 * time.Second},
		"all drives slow":    {map[string]time.Duration{"smartctl -j -x /dev/": 30 * time.Second, "nvme ": 29 * time.Second}, 30 * time.Second},
		"lsblk slow":         {map[string]time.Duration{"lsblk": 40 * time.Second, "nvme ": 10 * time.Second}, 40 * time.Second},
		"the scan slow":      {map[string]time.Duration{"smartctl --scan": 20 * time.Second, "smartctl -j -x /dev/": 30 * time.Second}, 30 * time.Second},
		"sysfs slow":         {map[string]time.Duration{"sysfs": time.Millisecond, "nvme ": 10 * time.Second}, 10 * time.Second},
		"a member after all": {map[string]time.Duration{"smartctl --scan": 20 * time.Second, "smartctl -j -x -d megaraid": 15 * time.Second}, 35 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := slow{server(24), func(line string) time.Duration {
				for prefix, d := range c.takes {
					if strings.HasPrefix(line, prefix) {
						return d
					}
				}
				return 0
			}}
			start := time.Now()
			r := audit(t, t.Context(), m, storage)
			if took := time.Since(start); took < c.want || took > c.want*110/100 {
				t.Errorf("%s: took %v, want %v", name, took, c.want)
			}
			if len(r.Storage.Drives) != 25 || len(r.Errors) != 0 {
				t.Errorf("%s: %d drives, errors %+v", name, len(r.Storage.Drives), r.Errors)
			}
		})
	}
}

// A hundred drives behind an expander, and those behind a RAID controller that has to be asked
// for them by number, take about as long as one of them.
func TestManyDrivesAreAskedSideBySide(t *testing.T) {
	const each = 10 * time.Second
	expander := script{out: map[string]string{scanCommand: `{}`}}
	var disks []string
	for i := range 100 {
		name := fmt.Sprintf("sd%c%c", 'a'+i/26, 'a'+i%26)
		disks = append(disks, fmt.Sprintf(`{"kname": "%s", "type": "disk", "size": 5, "tran": "sas"}`, name))
		expander.out["smartctl -j -x /dev/"+name] = fmt.Sprintf(`{"model_name": "ACME SAS", "serial_number": "S%d"}`, i)
	}
	expander.out[lsblkCommand] = `{"blockdevices": [` + strings.Join(disks, ",") + `]}`
	array := script{out: map[string]string{
		lsblkCommand:              `{"blockdevices": [{"kname": "sda", "type": "disk", "size": 5}]}`,
		scanCommand:               `{}`,
		"smartctl -j -x /dev/sda": `{"smartctl": {"messages": [{"string": "DELL or MegaRaid controller, please try adding '-d megaraid,N'", "severity": "error"}]}}`,
	}}
	// the enclosure is 4, one was pulled
	for i, n := range []int{0, 1, 2, 3, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24} {
		array.out[fmt.Sprintf("smartctl -j -x -d megaraid,%d /dev/sda", n)] = fmt.Sprintf(`{"model_name": "ACME SAS", "serial_number": "S%d"}`, i)
	}
	for name, c := range map[string]struct {
		m      script
		drives int
		limit  time.Duration
	}{
		"behind an expander":       {expander, 100, each * 3 / 2},
		"behind a RAID controller": {array, 24, each * 4}, // the array, 16 members, the others, and none
	} {
		synctest.Test(t, func(t *testing.T) {
			m := slow{c.m, func(line string) time.Duration {
				if strings.HasPrefix(line, "smartctl -j -x ") {
					return each
				}
				return 0
			}}
			start := time.Now()
			r := audit(t, t.Context(), m, storage)
			if took := time.Since(start); took > c.limit {
				t.Errorf("%s: took %v, want %v at most", name, took, c.limit)
			}
			known := 0
			for _, d := range r.Storage.Drives {
				if d.SerialNumber != "" || d.RAIDVolume {
					known++
				}
			}
			if known != c.drives {
				t.Errorf("%s: %d drives are known, want %d", name, known, c.drives)
			}
		})
	}
}

// In whichever order the tools answer, the report is the same.
func TestStorageIsTheSameInAnyOrder(t *testing.T) {
	var first []byte
	for round := range 12 {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(uint64(round), 0))
			var mu sync.Mutex
			m := slow{server(3), func(line string) time.Duration {
				mu.Lock()
				defer mu.Unlock()
				if line == "sysfs" { // many times
					return time.Duration(random.IntN(20)) * time.Millisecond
				}
				return time.Duration(random.IntN(1000)) * time.Millisecond
			}}
			b, err := json.MarshalIndent(audit(t, t.Context(), m, storage).Storage, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = b
			}
			if !bytes.Equal(b, first) {
				t.Fatalf("round %d: %s\nbefore: %s", round, b, first)
			}
		})
	}
	var s report.Storage
	if err := json.Unmarshal(first, &s); err != nil {
		t.Fatal(err)
	}
	d := s.Drives[1]
	if d.Path != "/dev/nvme0n1" || d.Model != "by smartctl" || d.FirmwareVersion != "N1" || d.SerialNumber != "N0" || *d.NVMe.Health.TemperatureCelsius != 32 ||
		*d.SMART.TemperatureCelsius != 31 || *d.SMART.UsedPercent != 3 || *d.SMART.PowerOnHours != 5 || !*d.SMART.Passed ||
		*d.SMART.MaxTemperatureCelsius != 70 || d.NVMe.State != "live" {
		t.Errorf("who is believed: %s", first)
	}
}

// A drive that keeps lsblk from answering is in the report, and so are all others.
func TestStorageWithoutAnAnswerOfLsblk(t *testing.T) {
	m := server(2)
	m.out[lsblkCommand] = ""
	m.err = map[string]error{lsblkCommand: machine.ErrTimeLimit}
	r := audit(t, t.Context(), m, storage)
	if len(r.Storage.Drives) != 3 || len(r.Errors) != 1 || r.Errors[0].Kind != report.TimeLimit {
		t.Fatalf("%d drives, errors %+v", len(r.Storage.Drives), r.Errors)
	}
	if d := r.Storage.Drives[1]; d.SizeBytes != 4096 || d.Type != "disk" || d.SMART == nil || d.NVMe.ControllerID == nil {
		t.Errorf("drive %+v", d)
	}
}

func TestVolumes(t *testing.T) {
	deep := `{"name": "x", "kname": "x", "children": [` + strings.Repeat(`{"name": "x", "kname": "x", "children": [`, 300) + strings.Repeat("]}", 300) + "]}"
	m := script{out: map[string]string{lsblkCommand: `{"blockdevices": [
		{"name": "sda", "kname": "sda", "type": "disk", "subsystems": "block", "subsystems": "block:scsi:pci", "children": [
			{"name": "sda1", "kname": "sda1", "type": "part", "size": 1000, "fstype": "vfat", "label": "EFI", "uuid": "11-22", "partlabel": "boot", "mountpoint": "/boot/efi"},
			{"name": "sda2", "kname": "sda2", "type": "part", "fstype": "linux_raid_member", "children": [
				{"name": "md0", "kname": "md0", "type": "raid1", "fstype": "LVM2_member", "children": [
					{"name": "vg-root", "kname": "dm-0", "type": "lvm", "fstype": "xfs", "mountpoint": "/"}]}]}]},
		{"name": "sdb", "kname": "sdb", "type": "disk", "fstype": "zfs_member", "label": "tank"},
		{"name": "sdc", "kname": "sdc", "type": "disk", "children": [` + deep + `]}]}`}}
	r := audit(t, t.Context(), m, storage)
	sda, sdb, sdc := r.Storage.Drives[0], r.Storage.Drives[1], r.Storage.Drives[2]
	efi := report.Volume{Path: "/dev/sda1", Type: "part", SizeBytes: 1000, PartitionLabel: "boot",
		Content: report.Content{FilesystemType: "vfat", FilesystemLabel: "EFI", FilesystemUUID: "11-22", MountPoint: "/boot/efi"}}
	if !reflect.DeepEqual(sda.Volumes[0], efi) {
		t.Errorf("%+v\nwant %+v", sda.Volumes[0], efi)
	}
	array := sda.Volumes[1].Volumes[0]
	root := report.Volume{Path: "/dev/dm-0", Name: "vg-root", Type: "lvm", Content: report.Content{FilesystemType: "xfs", MountPoint: "/"}}
	if sda.Volumes[1].FilesystemType != "linux_raid_member" || array.Path != "/dev/md0" || array.Type != "raid1" || !reflect.DeepEqual(array.Volumes, []report.Volume{root}) {
		t.Errorf("%+v", sda.Volumes[1])
	}
	if sdb.FilesystemType != "zfs_member" || sdb.FilesystemLabel != "tank" {
		t.Errorf("%+v", sdb)
	}
	depth := 0
	for v := sdc.Volumes; len(v) > 0; v = v[0].Volumes {
		depth++
	}
	if depth != maxDepth {
		t.Errorf("volumes are %d deep", depth)
	}
}

// What smartctl says where it cannot tell how to reach a drive.
func TestSmartctlNeedsToBeTold(t *testing.T) {
	disks := `{"blockdevices": [{"kname": "sda", "type": "disk", "size": 5}, {"kname": "sdb", "type": "disk", "size": 5, "tran": "usb"}, {"kname": "sdc", "type": "disk", "size": 5, "tran": "usb"}]}`
	says := func(words string) string {
		return fmt.Sprintf(`{"smartctl": {"exit_status": 1, "messages": [{"string": %q, "severity": "error"}]}}`, words)
	}
	m := script{
		out: map[string]string{
			lsblkCommand: disks, scanCommand: `{}`,
			"smartctl -j -x /dev/sda":        says("Smartctl open device: /dev/sda failed: DELL or MegaRaid controller, please try adding '-d megaraid,N'"),
			"smartctl -j -x /dev/sdb":        says("/dev/sdb: Unknown USB bridge [0x1234:0x5678 (0x100)]"),
			"smartctl -j -x -d sat /dev/sdb": `{"device": {"protocol": "ATA"}, "serial_number": "S2"}`,
			"smartctl -j -x /dev/sdc":        says("/dev/sdc: Unknown USB bridge [0x1234:0x5678 (0x100)]"),
			"smartctl -j -x -d sat /dev/sdc": says("Smartctl: Device Read Identity Failed"),
		},
		err: map[string]error{
			"smartctl -j -x /dev/sda": &machine.ExitError{Status: 2}, "smartctl -j -x /dev/sdb": &machine.ExitError{Status: 1},
			"smartctl -j -x /dev/sdc": &machine.ExitError{Status: 1}, "smartctl -j -x -d sat /dev/sdc": &machine.ExitError{Status: 2},
		},
	}
	r := audit(t, t.Context(), m, storage)
	sda, sdb, sdc := r.Storage.Drives[0], r.Storage.Drives[1], r.Storage.Drives[2]
	if !sda.RAIDVolume || sda.SMART != nil {
		t.Errorf("an array: %+v", sda)
	}
	if sdb.SmartctlType != "sat" || sdb.SerialNumber != "S2" || sdb.Protocol != "ATA" || sdb.SMART == nil {
		t.Errorf("a USB drive: %+v", sdb)
	}
	if sdc.SmartctlType != "" || sdc.SMART != nil {
		t.Errorf("a USB drive that knows no SAT: %+v", sdc)
	}
	if len(r.Errors) != 1 || !slices.Contains(r.Errors[0].Stderr, "/dev/sdc: Unknown USB bridge [0x1234:0x5678 (0x100)]") {
		t.Errorf("errors %+v, want one about sdc", r.Errors)
	}
}

// TestMembers: the drives behind two arrays of one controller are asked for by their numbers,
// once; those that do not answer end it, and are no error.
func TestMembers(t *testing.T) {
	disks := `{"blockdevices": [{"kname": "sda", "type": "disk", "size": 5, "hctl": "0:1:0:0"}, {"kname": "sdb", "type": "disk", "size": 6, "hctl": "0:1:0:1"}]}`
	m := script{out: map[string]string{lsblkCommand: disks, scanCommand: `{}`}, err: map[string]error{}}
	for _, path := range []string{"/dev/sda", "/dev/sdb"} {
		m.out["smartctl -j -x "+path] = `{"smartctl": {"exit_status": 1, "messages": [{"string": "` + path + `: requires option '-d cciss,N'", "severity": "error"}]}}`
		m.err["smartctl -j -x "+path] = &machine.ExitError{Status: 1}
		for n := range 3 {
			line := fmt.Sprintf("smartctl -j -x -d cciss,%d %s", n, path)
			m.out[line] = fmt.Sprintf(`{"model_name": "ACME SAS", "serial_number": "S%d", "smart_status": {"passed": true}}`, n)
			if n == 2 {
				m.out[line], m.err[line] = `{"smartctl": {"exit_status": 2}}`, &machine.ExitError{Status: 2}
			}
		}
	}
	r := audit(t, t.Context(), m, storage)
	var got []string
	for _, d := range r.Storage.Drives {
		got = append(got, fmt.Sprintf("%s %s %v %s", d.Path, d.SmartctlType, d.RAIDVolume, d.SerialNumber))
	}
	slices.Sort(got)
	if want := []string{"/dev/sda  true ", "/dev/sda cciss,0 false S0", "/dev/sda cciss,1 false S1", "/dev/sdb  true "}; !slices.Equal(got, want) || len(r.Errors) > 0 {
		t.Errorf("got %q, want %q; errors %+v", got, want, r.Errors)
	}
}

// TestMembersOfTheScan: what the scan finds, and the array's controller answers for by number,
// too, is one drive.
func TestMembersOfTheScan(t *testing.T) {
	m := script{out: map[string]string{
		lsblkCommand:              `{"blockdevices": [{"kname": "sda", "type": "disk", "size": 5, "hctl": "0:2:0:0"}]}`,
		scanCommand:               `{"devices": [{"name": "/dev/bus/0", "type": "megaraid,0"}, {"name": "/dev/bus/0", "type": "megaraid,1"}, {"name": "/dev/bus/1", "type": "megaraid,0"}]}`,
		"smartctl -j -x /dev/sda": `{"smartctl": {"messages": [{"string": "DELL or MegaRaid controller, please try adding '-d megaraid,N'", "severity": "error"}]}}`,
	}, err: map[string]error{"smartctl -j -x /dev/sda": &machine.ExitError{Status: 2}}}
	for line, serial := range map[string]string{
		"megaraid,0 /dev/bus/0": "S0", "megaraid,1 /dev/bus/0": "S1", "megaraid,0 /dev/bus/1": "S9",
		"megaraid,0 /dev/sda": "S0", "megaraid,1 /dev/sda": "S1",
	} {
		m.out["smartctl -j -x -d "+line] = `{"model_name": "ACME SAS", "serial_number": "` + serial + `"}`
	}
	m.out["smartctl -j -x -d megaraid,2 /dev/sda"], m.err["smartctl -j -x -d megaraid,2 /dev/sda"] = `{}`, &machine.ExitError{Status: 2}
	r := audit(t, t.Context(), m, storage)
	var got []string
	for _, d := range r.Storage.Drives {
		got = append(got, d.Path+" "+d.SmartctlType+" "+d.SerialNumber)
	}
	if want := []string{"/dev/bus/0 megaraid,0 S0", "/dev/bus/0 megaraid,1 S1", "/dev/bus/1 megaraid,0 S9", "/dev/sda  "}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A smartctl without JSON is one error, not one for each drive.
func TestOldSmartctl(t *testing.T) {
	const usage = "smartctl 6.5 2016-05-07\n=======> UNRECOGNIZED OPTION: j\n"
	m := script{out: map[string]string{lsblkCommand: lsblkSample, scanCommand: usage, "smartctl -j -x /dev/sda": usage, "smartctl -j -x /dev/nvme0n1": usage}, err: map[string]error{}}
	for line := range m.out {
		if strings.HasPrefix(line, "smartctl") {
			m.err[line] = &machine.ExitError{Status: 1}
		}
	}
	r := audit(t, t.Context(), m, storage)
	if len(r.Storage.Drives) != 5 || len(r.Errors) != 1 || !slices.Contains(r.Errors[0].Stderr, "=======> UNRECOGNIZED OPTION: j") {
		t.Errorf("%d drives, errors %+v", len(r.Storage.Drives), r.Errors)
	}
}

func TestJoinPaths(t *testing.T) {
	one := report.Drive{Path: "/dev/sda", Transport: "sas", WWN: "0x5000", SerialNumber: "S1", SizeBytes: 5}
	other := func(change func(*report.Drive)) report.Drive {
		d := one
		d.Path = "/dev/sdb"
		change(&d)
		return d
	}
	second := other(func(d *report.Drive) { d.SMART = &report.SMART{} })
	third := other(func(d *report.Drive) { d.Path = "/dev/sdc" })
	joined := joinPaths([]report.Drive{one, second, third})
	if len(joined) != 1 || joined[0].Path != "/dev/sda" || !slices.Equal(joined[0].OtherPaths, []string{"/dev/sdb", "/dev/sdc"}) || joined[0].SMART == nil {
		t.Errorf("%+v", joined)
	}
	for what, d := range map[string]report.Drive{
		"another size":   other(func(d *report.Drive) { d.SizeBytes = 6 }),
		"another serial": other(func(d *report.Drive) { d.SerialNumber = "S2" }),
		"another name":   other(func(d *report.Drive) { d.WWN = "0x5001" }),
		"one path only":  other(func(d *report.Drive) { d.Transport = "sata" }),
	} {
		if joined := joinPaths([]report.Drive{one, d}); len(joined) != 2 {
			t.Errorf("%s: %+v", what, joined)
		}
	}
	anonymous := report.Drive{Path: "/dev/sda", Transport: "sas"}
	if joined := joinPaths([]report.Drive{anonymous, anonymous}); len(joined) != 2 {
		t.Errorf("drives that say nothing are taken for one: %+v", joined)
	}
}

func TestDrivesComeInOrder(t *testing.T) {
	want := []driveID{
		{path: "/dev/bus/0", kind: "megaraid,4"}, {path: "/dev/bus/0", kind: "megaraid,10"}, {path: "/dev/bus/2", kind: "megaraid,0"},
		{path: "/dev/nvme0n1"}, {path: "/dev/nvme1"}, {path: "/dev/nvme2n1"}, {path: "/dev/nvme2n10"}, {path: "/dev/nvme10n1"},
		{path: "/dev/sda"}, {path: "/dev/sda", kind: "megaraid,1"}, {path: "/dev/sdz"}, {path: "/dev/sdaa"}, {path: "/dev/sr0"},
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, func(a, b driveID) int {
		x, y := countable(a), countable(b)
		return slices.Compare(x[:], y[:])
	})
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// Every real drive keeps its identity and its health.
func TestSmartctlCorpus(t *testing.T) {
	for _, file := range corpus(t, "smartctl", "*", "*") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		smartctlCorpus(t, filepath.Base(file), text)
	}
}

func smartctlCorpus(t *testing.T, name string, text []byte) {
	var raw struct {
		Smartctl struct {
			Status int `json:"exit_status"`
		}
		Devices []struct{ Name, Type string }
		Device  map[string]any
		Serial  string                 `json:"serial_number"`
		Model   string                 `json:"model_name"`
		Status  struct{ Passed *bool } `json:"smart_status"`
		Attrs   struct{ Table []any }  `json:"ata_smart_attributes"`
		NVMe    map[string]any         `json:"nvme_smart_health_information_log"`
		Temp    struct {
			Current *int64
			Trip    *int64 `json:"drive_trip"`
		} `json:"temperature"`
	}
	broken := json.Unmarshal(text, &raw) != nil // no JSON, or none that smartctl could print
	if raw.Devices != nil {
		want := map[string]bool{} // a real machine's scan names no device twice; the corpus has such lists
		for _, d := range raw.Devices {
			want[d.Name+" "+d.Type] = true
		}
		m := script{out: map[string]string{lsblkCommand: `{"blockdevices": []}`, scanCommand: string(text)}}
		if r := audit(t, t.Context(), m, storage); len(r.Storage.Drives) != len(want) {
			t.Errorf("%s: %d drives, want %d", name, len(r.Storage.Drives), len(want))
		}
		return
	}
	const ask = "smartctl -j -x /dev/sda"
	m := script{out: map[string]string{
		lsblkCommand: `{"blockdevices": [{"kname": "sda", "type": "disk", "size": 5}]}`, scanCommand: `{}`, ask: string(text),
	}}
	if raw.Smartctl.Status != 0 {
		m.err = map[string]error{ask: &machine.ExitError{Status: raw.Smartctl.Status}}
	}
	r := audit(t, t.Context(), m, storage)
	d := r.Storage.Drives[0]
	if broken {
		if len(r.Errors) != 1 || r.Errors[0].Kind != report.BadOutput {
			t.Errorf("%s: is no smartctl output, errors %+v", name, r.Errors)
		}
		return
	}
	fatal := raw.Smartctl.Status&3 != 0
	nothing := fatal && raw.Serial == "" && raw.Model == ""
	if fatal != (len(r.Errors) == 1) || nothing != (d.SMART == nil) {
		t.Errorf("%s: exit status %d, errors %+v, SMART %+v", name, raw.Smartctl.Status, r.Errors, d.SMART)
	}
	if raw.Device == nil || nothing {
		return
	}
	if d.SerialNumber != raw.Serial && strings.Trim(raw.Serial, "0X") != "" || raw.Model != "" && d.Model != raw.Model {
		t.Errorf("%s: %q %q, want %q %q", name, d.Model, d.SerialNumber, raw.Model, raw.Serial)
	}
	s := d.SMART
	if raw.Status.Passed != nil && *s.Passed != *raw.Status.Passed || raw.Status.Passed == nil && raw.NVMe == nil && s.Passed != nil {
		t.Errorf("%s: passed %v", name, s.Passed)
	}
	if len(s.ATAAttributes) != len(raw.Attrs.Table) {
		t.Errorf("%s: %d attributes, want %d", name, len(s.ATAAttributes), len(raw.Attrs.Table))
	}
	if (raw.NVMe != nil) != (d.NVMe != nil && d.NVMe.Health != nil) {
		t.Errorf("%s: NVMe %+v", name, d.NVMe)
	}
	if raw.NVMe != nil && s.UsedPercent == nil {
		t.Errorf("%s: wear is missing", name)
	}
	if raw.Temp.Trip != nil && *raw.Temp.Trip == 0 && *raw.Temp.Current == 0 {
		raw.Temp.Current = nil // no sensor
	}
	if (s.TemperatureCelsius == nil) != (raw.Temp.Current == nil) || s.TemperatureCelsius != nil && *s.TemperatureCelsius != *raw.Temp.Current {
		t.Errorf("%s: temperature %v", name, s.TemperatureCelsius)
	}
	if (len(s.Warnings) > 0) != (raw.Smartctl.Status>>2 != 0) {
		t.Errorf("%s: exit status %d, warnings %v", name, raw.Smartctl.Status, s.Warnings)
	}
}

// lsblk's JSON gives every disk in it; a table for people, which old versions
// print, and JSON of other programs are an error and no drive.
func TestLsblkCorpus(t *testing.T) {
	for _, file := range corpus(t, "misc", "*", "*lsblk*") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var raw struct {
			Devices []struct{ Kname, Type, Subsystems string } `json:"blockdevices"`
		}
		broken := json.Unmarshal(text, &raw) != nil
		want := 0
		for _, d := range raw.Devices {
			if d.Kname != "" && (d.Type == "disk" || d.Type == "rom") && d.Subsystems != "block" {
				want++
			}
		}
		r := audit(t, t.Context(), script{out: map[string]string{lsblkCommand: string(text)}}, storage)
		if len(r.Storage.Drives) != want || broken != (len(r.Errors) == 1 && r.Errors[0].Kind == report.BadOutput) {
			t.Errorf("%s: %d drives, want %d; errors %+v", file, len(r.Storage.Drives), want, r.Errors)
		}
	}
}
