package verify

import (
	"maps"
	"path"
	"slices"

	"bee/core/machine"
	"bee/core/report"
	"dagger/bee/attestation"
	"dagger/bee/matrix"
)

// testResult is a statement about a machine, and what it says.
type testResult struct {
	attestation.Statement
	attestation.TestOutcome
}

// machines checks that the ISO is a PASS on each machine of the plan, by its report and by the
// statement about that, and that no other machine is told of.
//
// The plan is the one that this program knows, not one that the release tells of.
func (c *check) machines() {
	asked := c.provenance.Parameters
	planned, err := matrix.Machines(asked.Base, matrix.Coverage(asked.Coverage), asked.Machines)
	if err != nil {
		c.refuse(c.statementsFile, "the plan of the provenance: %v", err)
		return
	}
	if len(asked.Machines) > 0 {
		c.note("it was tested on machines that its maker named, not on those of a plan")
	}
	if c.reportless {
		c.note("the reports of its tests are not here, in smoke: what came out of them is what the statements say")
	}
	names := map[string]bool{}
	for _, m := range planned {
		names[m.Name()] = true
	}
	results := c.testResults()
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if c.machine(name, results[name]) {
			c.result.Machines = append(c.result.Machines, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(results)) {
		if !names[name] {
			c.refuse(c.statementsFile, "there is a test result of machine %s, which is not in the plan %s of base %s", name, asked.Coverage, asked.Base)
		}
	}
	for file := range c.digests {
		if folder, name := path.Split(path.Dir(file)); folder == "smoke/" && !names[name] {
			c.refuse(file, "is of a machine that is not in the plan %s of base %s", asked.Coverage, asked.Base)
		}
	}
}

// testResults are the statements about machines, by the machine's name. All have to be of this ISO.
func (c *check) testResults() map[string]*testResult {
	results := map[string]*testResult{}
	for i, s := range c.statements {
		if s.Statement == nil || s.PredicateType == attestation.ProvenanceType {
			continue
		}
		outcome, err := attestation.ReadTestResult(s)
		switch {
		case err != nil:
			c.refuse(c.statementsFile, "line %d: %v", i+1, err)
			continue
		case outcome.ISO != c.stated[isoFile]:
			c.refuse(c.statementsFile, "line %d: the test result of machine %s is of another ISO: sha256 %s, not %s", i+1, outcome.Machine, outcome.ISO, c.stated[isoFile])
		case results[outcome.Machine] != nil:
			c.refuse(c.statementsFile, "line %d: a second test result of machine %s", i+1, outcome.Machine)
		}
		results[outcome.Machine] = &testResult{s, outcome}
	}
	return results
}

// machine tells whether the ISO is a PASS on a machine of the plan, and refuses what says otherwise.
// stated is the statement about it, nil where there is none.
func (c *check) machine(name string, stated *testResult) bool {
	file := attestation.ReportFile(name)
	if stated == nil {
		c.refuse(c.statementsFile, "there is no test result of machine %s, which is in the plan that this checkout has: git checkout %s has that of the release", name, c.provenance.Commit)
	} else if !stated.Passed {
		c.refuse(c.statementsFile, "the ISO is no PASS on machine %s", name)
	} else if stated.Report != c.stated[file] {
		c.refuse(c.statementsFile, "the test result of machine %s is of another report than the provenance", name)
	}
	if c.reportless {
		return stated != nil && stated.Passed
	}
	if c.digests[file] == "" {
		c.refuse(file, "is not there")
	}
	if c.wrong[file] {
		return false // whatever it says
	}
	data, ok := c.contents(file)
	if !ok {
		return false
	}
	r, err := report.Parse(data)
	switch {
	case err != nil:
		c.refuse(file, "%v", err)
	case r.ISO == nil || r.ISO.SHA256 != c.stated[isoFile]:
		c.refuse(file, "is not about this ISO")
	case r.Machine == nil || nameOf(r.Machine) != name:
		c.refuse(file, "is not about machine %s", name)
	case r.Verdict != report.Pass || len(r.Failed()) > 0:
		c.refuse(file, "the ISO is no PASS on machine %s", name)
	case stated != nil:
		want, err := attestation.TestResult(name, c.stated[isoFile], c.digests[file], r)
		if err == nil && stated.Equal(want) {
			return true
		}
		c.refuse(c.statementsFile, "the test result of machine %s does not say what %s does", name, file)
	}
	return false
}

// nameOf is the name of the machine that a report is about.
func nameOf(m *report.Machine) string {
	return machine.Machine{
		Firmware: m.Firmware, Media: m.Media, MemoryMiB: m.MemoryMiB, Network: m.Network, Disk: m.Disk,
		BMC: m.BMC, Console: m.Console, Slow: m.Slow, Profile: m.Profile,
	}.Name()
}
