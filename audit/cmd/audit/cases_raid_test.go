package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bee/audit/report"
)

// raidRules are the rules of findings about RAID, and about drives.
func raidRules(r *report.Report) []string {
	var all []string
	for _, f := range r.Findings {
		if f.Section == "storage" {
			all = append(all, f.Rule+" "+f.Component)
		}
	}
	return all
}

// TestRAIDCases replays machines with RAID controllers whose makers' programs are installed: see the READMEs.
func TestRAIDCases(t *testing.T) {
	for _, c := range []struct {
		name        string
		findings    []string
		drives      []string
		controllers []string
		arrays      []string
	}{
		{"raid-storcli-healthy", nil,
			[]string{"/dev/sda", "/dev/sda megaraid,0 252:0 ok", "/dev/sda megaraid,1 252:1 ok", "/dev/sda megaraid,2 252:2 ok", "/dev/sda megaraid,3 252:3 ok", "/dev/sdb", "storcli64 /c0 252:4 252:4 ok", "storcli64 /c0 252:5 252:5 ok"},
			[]string{"storcli64 /c0 0000:17:00.0 ok, capacitor ok"},
			[]string{"/dev/sda RAID1 ok [252:0 252:1] write_back/write_back", "/dev/sdb RAID6 ok [252:2 252:3 252:4 252:5] write_back/write_back"}},
		{"raid-perccli-degraded",
			[]string{"array-degraded /dev/sda", "member-failed perccli64 /c0 64:1", "member-failing perccli64 /c0 64:2", "member-bad perccli64 /c0 64:3", "member-foreign perccli64 /c0 64:4",
				"drive-media-errors perccli64 /c0 64:1", "raid-state-unknown perccli64 /c0"},
			[]string{"/dev/sda", "perccli64 /c0 64:0 64:0 ok", "perccli64 /c0 64:1 64:1 failed", "perccli64 /c0 64:2 64:2 ok", "perccli64 /c0 64:3 64:3 bad", "perccli64 /c0 64:4 64:4 foreign", "perccli64 /c0 64:5 64:5 unknown"},
			[]string{"perccli64 /c0 0000:65:00.0 degraded, battery ok"},
			[]string{"/dev/sda RAID5 degraded [64:0 64:1 64:2] write_back/write_back"}},
		{"raid-storcli-battery-failed", []string{"raid-backup storcli64 /c0"},
			[]string{"/dev/sda", "storcli64 /c0 0 0 ok", "storcli64 /c0 1 1 ok"},
			[]string{"storcli64 /c0 0000:03:00.0 degraded, battery failed"},
			[]string{"/dev/sda RAID1 ok [0 1] write_through/write_back"}},
		{"raid-ssacli",
			[]string{"array-degraded /dev/sdb", "member-failed ssacli ctrl slot=0 2I:1:6", "member-failing ssacli ctrl slot=0 2I:1:7", "raid-cache-off ssacli ctrl slot=0"},
			[]string{"/dev/sda", "/dev/sdb", "ssacli ctrl slot=0 1I:1:1 1I:1:1 ok", "ssacli ctrl slot=0 1I:1:2 1I:1:2 ok", "ssacli ctrl slot=0 2I:1:5 2I:1:5 ok", "ssacli ctrl slot=0 2I:1:6 2I:1:6 failed", "ssacli ctrl slot=0 2I:1:7 2I:1:7 failing"},
			[]string{"ssacli ctrl slot=0 0000:5c:00.0 ok, capacitor charging"},
			[]string{"/dev/sda RAID1 ok [1I:1:1 1I:1:2] /", "/dev/sdb RAID5 degraded [2I:1:5 2I:1:6 2I:1:7] /"}},
		{"raid-arcconf", []string{"array-rebuilding arcconf 1 array 1"},
			[]string{"/dev/sda", "/dev/sdb", "arcconf 1 0:0 0:0 ok", "arcconf 1 0:1 0:1 ok", "arcconf 1 0:2 0:2 ok", "arcconf 1 0:3 0:3 ok",
				"arcconf 1 Connector 1, Device 0 Connector 1, Device 0 ok", "arcconf 1 Connector 1, Device 1 Connector 1, Device 1 rebuilding", "arcconf 1 Connector 1, Device 2 Connector 1, Device 2 spare"},
			[]string{"arcconf 1 0000:82:00.0 ok, capacitor absent"},
			[]string{" RAID6 ok [0:0 0:1 0:2 0:3] write_through/write_through", " RAID1 rebuilding [Connector 1, Device 0 Connector 1, Device 1] write_through/write_through"}},
		{"raid-sas3ircu", []string{"array-degraded /dev/sda"},
			[]string{"/dev/sda", "/dev/sdb 1:2 ok", "sas3ircu 0 1:0 1:0 ok"},
			[]string{"sas3ircu 0 0000:01:00.0 unknown"},
			[]string{"/dev/sda RAID1 degraded [1:0] /"}},
		{"raid-no-controller", nil, nil, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := replay(t, filepath.Join("testdata/cases", c.name))
			var drives, controllers, arrays []string
			for _, d := range r.Storage.Drives {
				name := d.Name()
				if m := d.Member; m != nil {
					name += " " + m.Slot + " " + m.State
				}
				drives = append(drives, name)
			}
			for _, c := range r.Storage.Controllers {
				name := c.Name + " " + c.PCIAddress + " " + c.State
				if b := c.Backup; b != nil {
					name += ", " + b.Kind + " " + b.State
				}
				controllers = append(controllers, name)
				for _, a := range c.Arrays {
					arrays = append(arrays, fmt.Sprintf("%s %s %s %v %s/%s", a.Path, a.Level, a.State, a.Members, a.WriteCache, a.WriteCacheSetting))
				}
			}
			for _, x := range []struct {
				what      string
				got, want []string
			}{{"findings", raidRules(r), c.findings}, {"drives", drives, c.drives}, {"controllers", controllers, c.controllers}, {"arrays", arrays, c.arrays}} {
				if !slices.Equal(x.got, x.want) {
					t.Errorf("%s\n%q, want\n%q", x.what, x.got, x.want)
				}
			}
			for _, e := range r.Errors {
				if e.Collector == "storage" {
					t.Errorf("error %+v", e)
				}
			}
			for _, g := range r.NotExamined {
				if slices.Contains(g.Sections, "storage") && g.Reason != "no smartctl" && g.Reason != "no nvme" {
					t.Errorf("not examined: %+v", g)
				}
			}
			for _, f := range r.Findings {
				if strings.HasPrefix(f.Rule, "member-") && (!strings.Contains(f.Advice, "slot ") || !strings.Contains(f.Advice, "S/N ")) {
					t.Errorf("advice that does not say which drive: %s", f.Advice)
				}
			}
		})
	}
}

// What a drive's maker and its controller know of it is one entry, each where it is told best.
func TestRAIDMembersAreMerged(t *testing.T) {
	drives := replay(t, "testdata/cases/raid-storcli-healthy").Storage.Drives
	ssd, sas, alone := drives[1], drives[3], drives[6]
	for _, x := range []struct {
		what      string
		got, want any
	}{
		{"serial number, by smartctl", sas.SerialNumber, "V1ACME020000C712ZZZZ"},
		{"world wide name, by smartctl", sas.WWN, "0x5000cca0aced0000"},
		{"hours, by smartctl", *ssd.SMART.PowerOnHours, 8211},
		{"size, by storcli", ssd.SizeBytes, 480103981056},
		{"no errors, by storcli", *ssd.Member.MediaErrors, 0},
		{"what only storcli knows", []any{alone.SerialNumber, alone.WWN, alone.SizeBytes, alone.Transport, *alone.Rotational, *alone.SMART.TemperatureCelsius}, []any{"V1ACME04", "0x5000cca0aced0009", uint64(4000787030016), "sas", true, 34}},
	} {
		if fmt.Sprint(x.got) != fmt.Sprint(x.want) {
			t.Errorf("%s: %v, want %v", x.what, x.got, x.want)
		}
	}
}

// A program that fails is told, and the array's drives are not taken as examined.
func TestRAIDProgramsFail(t *testing.T) {
	r := replay(t, "testdata/cases/raid-programs-fail")
	var errors []string
	for _, e := range r.Errors {
		if e.Collector == "storage" {
			errors = append(errors, e.Message)
		}
	}
	want := []string{"arcconf reached its time limit", "sas3ircu: the output says nothing of adapters, nor that there are none", "ssacli exited with status 134", "storcli64 exited with status 139"}
	if !slices.Equal(errors, want) {
		t.Errorf("errors %q, want %q", errors, want)
	}
	if got := raidRules(r); !slices.Equal(got, []string{"drive-array-unexamined /dev/sda"}) || r.Storage.Controllers != nil {
		t.Errorf("findings %q, controllers %+v", got, r.Storage.Controllers)
	}
}
