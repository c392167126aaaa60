// Package raidtest checks what is read of any output, whatever is in it.
package raidtest

import (
	"regexp"
	"slices"
	"testing"

	"bee/audit/report"
	"bee/audit/tool/raid"
	"bee/core/printable"
)

var address = regexp.MustCompile(`^([0-9a-f]{4,8}:[0-9a-f]{2}:[0-1][0-9a-f]\.[0-7])?$`)

// Check checks that controllers are as the report wants them: states that it has, sizes and
// temperatures that hardware has, and printable text.
func Check(t *testing.T, controllers []raid.Controller) {
	t.Helper()
	is := func(what, state string, known ...string) {
		t.Helper()
		if !slices.Contains(append(known, raid.Unknown), state) {
			t.Errorf("%s is %q", what, state)
		}
	}
	text := func(all ...string) {
		t.Helper()
		for _, s := range all {
			if printable.Again(s) != s {
				t.Errorf("%q is not printable", s)
			}
		}
	}
	celsius := func(c *int64) {
		t.Helper()
		if c != nil && (*c < 1 || *c > 150) {
			t.Errorf("%d degrees", *c)
		}
	}
	size := func(bytes ...uint64) {
		t.Helper()
		if slices.Max(bytes) > 1<<60 {
			t.Errorf("sizes %d", bytes)
		}
	}
	for _, c := range controllers {
		is("controller", c.State, "ok", "degraded", "failed")
		text(c.Name, c.Model, c.SerialNumber, c.FirmwareVersion, c.Status, c.CacheStatus)
		celsius(c.TemperatureCelsius)
		size(c.CacheBytes)
		if c.Name == "" || !address.MatchString(c.PCIAddress) {
			t.Errorf("name %q, address %q", c.Name, c.PCIAddress)
		}
		if b := c.Backup; b != nil {
			is("backup", b.State, "ok", "charging", "degraded", "failed", "absent")
			text(b.Kind, b.Model, b.Status)
			celsius(b.TemperatureCelsius)
		}
		for _, a := range c.Arrays {
			is("array", a.State, "ok", "rebuilding", "degraded", "failed")
			text(append(append([]string{a.Name, a.Label, a.Path, a.WWN, a.Level, a.Status}, a.Members...), a.MissingMembers...)...)
			size(a.SizeBytes)
		}
		for _, d := range c.Drives {
			m := d.Member
			if m == nil || d.Path != "" {
				t.Fatalf("a drive at %q, member %v", d.Path, m)
			}
			is("member", m.State, "ok", "spare", "unused", "rebuilding", "foreign", "bad", "failing", "failed")
			text(m.Controller, m.Slot, m.Status, d.Vendor, d.Model, d.SerialNumber, d.FirmwareVersion, d.WWN)
			size(d.SizeBytes, d.LogicalBlockBytes, d.PhysicalBlockBytes)
			if d.SMART != nil {
				celsius(d.SMART.TemperatureCelsius)
				if u := d.SMART.UsedPercent; u != nil && *u > 100 {
					t.Errorf("%d %% used", *u)
				}
			}
		}
	}
}

// Value is what a pointer of a report points at, "none" where it is nil.
func Value[T any](p *T) any {
	if p == nil {
		return "none"
	}
	return *p
}

// Drive returns the drive in a slot.
func Drive(t *testing.T, c raid.Controller, slot string) report.Drive {
	t.Helper()
	i := slices.IndexFunc(c.Drives, func(d report.Drive) bool { return d.Member.Slot == slot })
	if i < 0 {
		t.Fatalf("no drive in slot %s: %+v", slot, c.Drives)
	}
	return c.Drives[i]
}
