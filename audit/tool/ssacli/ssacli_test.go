package ssacli

import (
	"fmt"
	"testing"

	"bee/audit/report"
	"bee/audit/tool/internal/raidtest"
)

const sample = `

Smart Array P840 in Slot 3
   Bus Interface: PCI
   Slot: 3
   Serial Number: PDNNF0ARACME01
   Controller Status: OK
   Firmware Version: 7.00
   Cache Board Present: True
   Cache Status: Permanently Disabled
   Cache Status Details: Cache disabled; the backup power source failed to charge to
an acceptable level
   Total Cache Size: 4.0 GB
   No-Battery Write Cache: Disabled
   Cache Backup Power Source: Batteries
   Battery/Capacitor Count: 1
   Battery/Capacitor Status: Failed (Replace Batteries)
   Controller Temperature (C): 61
   PCI Address (Domain:Bus:Device.Function): 0000:08:00.0
   Sensor ID: 0
      Location: Serial Number

   Array: A
      Interface Type: SAS
      Status: OK

      Logical Drive: 1
         Size: 1.1 TB
         Fault Tolerance: 1+0
         Status: Recovering, 12.5% complete
         Unique Identifier: 600508B1001C00000000000000000021
         Disk Name: /dev/sda          Mount Points: None
         Mirror Group 1:
            physicaldrive 1I:1:1 (port 1I:box 1:bay 1, SAS, 600 GB, OK)

      Logical Drive: 2
         Size: 10 GB
         Fault Tolerance: 0
         Status: Splendid

      physicaldrive 1I:1:1
         Port: 1I
         Status: OK
         Drive Type: Data Drive
         Interface Type: SAS
         Size: 600 GB
         Rotational Speed: 10000
         Firmware Revision: HPD5
         Serial Number: ACME0001
         WWID: 5000C500CAFE0001
         Model: HP      EG0600ACME
         Current Temperature (C): 32

      physicaldrive 1I:1:2
         Status: Rebuilding
         Drive Type: Data Drive
         Interface Type: SAS
         Size: 600 GB
         Serial Number: ACME0002

      physicaldrive 2I:1:3
         Status: OK
         Drive Type: Spare Drive
         Interface Type: Solid State SATA
         WWID: 50014380AAAA0003
         Model: ATA     MK0400ACME
         Usage remaining: 12.50%
         Power On Hours: 20001

   Unassigned

      physicaldrive 2I:1:4
         Status: OK
         Drive Type: Unassigned Drive
         Interface Type: PCIe NVMe
         Usage remaining: 110%

      physicaldrive 2I:1:5
         Status: OK
         Drive Type: Dream Drive

   SEP (Vendor ID HP, Model Smart Adapter) 379
      Serial Number: none of a drive

Smart HBA H240 in Slot 1 (HBA Mode)
   Serial Number: PDNNK0ARACME02
   Controller Status: Sleepy
`

func TestParse(t *testing.T) {
	all, err := Parse("hpssacli", []byte(sample))
	if err != nil || len(all) != 2 {
		t.Fatalf("%+v, error %v", all, err)
	}
	raidtest.Check(t, all)
	c := all[0]
	first, second, spare, free, odd := raidtest.Drive(t, c, "1I:1:1"), raidtest.Drive(t, c, "1I:1:2"), raidtest.Drive(t, c, "2I:1:3"), raidtest.Drive(t, c, "2I:1:4"), raidtest.Drive(t, c, "2I:1:5")
	for _, x := range []struct {
		what      string
		got, want any
	}{
		{"controller", []string{c.Name, c.Model, c.SerialNumber, c.FirmwareVersion, c.PCIAddress, c.State}, []string{"hpssacli ctrl slot=3", "Smart Array P840", "PDNNF0ARACME01", "7.00", "0000:08:00.0", "ok"}},
		{"cache", c.CacheStatus, "Permanently Disabled: Cache disabled; the backup power source failed to charge to an acceptable level"},
		{"its size", c.CacheBytes, 4 << 30},
		{"backup", []string{c.Backup.Kind, c.Backup.State, c.Backup.Status}, []string{"battery", "failed", "Failed (Replace Batteries)"}},
		{"drives", len(c.Drives), 5},
		{"arrays", len(c.Arrays), 2},
		{"array", fmt.Sprintf("%+v", c.Arrays[0]), fmt.Sprintf("%+v", report.RAIDArray{
			Name: "1", Path: "/dev/sda", WWN: "0x600508b1001c00000000000000000021", Level: "RAID10", State: "rebuilding", Status: "Recovering, 12.5% complete", SizeBytes: 1209462790553, Members: []string{"1I:1:1", "1I:1:2"}})},
		{"array on the same drives", []any{c.Arrays[1].State, c.Arrays[1].Status, c.Arrays[1].Members}, []any{"unknown", "Splendid", []string{"1I:1:1", "1I:1:2"}}},
		{"drive", []string{first.Transport, first.Vendor, first.Model, first.SerialNumber, first.FirmwareVersion, first.WWN, first.Member.State}, []string{"sas", "HP", "EG0600ACME", "ACME0001", "HPD5", "0x5000c500cafe0001", "ok"}},
		{"sizes", []uint64{first.SizeBytes, first.RotationRPM}, []uint64{600_000_000_000, 10000}},
		{"temperature", raidtest.Value(first.SMART.TemperatureCelsius), 32},
		{"rebuilding", second.Member.State, "rebuilding"},
		{"spare", []any{spare.Member.State, spare.WWN, spare.Vendor, spare.Model, raidtest.Value(spare.Rotational)}, []any{"spare", "", "", "MK0400ACME", false}},
		{"wear", []any{raidtest.Value(spare.SMART.UsedPercent), raidtest.Value(spare.SMART.PowerOnHours)}, []any{87, 20001}},
		{"unassigned", []any{free.Member.State, free.Transport, free.SMART}, []any{"unused", "nvme", (*report.SMART)(nil)}},
		{"unknown use", []any{odd.Member.State, odd.Member.Status}, []any{"unknown", "Dream Drive"}},
		{"second controller", []any{all[1].Name, all[1].State, all[1].Status, all[1].Backup}, []any{"hpssacli ctrl slot=1", "unknown", "Sleepy", (*report.CacheBackup)(nil)}},
	} {
		if fmt.Sprint(x.got) != fmt.Sprint(x.want) {
			t.Errorf("%s: %v, want %v", x.what, x.got, x.want)
		}
	}
}

func TestBackup(t *testing.T) {
	for more, want := range map[string]string{
		"   Total Cache Size: 512 MB\n   Battery/Capacitor Count: 0\n": "absent",
		"   Battery/Capacitor Count: 0\n":                              "none",
		"   Total Cache Size: 2.0\n   Battery/Capacitor Count: 1\n   Battery/Capacitor Status: Recharging\n   Cache Backup Power Source: Capacitors\n": "charging",
		"   Total Cache Size: 2.0\n   Battery/Capacitor Count: 1\n   Battery/Capacitor Status: Tired\n":                                                "unknown",
	} {
		all, err := Parse("ssacli", []byte("Smart Array P in Slot 0\n"+more))
		got := "none"
		if err == nil && all[0].Backup != nil {
			got = all[0].Backup.State
		}
		if err != nil || got != want {
			t.Errorf("%q: %s, want %s, error %v", more, got, want, err)
		}
	}
}

func TestNoController(t *testing.T) {
	for out, wrong := range map[string]bool{"\nError: No controllers detected. Possible causes:\n": false, "": true, "terminate called\n": true} {
		if all, err := Parse("ssacli", []byte(out)); len(all) != 0 || (err != nil) != wrong {
			t.Errorf("%q: %+v, error %v", out, all, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("A in Slot 0\n   Array: A\n      physicaldrive 1\n         Usage remaining: NaN%\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		all, err := Parse("ssacli", out)
		raidtest.Check(t, all)
		if err != nil && len(all) > 0 {
			t.Errorf("%+v, error %v", all, err)
		}
	})
}
