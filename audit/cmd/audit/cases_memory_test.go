package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bee/audit/report"
)

// Machines whose memory or power supplies were judged wrongly. The README of each
// says what is right; of the findings, these are all that are about memory and
// supplies.
func TestMemoryAndSupplyCases(t *testing.T) {
	for _, c := range []struct {
		name  string
		found []string
		says  func(r *report.Report) string
		want  string
	}{
		{"07-memory-96-modules", nil, func(r *report.Report) string { return fmt.Sprint(r.Memory.UsableBytes) }, "1621426503680"},
		{"08-memory-sgx", []string{"info memory-unused "}, func(r *report.Report) string { return fmt.Sprint(r.Memory.Reserved) }, "[{SGX 137438953472}]"},
		{"09-memory-hbm-cache", nil, func(r *report.Report) string { return fmt.Sprint(len(r.Memory.Slots)) }, "24"},
		{"31-values-out-of-bounds", nil, func(r *report.Report) string { return fmt.Sprint(r.Memory.Slots[0].ConfiguredVolts) }, "0"},
		{"32-width-72-of-72", []string{"warning memory-no-ecc ", "info memory-empty-channels NODE 1"}, func(r *report.Report) string { return r.Findings[0].Message + fmt.Sprint(r.Findings[0].Evidence) },
			"The firmware says that error correction (ECC) is off, although the modules can do it.[error correction of the arrays: None modules wide enough for ECC: 1]"},
		{"33-channels-of-an-empty-socket", nil, func(r *report.Report) string { return fmt.Sprint(len(r.Memory.Slots)) }, "8"},
		{"34-all-supplies-absent", nil, states, "PSU1 unknown, PSU2 unknown"},
		{"15-psu-severity-states", []string{"warning psu-no-input PSU 2", "warning psu-degraded PSU 1"}, states, "PSU 1 ok, PSU 2 no_input"},
		{"16-redundancy-lost", []string{"warning psu-no-input PS2", "warning psu-not-redundant "}, states, "PS1 ok, PS2 no_input"},
		{"24-dmi-says-not-present", nil, states, "Power Supply 1 ok, Power Supply 2 ok"},
	} {
		r := replay(t, filepath.Join("testdata/cases", c.name))
		found := slices.DeleteFunc(findingsOf(r), func(f string) bool { return !strings.Contains(f, " memory-") && !strings.Contains(f, " psu-") })
		if !slices.Equal(found, c.found) {
			t.Errorf("%s: %q, want %q", c.name, found, c.found)
		}
		if got := c.says(r); got != c.want {
			text, _ := json.Marshal(r)
			t.Errorf("%s: %s, want %s\n%s", c.name, got, c.want, text)
		}
	}
}

// states are the states of power supplies.
func states(r *report.Report) string {
	var all []string
	for _, s := range r.PSU.Supplies {
		all = append(all, s.Name+" "+s.State)
	}
	return strings.Join(all, ", ")
}

// findingsOf are the findings of a report, with how bad they are and what they are about.
func findingsOf(r *report.Report) []string {
	var all []string
	for _, f := range r.Findings {
		all = append(all, fmt.Sprintf("%s %s %s", f.Severity, f.Rule, f.Component))
	}
	return all
}
