package finding

import (
	"strings"
	"testing"

	"bee/audit/report"
)

// withController is a report on a RAID controller with drives in slots 0, 1, ….
func withController(c report.RAIDController, members ...report.Member) *report.Report {
	c.Name = "c0"
	r := &report.Report{Storage: &report.Storage{Controllers: []report.RAIDController{c}}}
	for i, m := range members {
		m.Controller, m.Slot = c.Name, string(rune('0'+i))
		r.Storage.Drives = append(r.Storage.Drives, report.Drive{SerialNumber: "SN" + m.Slot, Member: &m})
	}
	return r
}

func TestArrays(t *testing.T) {
	r := withController(report.RAIDController{Arrays: []report.RAIDArray{
		{Name: "1", State: "ok"}, {Name: "2", State: "degraded", Path: "/dev/sda", Members: []string{"0", "1"}, MissingMembers: []string{"row 2"}},
		{Name: "3", State: "failed"}, {Name: "4", State: "rebuilding"}, {Name: "5", State: "unknown", Status: "Odd"}, {Name: "6", State: "unknown"}}},
		report.Member{State: "ok"}, report.Member{State: "failed", Status: "Offln"}, report.Member{State: "failed", Status: "UBad"})
	expect(t, "degraded", arrayDegraded, r, "critical /dev/sda")
	expect(t, "failed", arrayFailed, r, "critical c0 array 3")
	expect(t, "rebuilding", arrayRebuilding, r, "warning c0 array 4")
	expect(t, "unknown", raidStateUnknown, r, "info c0")
	evidence := strings.Join(arrayDegraded(r)[0].Evidence, "\n")
	for _, want := range []string{"missing: row 2", "slot 1: Offln, S/N SN1"} {
		if !strings.Contains(evidence, want) {
			t.Errorf("no %q in\n%s", want, evidence)
		}
	}
	if strings.Contains(evidence, "SN0") || strings.Contains(evidence, "SN2") {
		t.Errorf("a drive that is well, or of no array:\n%s", evidence)
	}
	expect(t, "no storage", arrayDegraded, &report.Report{})
}

func TestRAIDControllers(t *testing.T) {
	backup := func(state string) *report.CacheBackup {
		return &report.CacheBackup{State: state, Status: "Hm"}
	}
	through := []report.RAIDArray{{State: "ok", WriteCache: "write_through", WriteCacheSetting: "write_back"}}
	back := []report.RAIDArray{{State: "ok", WriteCache: "write_back", WriteCacheSetting: "write_back"}}
	for _, c := range []struct {
		what       string
		controller report.RAIDController
		state      string
		backup     string
		off        string
	}{
		{"well", report.RAIDController{State: "ok", Backup: backup("ok"), Arrays: back}, "", "", ""},
		{"not well", report.RAIDController{State: "degraded", Backup: backup("ok"), Arrays: back}, "warning c0", "", ""},
		{"because of an array", report.RAIDController{State: "degraded", Arrays: []report.RAIDArray{{State: "degraded"}}}, "", "", ""},
		{"failed", report.RAIDController{State: "failed", Arrays: []report.RAIDArray{{State: "degraded"}}}, "critical c0", "", ""},
		{"unknown", report.RAIDController{State: "unknown"}, "", "", ""},
		{"battery failed", report.RAIDController{State: "degraded", Backup: backup("failed"), Arrays: through}, "", "warning c0", ""},
		{"battery degraded", report.RAIDController{State: "ok", Backup: backup("degraded")}, "", "warning c0", ""},
		{"no battery, wanted", report.RAIDController{State: "ok", Backup: backup("absent"), Arrays: through}, "", "warning c0", ""},
		{"no battery, wanted by the cache", report.RAIDController{State: "ok", Backup: backup("absent"), CacheStatus: "Permanently Disabled"}, "", "warning c0", ""},
		{"no battery, not wanted", report.RAIDController{State: "ok", Backup: backup("absent"), Arrays: []report.RAIDArray{{State: "ok", WriteCacheSetting: "write_through"}}}, "", "", ""},
		{"off", report.RAIDController{State: "ok", Arrays: through}, "", "", "warning c0"},
		{"off while charging", report.RAIDController{State: "ok", Backup: backup("charging"), Arrays: through}, "", "", "info c0"},
		{"disabled", report.RAIDController{State: "ok", CacheStatus: "Temporarily Disabled: x"}, "", "", "warning c0"},
		{"not configured", report.RAIDController{State: "ok", CacheStatus: "Not Configured"}, "", "", ""},
	} {
		for _, x := range []struct {
			check func(*report.Report) []report.Finding
			want  string
		}{{raidControllerState, c.state}, {raidBackup, c.backup}, {raidCacheOff, c.off}} {
			var want []string
			if x.want != "" {
				want = []string{x.want}
			}
			expect(t, c.what, x.check, withController(c.controller), want...)
		}
	}
}

func TestMembers(t *testing.T) {
	r := withController(report.RAIDController{},
		report.Member{State: "ok", SMARTAlert: pointer(false), PredictiveFailures: one(0), MediaErrors: one(0), OtherErrors: one(5)},
		report.Member{State: "failed"}, report.Member{State: "failing"}, report.Member{State: "ok", SMARTAlert: pointer(true)}, report.Member{State: "ok", PredictiveFailures: one(2)},
		report.Member{State: "bad"}, report.Member{State: "foreign"}, report.Member{State: "ok", MediaErrors: one(3)}, report.Member{State: "spare"})
	expect(t, "failed", eachMember(memberFailed), r, "critical c0 1")
	expect(t, "failing", eachMember(memberFailing), r, "critical c0 2", "critical c0 3", "warning c0 4")
	expect(t, "bad", eachMember(memberBad), r, "warning c0 5")
	expect(t, "foreign", eachMember(memberForeign), r, "warning c0 6")
	expect(t, "media errors", eachDrive(driveMediaErrors), r, "warning c0 7")
	// Whatever is said of a drive behind a controller, it says which one that is.
	for _, f := range all(r) {
		if slot, ok := strings.CutPrefix(f.Component, "c0 "); ok && !strings.Contains(f.Advice, "slot "+slot+", S/N SN"+slot+" (c0)") {
			t.Errorf("%s of slot %s advises %q", f.Rule, slot, f.Advice)
		}
	}
	hot := withController(report.RAIDController{}, report.Member{State: "ok"})
	hot.Storage.Drives[0].SMART = &report.SMART{TemperatureCelsius: pointer(int64(75))}
	expect(t, "a temperature that only the controller tells", eachDrive(driveHot), hot, "warning c0 0")
}
