package finding

import (
	"strings"
	"testing"

	"bee/audit/report"
)

func TestAuditErrors(t *testing.T) {
	expect(t, "none, hung", auditHung, &report.Report{})
	expect(t, "none, failed", auditFailed, &report.Report{})
	r := &report.Report{Errors: []report.Error{
		{Collector: "storage", Kind: report.TimeLimit, Tool: "smartctl", Args: []string{"-j", "-a", "/dev/sda"}, Message: "smartctl reached its time limit"},
		{Collector: "storage", Kind: report.Stuck, Tool: "smartctl", Args: []string{"-j", "-a", "/dev/sdb"}, Message: "smartctl hangs in the kernel"},
		{Collector: "pcie", Kind: report.Stuck, Message: "0000:01:00.0 does not answer"},
		{Collector: "psu", Kind: report.ExitStatus, Tool: "ipmitool", Message: "ipmitool exited with status 1"},
		{Collector: "memory", Kind: report.BadOutput, Tool: "dmidecode", Message: "no SMBIOS table"},
	}}
	expect(t, "hung", auditHung, r, "warning smartctl")
	expect(t, "failed", auditFailed, r, "info dmidecode, ipmitool")
	hung := auditHung(r)[0]
	if !strings.Contains(hung.Message, "3 questions") || len(hung.Evidence) != 3 || !strings.Contains(hung.Evidence[1], "smartctl -j -a /dev/sda") {
		t.Errorf("got %+v", hung)
	}
	for range 30 {
		r.Errors = append(r.Errors, r.Errors[0])
	}
	if hung = auditHung(r)[0]; len(hung.Evidence) != 21 || hung.Evidence[20] != "13 more" {
		t.Errorf("%d lines of evidence, the last %q", len(hung.Evidence), hung.Evidence[len(hung.Evidence)-1])
	}
}

// Every kind of error is one rule's.
func TestAuditErrorsOfEveryKind(t *testing.T) {
	for _, kind := range []report.Kind{report.NotStarted, report.ExitStatus, report.TimeLimit, report.OutputLimit,
		report.Stuck, report.Interrupted, report.BadOutput, report.Internal} {
		r := &report.Report{Errors: []report.Error{{Collector: "cpu", Kind: kind, Message: "m"}}}
		if n := len(auditHung(r)) + len(auditFailed(r)); n != 1 {
			t.Errorf("%s: %d findings", kind, n)
		}
	}
}
