// Package check reads what the smoke test prints.
//
// Each check is one line, and the last line counts them:
//
//	PASS kernel-release: 6.12.107+deb13-amd64
//	FAIL service-order: bee-audit start comes before bee-nvidia started
//	SKIP internet: not expected
//	bee-smoke: 1 passed, 1 failed, 1 skipped
package check

import (
	"fmt"
	"regexp"
	"strings"

	"bee/core/printable"
)

// Status is the outcome of a check.
type Status string

// The outcomes of a check.
const (
	Pass Status = "PASS"
	Fail Status = "FAIL"
	Skip Status = "SKIP"
)

// Check is one check of a machine.
type Check struct {
	// Name in kebab-case; it is stable.
	Name   string `json:"name"`
	Status Status `json:"status"`
	// Why it failed or was skipped; what was seen where it passed.
	Detail string `json:"detail,omitempty"`
}

// String is the line of the check.
func (c Check) String() string {
	line := string(c.Status) + " " + c.Name
	if c.Detail != "" {
		line += ": " + c.Detail
	}
	return line
}

// Counts are the numbers of checks with each outcome.
type Counts struct {
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
}

// Count counts checks by outcome.
func Count(checks []Check) Counts {
	var counts Counts
	for _, c := range checks {
		switch c.Status {
		case Pass:
			counts.Passed++
		case Fail:
			counts.Failed++
		case Skip:
			counts.Skipped++
		}
	}
	return counts
}

// String is the last line of the smoke test.
func (c Counts) String() string {
	return fmt.Sprintf("bee-smoke: %d passed, %d failed, %d skipped", c.Passed, c.Failed, c.Skipped)
}

var line = regexp.MustCompile(`^(PASS|FAIL|SKIP) ([a-z0-9]+(?:-[a-z0-9]+)*)(?:: (.*))?$`)

// Parse reads the output of the smoke test and its exit status, and makes it printable. The
// checks that it found are returned also with an error, which says that the test did not run
// to its end, or contradicts itself.
func Parse(output string, exitStatus int) ([]Check, error) {
	output = printable.Lines(output)
	var checks []Check
	summary := ""
	named := map[string]bool{}
	for text := range strings.Lines(output) {
		text = strings.TrimRight(text, "\r\n")
		if strings.HasPrefix(text, "bee-smoke: ") {
			summary = text
			continue
		}
		match := line.FindStringSubmatch(text)
		if match == nil {
			continue
		}
		c := Check{Name: match[2], Status: Status(match[1]), Detail: printable.Again(match[3])}
		if c.Status != Pass && c.Detail == "" {
			return checks, fmt.Errorf("check %s is %s without a reason", c.Name, c.Status)
		}
		if named[c.Name] {
			return checks, fmt.Errorf("check %s was reported twice", c.Name)
		}
		named[c.Name] = true
		checks = append(checks, c)
	}
	counts := Count(checks)
	if summary == "" {
		return checks, fmt.Errorf("the smoke test broke off after %d checks (exit status %d); its last words: %s",
			len(checks), exitStatus, lastWords(output))
	}
	if summary != counts.String() {
		return checks, fmt.Errorf("the smoke test says %q, but its lines say %q", summary, counts)
	}
	if len(checks) == 0 {
		return checks, fmt.Errorf("the smoke test checked nothing")
	}
	if (exitStatus != 0) != (counts.Failed > 0) {
		return checks, fmt.Errorf("the smoke test left with exit status %d and %d failed checks", exitStatus, counts.Failed)
	}
	return checks, nil
}

func lastWords(output string) string {
	output = strings.TrimSpace(output)
	if output == "" {
		return "none"
	}
	return output[strings.LastIndexByte(output, '\n')+1:]
}
