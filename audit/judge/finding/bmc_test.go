package finding

import (
	"fmt"
	"testing"
	"time"

	"bee/audit/report"
)

func withLog(log report.BMCEventLog) *report.Report {
	return &report.Report{StartedAt: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC), BMC: &report.BMC{EventLog: &log}}
}

func TestBMCEvents(t *testing.T) {
	event := func(at, sensor string, severity report.Severity, direction string) report.BMCEvent {
		return report.BMCEvent{ID: 26, Time: at, Sensor: sensor, Event: "Upper Critical going high", Direction: direction, Severity: severity, Detail: "Reading 96 > Threshold 90 degrees C"}
	}
	const yesterday, before, old = "2026-11-27 08:00:00", "2026-11-26 08:00:00", "2026-01-01 00:00:00"
	for name, c := range map[string]struct {
		newest []report.BMCEvent
		want   []string
	}{
		"none":         {nil, nil},
		"of no matter": {[]report.BMCEvent{event(yesterday, "Power Unit", report.Info, "asserted")}, nil},
		"critical":     {[]report.BMCEvent{event(yesterday, "CPU1", report.Critical, "asserted"), event(before, "CPU1", report.Critical, "asserted")}, []string{"warning CPU1"}},
		"warning":      {[]report.BMCEvent{event(yesterday, "PS2", report.Warning, "asserted")}, []string{"info PS2"}},
		"ended":        {[]report.BMCEvent{event(yesterday, "CPU1", report.Info, "deasserted"), event(before, "CPU1", report.Critical, "asserted")}, nil},
		"ended, and again": {[]report.BMCEvent{
			event(yesterday, "CPU1", report.Critical, "asserted"), event(before, "CPU1", report.Info, "deasserted"), event(before, "CPU1", report.Critical, "asserted"),
		}, []string{"warning CPU1"}},
		"another ended":                 {[]report.BMCEvent{event(yesterday, "CPU2", report.Info, "deasserted"), event(before, "CPU1", report.Critical, "asserted")}, []string{"warning CPU1"}},
		"old":                           {[]report.BMCEvent{event(old, "CPU1", report.Critical, "asserted"), event(old, "CPU2", report.Warning, "")}, []string{"info "}},
		"from a clock that was not set": {[]report.BMCEvent{event("", "CPU1", report.Critical, "asserted")}, []string{"info "}},
		"from the future":               {[]report.BMCEvent{event("2036-01-01 00:00:00", "CPU1", report.Critical, "asserted")}, []string{"info "}},
		"of another zone":               {[]report.BMCEvent{event("2026-11-28 20:00:00", "CPU1", report.Critical, "asserted")}, []string{"warning CPU1"}},
	} {
		expect(t, name, bmcEvents, withLog(report.BMCEventLog{Newest: c.newest}), c.want...)
	}
	var many []report.BMCEvent
	for i := range 30 {
		many = append(many, event(old, fmt.Sprint("sensor ", i), report.Critical, "asserted"))
	}
	if found := bmcEvents(withLog(report.BMCEventLog{Newest: many})); len(found) != 1 || len(found[0].Evidence) != 11 || found[0].Evidence[10] != "and 20 more" {
		t.Errorf("%+v", found)
	}
}

func TestBMCLogFull(t *testing.T) {
	percent := func(n uint64) *uint64 { return &n }
	yes, no := true, false
	expect(t, "room", bmcLogFull, withLog(report.BMCEventLog{Entries: 1, UsedPercent: percent(89), Overflow: &no}))
	expect(t, "unknown", bmcLogFull, withLog(report.BMCEventLog{Entries: 1}))
	expect(t, "almost full", bmcLogFull, withLog(report.BMCEventLog{Entries: 1, UsedPercent: percent(90)}), "info ")
	expect(t, "full", bmcLogFull, withLog(report.BMCEventLog{Entries: 512, UsedPercent: percent(100), Overflow: &yes}), "info ")
}

func TestBMCSensor(t *testing.T) {
	value := func(n float64) *float64 { return &n }
	r := &report.Report{BMC: &report.BMC{Sensors: []report.BMCSensor{
		{Name: "CPU1 Temp", Value: value(96), Unit: "celsius", Status: "cr", UpperCritical: value(95)},
		{Name: "Inlet", Value: value(-7), Unit: "celsius", Status: "cr", LowerCritical: value(0)},
		{Name: "CPU2 Temp", Value: value(40), Unit: "celsius", Status: "ok", UpperCritical: value(95)},
		{Name: "DIMM Temp", Value: value(80), Unit: "celsius", Status: "nc"},
		{Name: "VBAT", Value: value(2.1), Unit: "volts", Status: "nr", LowerCritical: value(2.3)},
		{Name: "FAN3", Value: value(0), Unit: "rpm", Status: "nr", LowerCritical: value(500)},
		{Name: "FAN4", Unit: "rpm"},
		{Name: "OCP Temp", Value: value(255), Unit: "celsius", Status: "nr", UpperCritical: value(95)},
		{Name: "VRM Temp", Value: value(40), Unit: "celsius", Status: "cr", UpperCritical: value(0)},
		{Name: "PS1 Temp", Value: value(99), Unit: "celsius", Status: "cr"},
	}}, PSU: &report.PSU{Supplies: []report.PowerSupply{{Sensors: []report.Sensor{{Name: "PS1 Temp"}}}}}}
	expect(t, "sensors", bmcSensor, r, "critical CPU1 Temp", "warning Inlet", "info DIMM Temp", "warning VBAT", "warning FAN3", "warning OCP Temp", "warning VRM Temp")
}

func TestBMCChassis(t *testing.T) {
	yes, no := true, false
	expect(t, "well", bmcChassis, &report.Report{BMC: &report.BMC{Chassis: &report.ChassisStatus{FanFault: &no, Intrusion: &no}}})
	expect(t, "faults", bmcChassis, &report.Report{BMC: &report.BMC{Chassis: &report.ChassisStatus{FanFault: &yes, DriveFault: &no, Intrusion: &yes}}}, "warning chassis", "info chassis")
}
