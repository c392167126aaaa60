package finding

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"bee/audit/report"
)

func pointer[T any](v T) *T { return &v }

// onesMany is a number that the word behind it does not agree with.
var onesMany = regexp.MustCompile(`(?:^| )1 (?:[A-Z]\w+ |uncorrected )?(?:[a-z]{3,}s\b|[^,.]* (?:are|have)\b)`)

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
		for _, text := range append([]string{f.Message}, f.Evidence...) {
			if onesMany.MatchString(text) {
				t.Errorf("%s: 1 is not many: %s", name, text)
			}
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

func TestAdd(t *testing.T) {
	r := &report.Report{CPU: &report.CPU{Sockets: []report.Socket{
		{Handle: "0x0004", Populated: true, Cores: 8, CoresEnabled: 4},
		{Designation: "CPU2", Populated: true, Status: "Populated, Disabled By BIOS"},
	}}}
	Add(r)
	all := r.Findings
	if len(all) != 2 || all[0].Rule != "cpu-disabled" || all[0].Section != "cpu" || all[1].Severity != report.Warning {
		t.Errorf("%+v", all)
	}
	empty := &report.Report{}
	if Add(empty); empty.Findings == nil || len(empty.Findings) != 0 {
		t.Errorf("%v is not an empty list", empty.Findings)
	}
}

// A fault in a rule is told in the report and costs no more than the findings.
func TestRulePanics(t *testing.T) {
	before := rules
	defer func() { rules = before }()
	rules = append(rules[:1:1], rule{"faulty", "cpu", func(*report.Report) []report.Finding { panic("half-way\xff") }})
	r := &report.Report{Errors: []report.Error{{Collector: "cpu"}}}
	Add(r)
	if len(r.Errors) != 2 || r.Errors[1].Kind != report.Internal || !strings.Contains(r.Errors[1].Message, `half-way\xff`) {
		t.Errorf("errors %+v", r.Errors)
	}
}
