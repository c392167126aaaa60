package arcconf

import (
	"fmt"
	"strings"
	"testing"

	"bee/audit/report"
	"bee/audit/tool/internal/raidtest"
	"bee/audit/tool/raid"
)

// Of an old controller, and what else old versions print.
const oldSample = `Controllers found: 2
----------------------------------------------------------------------
Controller information
----------------------------------------------------------------------
   Controller Status                        : Okay
   Controller Model                         : Adaptec 5405
   Controller Serial Number                 : 1D00ACME001
   Temperature                              : 77 C/ 170 F (Normal)
   Installed memory                         : 256 MB
   --------------------------------------------------------
   Controller Version Information
   --------------------------------------------------------
   Firmware                                 : 5.2-0 (18948)
   --------------------------------------------------------
   Controller Battery Information
   --------------------------------------------------------
   Status                                   : Failed

----------------------------------------------------------------------
Logical drive information
----------------------------------------------------------------------
Logical drive number 1
   Logical drive name                       : data
   RAID level                               : 10
   Status of logical drive                  : Degraded
   Size                                     : 1906678 MB
   Write-cache mode                         : Disabled (write-through)
   Write-cache setting                      : Enabled (write-back) when protected by battery
   --------------------------------------------------------
   Logical drive segment information
   --------------------------------------------------------
   Group 0, Segment 0                       : Present (Controller:1,Enclosure:0,Slot:3)      WD-ACME0003
   Group 0, Segment 1                       : Inconsistent (0,2)
   Group 1, Segment 0                       : Present (0,1) WD-ACMEHIDDEN
   Group 1, Segment 1                       : Missing

Logical drive number 2
   RAID level                               : Simple_volume
   Status of logical drive                  : Impacted ( Build/Verify with fix : 90 % )
   Write-cache mode                         : Not supported
   Stripe order (Channel,Device)            : 0,1 0,7

----------------------------------------------------------------------
Physical Device information
----------------------------------------------------------------------
      Device #0
         Device is a Hard drive
         State                              : Online
         Transfer Speed                     : SATA 3.0 Gb/s
         Reported Channel,Device            : 0,1
         Reported Location                  : Connector 1, Device 0
         Vendor                             :
         Model                              : ACME SSD
         Serial number                      : S1ACME
         World-wide name                    : 500D1E0000000000
         Size                               : 114473 MB
         S.M.A.R.T. warnings                : 1
         SSD                                : Yes
      Device #1
         Device is a Hard drive
         State                              : Online
         Transfer Speed                     : SATA 3.0 Gb/s
         Reported Channel,Device            : 0,3
         Reported Location                  : Enclosure 0, Slot 3
         Vendor                             : WDC
         Model                              : WD1001ACME-0
         Serial number                      : WD-ACME0003
         Size                               : 953869 MB
         SSD                                : No
      Device #2
         Device is a Hard drive
         State                              : Failed
         Vendor                             : *MISSING*
      Device #3
         Device is an Enclosure services device
         Serial number                      : NODRIVE
Command completed successfully.
`

// Of a later controller, with headings beside what they are about.
const newSample = `Controllers found: 1
----------------------------------------------------------------------
Controller information
----------------------------------------------------------------------
   Controller Status                          : Optimal
   Controller Model                           : Adaptec SmartRAID 3154-8i
   PCI Address (Domain:Bus:Device:Function)   : 0:c1:0:0
   -------------------------------------------------------------------
   Cache Properties
   -------------------------------------------------------------------
   Cache Status                               : Temporarily Disabled
   Cache State                                : Charge Is Low
   Cache memory                               : 3856 MB
   -------------------------------------------------------------------
   Green Backup Information
   -------------------------------------------------------------------
   Backup Power Status                        : Not Fully Charged
----------------------------------------------------------------------
Logical device information
----------------------------------------------------------------------
Logical Device number 0
   Logical Device name                        : os
   Disk Name                                  : /dev/sda
   RAID level                                 : 1
   Status of Logical Device                   : Optimal
   Size                                       : 228902 MB
   Caching                                    : Enabled
   Volume Unique Identifier                   : 600508B1001C00000000000000000031
--------------------------------------------------------
   Array Physical Device Information
--------------------------------------------------------
   Device ID                                  : Availability (SizeMB, Protocol, Type, Connector ID, Location) Serial Number
--------------------------------------------------------
   Device 8                                   : Present (228936MB, SATA, SSD, Connector:CN0, Enclosure:1, Slot:0) ACME0001
   Device 9                                   : Present (228936MB, SAS, SSD, Connector:CN0, Enclosure:1, Slot:1) ACME0002

----------------------------------------------------------------------
Physical Device information
----------------------------------------------------------------------
   Channel #0:
      Device #8
         Device is a Hard drive
         State                                : Online
         Transfer Speed                       : SATA 6.0 Gb/s
         Reported Channel,Device(T:L)         : 0,8(8:0)
         Reported Location                    : Enclosure 1, Slot 0(Connector 0:CN0)
         Vendor                               : ATA
         Model                                : ACME 240
         Serial number                        : ACME0001
         World-wide name                      : 5000C500ACE00001
         Total Size                           : 228936 MB
         SSD                                  : Yes
         Current Temperature                  : 34 deg C
      ----------------------------------------------------------------
      Device Error Counters
      ----------------------------------------------------------------
         Media Failures                       : 3
         Predictive Failures                  : 0

      Device #9
         Device is a Hard drive
         State                                : Raw (Pass Through)
         Transfer Speed                       : SAS 12.0 Gb/s
         Reported Location                    : Enclosure 1, Slot 1(Connector 0:CN0)
         Serial number                        : ACME0002
         Total Size                           : 228936 MB
         SSD                                  : No
         Rotational Speed                     : 10500 RPM
      ----------------------------------------------------------------
      Device Error Counters
      ----------------------------------------------------------------
         Media Failures                       : 5
`

func TestParse(t *testing.T) {
	old, err := Parse("arcconf", 2, []byte(oldSample))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse("arcconf", 1, []byte(newSample))
	if err != nil {
		t.Fatal(err)
	}
	raidtest.Check(t, []raid.Controller{old, c})
	at := "Enclosure 1, Slot 0(Connector 0:CN0)"
	ssd, hdd := raidtest.Drive(t, old, "Connector 1, Device 0"), raidtest.Drive(t, old, "0:3")
	first, second := raidtest.Drive(t, c, at), raidtest.Drive(t, c, strings.Replace(at, "Slot 0", "Slot 1", 1))
	for _, x := range []struct {
		what      string
		got, want any
	}{
		{"old controller", []any{old.Name, old.Model, old.SerialNumber, old.FirmwareVersion, old.PCIAddress, old.State, old.CacheBytes, raidtest.Value(old.TemperatureCelsius)}, []any{"arcconf 2", "Adaptec 5405", "1D00ACME001", "5.2-0 (18948)", "", "ok", 256 << 20, 77}},
		{"battery", []string{old.Backup.Kind, old.Backup.State, old.Backup.Status}, []string{"battery", "failed", "Failed"}},
		{"drives, without the one that is gone", len(old.Drives), 2},
		{"array", fmt.Sprintf("%+v", old.Arrays[0]), fmt.Sprintf("%+v", report.RAIDArray{
			Name: "1", Label: "data", Level: "RAID10", State: "degraded", Status: "Degraded", SizeBytes: 1906678 << 20, WriteCache: "write_through", WriteCacheSetting: "write_back",
			Members: []string{"0:3", "Connector 1, Device 0"}, MissingMembers: []string{"Group 0, Segment 1 (0,2)", "Group 1, Segment 1"}})},
		{"array without segments", []any{old.Arrays[1].Level, old.Arrays[1].State, old.Arrays[1].WriteCache, old.Arrays[1].Members}, []any{"Simple_volume", "rebuilding", "", []string{"Connector 1, Device 0", "0,7"}}},
		{"SSD", []any{ssd.Transport, ssd.Vendor, ssd.Model, ssd.WWN, raidtest.Value(ssd.Rotational), raidtest.Value(ssd.Member.PredictiveFailures), raidtest.Value(ssd.Member.MediaErrors)}, []any{"sata", "", "ACME SSD", "0x500d1e0000000000", false, 1, "none"}},
		{"HDD", []any{hdd.Vendor, hdd.Model, hdd.SizeBytes, raidtest.Value(hdd.Member.PredictiveFailures)}, []any{"WDC", "WD1001ACME-0", 953869 << 20, "none"}},
		{"later controller", []any{c.PCIAddress, c.CacheBytes, c.CacheStatus, c.Backup.Kind, c.Backup.State}, []any{"0000:c1:00.0", 3856 << 20, "Temporarily Disabled: Charge Is Low", "", "charging"}},
		{"its array", fmt.Sprintf("%+v", c.Arrays), fmt.Sprintf("%+v", []report.RAIDArray{{
			Name: "0", Label: "os", Path: "/dev/sda", WWN: "0x600508b1001c00000000000000000031", Level: "RAID1", State: "ok", Status: "Optimal", SizeBytes: 228902 << 20, Members: []string{first.Member.Slot, second.Member.Slot}}})},
		{"its drive", []any{first.Vendor, first.WWN, raidtest.Value(first.SMART.TemperatureCelsius), raidtest.Value(first.Member.MediaErrors), raidtest.Value(first.Member.PredictiveFailures)}, []any{"", "0x5000c500ace00001", 34, 3, 0}},
		{"its other drive", []any{second.Member.State, second.Member.Status, second.RotationRPM, raidtest.Value(second.Member.MediaErrors)}, []any{"ok", "Raw (Pass Through)", 10500, 5}},
	} {
		if fmt.Sprint(x.got) != fmt.Sprint(x.want) {
			t.Errorf("%s: %v, want %v", x.what, x.got, x.want)
		}
	}
	if _, err := Parse("arcconf", 1, []byte("Controllers found: 1\nCommand aborted.\n")); err == nil {
		t.Error("no error where nothing is said of the controller")
	}
}

func TestBackup(t *testing.T) {
	const head = "Controllers found: 1\n---\nController information\n---\n   Installed memory : %s\n   ---\n   %s\n   ---\n   %s\n---\nLogical device information\n---\n"
	for _, c := range []struct{ memory, heading, line, want string }{
		{"512 MB", "Controller ZMM Information", "Status : ZMM not installed", "capacitor absent"},
		{"512 MB", "Controller ZMM Information", "Status : ZMM Optimal", "capacitor ok"},
		{"0 MB", "Controller Battery Information", "Status : Not Installed", "none"},
		{"1024 MB", "Controller Cache Backup Unit Information", "Overall Backup Unit Status : Not Present", "capacitor absent"},
		{"1024 MB", "Controller Battery Information", "Status : Bored", "battery unknown"},
		{"1024 MB", "Controller Version Information", "Firmware : 1", "none"},
	} {
		parsed, err := Parse("arcconf", 1, fmt.Appendf(nil, head, c.memory, c.heading, c.line))
		got := "none"
		if parsed.Backup != nil {
			got = parsed.Backup.Kind + " " + parsed.Backup.State
		}
		if err != nil || got != c.want {
			t.Errorf("%s: %s, want %s, error %v", c.line, got, c.want, err)
		}
	}
}

func TestFound(t *testing.T) {
	for out, want := range map[string]string{oldSample: "2 <nil>", "\n  Controllers found: 0\n": "0 <nil>", "Controllers found: 99999999999999999999": "", "": "", "Controllers fo": ""} {
		n, err := Found([]byte(out))
		if got := fmt.Sprint(n, err); want != "" && got != want || want == "" && err == nil {
			t.Errorf("%q: %s", out, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(oldSample))
	f.Add([]byte(newSample))
	f.Fuzz(func(t *testing.T, out []byte) {
		_, _ = Found(out)
		if c, err := Parse("arcconf", 1, out); err == nil {
			raidtest.Check(t, []raid.Controller{c})
		}
	})
}
