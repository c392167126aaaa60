package attestation

import (
	"errors"
	"fmt"
	"path"

	testresult "github.com/in-toto/attestation/go/predicates/test_result/v0"
	in_toto "github.com/in-toto/attestation/go/v1"

	"bee/core/check"
	"bee/core/report"
)

// TestResultType is the type of the statements that say how the test on a machine went.
const TestResultType = "https://in-toto.io/attestation/test-result/v0.1"

// Results, as the type has them.
const (
	passed = "PASSED"
	failed = "FAILED"
)

// ReportFile is where the folder of a release has the report of a machine.
func ReportFile(machine string) string { return path.Join("smoke", machine, report.JSONFile) }

// TestResult says how the test of an ISO on a machine went: r is what its report says. Both are
// named with their SHA-256, which is lower-case hex. A check that was skipped is in the report alone.
func TestResult(machine, iso, digest string, r *report.Report) (Statement, error) {
	result := testresult.TestResult{Configuration: []*in_toto.ResourceDescriptor{sha256Of(ReportFile(machine), digest)}}
	if result.Result = failed; r.Verdict == report.Pass {
		result.Result = passed
	}
	for _, c := range r.Checks {
		switch c.Status {
		case check.Pass:
			result.PassedTests = append(result.PassedTests, c.Name)
		case check.Fail:
			result.FailedTests = append(result.FailedTests, c.Name)
		}
	}
	return newStatement([]*in_toto.ResourceDescriptor{sha256Of(ISOFile, iso)}, TestResultType, &result)
}

// TestOutcome is what a statement says of the test on a machine.
type TestOutcome struct {
	Machine string
	// SHA-256 of the ISO that was tested, and of the report.
	ISO, Report string
	Passed      bool
}

// ReadTestResult reads a statement that TestResult made.
func ReadTestResult(s Statement) (TestOutcome, error) {
	var result testresult.TestResult
	if err := s.predicate(TestResultType, &result); err != nil {
		return TestOutcome{}, err
	}
	if len(result.GetConfiguration()) != 1 {
		return TestOutcome{}, errors.New("its configuration is not the report of one machine")
	}
	tested := result.GetConfiguration()[0]
	machine := path.Base(path.Dir(tested.GetName()))
	if tested.GetName() != ReportFile(machine) {
		return TestOutcome{}, fmt.Errorf("its configuration is %q, not the report of a machine", tested.GetName())
	}
	return TestOutcome{
		Machine: machine,
		ISO:     s.GetSubject()[0].GetDigest()[string(in_toto.AlgorithmSHA256)],
		Report:  tested.GetDigest()[string(in_toto.AlgorithmSHA256)],
		Passed:  result.GetResult() == passed && len(result.GetFailedTests()) == 0,
	}, nil
}
