// Package reports gathers the smoke reports of one ISO.
package reports

import (
	"fmt"
	"os"
	"slices"

	"bee/core/check"
	"bee/core/report"
)

// Result is what came out of the test of one machine.
type Result struct {
	// Name of the machine, which is the name of its folder.
	Name string
	// Folder of the report.
	Dir string
	// The report, and, where there is none, why.
	Report  *report.Report
	Problem string
}

// Verdict is in error where there is no report.
func (r Result) Verdict() report.Verdict {
	if r.Report == nil {
		return report.Error
	}
	return r.Report.Verdict
}

// Reason says why the checks did not run to their end; it is empty where they did.
func (r Result) Reason() string {
	switch {
	case r.Report == nil:
		return r.Problem
	case r.Report.Reason == "" && r.Report.Verdict == report.Error:
		return "nothing was checked"
	}
	return r.Report.Reason
}

// Failed are the checks that failed.
func (r Result) Failed() []check.Check {
	if r.Report == nil {
		return nil
	}
	return r.Report.Failed()
}

// Verdict is that of all machines: fail where one failed, else error where one is in
// error, or where there is none.
func Verdict(results []Result) report.Verdict {
	verdict := report.Pass
	for _, r := range results {
		switch r.Verdict() {
		case report.Fail:
			return report.Fail
		case report.Error:
			verdict = report.Error
		}
	}
	if len(results) == 0 {
		return report.Error
	}
	return verdict
}

const noReport = "no report"

// Read reads the report of a machine.
func Read(name, dir string) Result {
	result := Result{Name: name, Dir: dir}
	r, err := report.Read(dir)
	switch {
	case os.IsNotExist(err):
		result.Problem = noReport
	case err != nil:
		result.Problem = fmt.Sprintf("%s: %v", noReport, err)
	default:
		result.Report = r
	}
	return result
}

// Find reads the reports in and below folders, as [report.Find] finds them. One that is
// missing is a result, too.
func Find(dirs []string) ([]Result, error) {
	found, err := report.Find(dirs)
	if err != nil {
		return nil, err
	}
	names := report.Names(found)
	results := make([]Result, len(found))
	for i, dir := range found {
		results[i] = Read(names[i], dir)
	}
	return results, nil
}

// Of are the results of machines that were to be tested, and of others that were. The
// report of a machine that is not among the results is missing.
func Of(machines []string, results []Result) []Result {
	all := make([]Result, 0, len(machines))
	for _, name := range machines {
		at := slices.IndexFunc(results, func(r Result) bool { return r.Name == name })
		if at < 0 {
			all = append(all, Result{Name: name, Problem: noReport})
			continue
		}
		all = append(all, results[at])
	}
	for _, r := range results {
		if r.Report != nil && !slices.Contains(machines, r.Name) {
			all = append(all, r)
		}
	}
	return all
}
