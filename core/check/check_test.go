package check

import (
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	const output = "motd of the day\r\nPASS kernel-release: 6.12: yes\nFAIL ssh-policy: no\nSKIP internet: not expected\nPASS console\nbee-smoke: 2 passed, 1 failed, 1 skipped\n"
	checks, err := Parse(output, 1)
	want := []Check{
		{"kernel-release", Pass, "6.12: yes"},
		{"ssh-policy", Fail, "no"},
		{"internet", Skip, "not expected"},
		{"console", Pass, ""},
	}
	if err != nil || !reflect.DeepEqual(checks, want) {
		t.Errorf("got %v, %v", checks, err)
	}
	if got := checks[0].String() + "|" + checks[3].String(); got != "PASS kernel-release: 6.12: yes|PASS console" {
		t.Errorf("lines: %s", got)
	}
}

// A test that did not run to its end must never count as passed.
func TestParseRefuses(t *testing.T) {
	for output, want := range map[string]string{
		"":                   "broke off after 0 checks (exit status 0); its last words: none",
		"sh: syntax error\n": "its last words: sh: syntax error",
		"PASS a\nPASS b\n":   "broke off after 2 checks",
		"PASS a\nPASS b\nbee-smoke: 3 passed, 0 failed, 0 skipped\n":      "its lines say",
		"PASS a\nPASS a: again\nbee-smoke: 2 passed, 0 failed, 0 skipped": "twice",
		"FAIL a\nbee-smoke: 0 passed, 1 failed, 0 skipped\n":              "without a reason",
		"FAIL a: x\nbee-smoke: 0 passed, 1 failed, 0 skipped\n":           "exit status 0 and 1 failed",
		"bee-smoke: 0 passed, 0 failed, 0 skipped\n":                      "checked nothing",
	} {
		if _, err := Parse(output, 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", output, err, want)
		}
	}
	if _, err := Parse("PASS a\nbee-smoke: 1 passed, 0 failed, 0 skipped\n", 127); err == nil {
		t.Error("an exit status without a FAIL was accepted")
	}
}
