package finding

import (
	"slices"
	"testing"

	"bee/audit/report"
)

func pointer[T any](v T) *T { return &v }

// expect runs a rule and compares the severities and components of what it finds
// with "severity component".
func expect(t *testing.T, name string, check func(*report.Report) []report.Finding, r *report.Report, want ...string) {
	t.Helper()
	var got []string
	for _, f := range check(r) {
		got = append(got, string(f.Severity)+" "+f.Component)
		if f.Message == "" || f.Advice == "" || len(f.Evidence) == 0 || slices.Contains(f.Evidence, "") {
			t.Errorf("%s: %+v says too little", name, f)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: found %q, want %q", name, got, want)
	}
}

// Every rule has a name of its own and is content with an empty report.
func TestRules(t *testing.T) {
	names := map[string]bool{}
	for _, rule := range rules {
		if names[rule.name] || rule.section == "" {
			t.Errorf("rule %q: twice, or without a section", rule.name)
		}
		names[rule.name] = true
		expect(t, rule.name, rule.check, &report.Report{})
	}
}

func TestAll(t *testing.T) {
	r := &report.Report{CPU: &report.CPU{Sockets: []report.Socket{
		{Handle: "0x0004", Populated: true, Cores: 8, CoresEnabled: 4},
		{Designation: "CPU2", Populated: true, Status: "Populated, Disabled By BIOS"},
	}}}
	all := All(r)
	if len(all) != 2 || all[0].Rule != "cpu-disabled" || all[0].Section != "cpu" || all[1].Severity != report.Warning {
		t.Errorf("%+v", all)
	}
	if none := All(&report.Report{}); none == nil || len(none) != 0 {
		t.Errorf("%v is not an empty list", none)
	}
}
