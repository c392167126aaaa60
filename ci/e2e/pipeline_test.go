package e2e

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bee/core/manifest"
	"bee/core/versions"
	"dagger/bee/workflows"
)

// pipeline runs the commands of a workflow in a copy of the repository, as GitHub does.
type pipeline struct {
	dir   string
	steps []workflows.Step
	// Values of expressions, but for those that are outputs of a step.
	values map[string]string
	// Variables that are other ones here than in the workflow.
	env map[string]string
	// A command that runs those of the steps, as of a variation.
	under []string
	// What the steps put out.
	outputs map[string]string
}

// newPipeline reads a workflow. Its jobs have to be those that the test runs.
func newPipeline(t *testing.T, dir, workflow string, jobs ...string) *pipeline {
	t.Helper()
	steps, err := workflows.Steps(filepath.Join(dir, ".github/workflows", workflow))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, step := range steps {
		found[step.Job] = true
	}
	slices.Sort(jobs)
	if got := slices.Sorted(maps.Keys(found)); !slices.Equal(got, jobs) {
		t.Fatalf("%s has the jobs %q, the test runs %q", workflow, got, jobs)
	}
	return &pipeline{dir: dir, steps: steps, values: map[string]string{}, env: map[string]string{}, outputs: map[string]string{}}
}

var (
	expression = regexp.MustCompile(`\$\{\{ *(.*?) *\}\}`)
	output     = regexp.MustCompile(`^(?:steps|needs)\.[\w-]+\.outputs\.([\w-]+)$`)
)

// value is that of an expression.
func (p *pipeline) value(t *testing.T, text string) string {
	t.Helper()
	return expression.ReplaceAllStringFunc(text, func(text string) string {
		name := expression.FindStringSubmatch(text)[1]
		value, ok := p.values[name]
		if match := output.FindStringSubmatch(name); match != nil {
			value, ok = p.outputs[match[1]]
		}
		if !ok {
			t.Fatalf("no value for %s", text)
		}
		return value
	})
}

// run runs the steps of a job, up to the first that fails, and returns what came of the
// last one.
func (p *pipeline) run(t *testing.T, job string) gateRun {
	t.Helper()
	var run gateRun
	for _, step := range p.steps {
		if step.Job != job || run.exit != 0 {
			continue
		}
		environment := slices.Clone(actions)
		for name, text := range step.Env {
			environment = append(environment, name+"="+p.value(t, text))
		}
		for name, value := range p.env { // of two that are called alike, the last one counts
			environment = append(environment, name+"="+value)
		}
		t.Logf("%s, %s: %s", step.Workflow, job, step.Run)
		run = command(t, p.dir, environment, slices.Concat(p.under, []string{"bash", "-e", "-o", "pipefail", "-c", step.Run})...)
		t.Logf("%s, %s: %.0f s", step.Workflow, job, run.took.Seconds())
		maps.Copy(p.outputs, run.values())
	}
	return run
}

// must runs a job that has to succeed.
func (p *pipeline) must(t *testing.T, job string) gateRun {
	t.Helper()
	run := p.run(t, job)
	if run.exit != 0 {
		t.Fatalf("%s: exit status %d:\n%s\n%s", job, run.exit, tail(run.output, 60), tail(run.progress, 60))
	}
	return run
}

// machines are those of the plan that a step has put out.
func (p *pipeline) machines(t *testing.T) []string {
	t.Helper()
	return machines(t, p.outputs["matrix"])
}

// on is the pipeline where a matrix has come to a machine.
func (p *pipeline) on(machine string) *pipeline {
	values := maps.Clone(p.values)
	values["matrix.name"] = machine
	return &pipeline{dir: p.dir, steps: p.steps, values: values, env: p.env, outputs: map[string]string{}}
}

// machines are the names in a plan.
func machines(t *testing.T, plan string) []string {
	t.Helper()
	var matrix struct{ Include []struct{ Name string } }
	if err := json.Unmarshal([]byte(plan), &matrix); err != nil || len(matrix.Include) == 0 {
		t.Fatalf("plan: %v: %s", err, plan)
	}
	var names []string
	for _, machine := range matrix.Include {
		names = append(names, machine.Name)
	}
	return names
}

// TestISO builds the ISO and boots it as each change has it, on machines that have every
// kind of hardware between them; and it breaks that ISO.
func TestISO(t *testing.T) {
	dir := committed(t)
	p := newPipeline(t, dir, "pull-request.yml", "lint", "modules", "unit", "build", "smoke", "verdict")
	p.must(t, "lint")
	loaded := p.must(t, "modules")
	for _, module := range []string{".", "audit", "gpuburn", "iso", "nvidia"} {
		if !strings.Contains("\n"+loaded.output, "\n"+module+"\n") {
			t.Errorf("module %s is not loaded:\n%s", module, loaded.output)
		}
	}
	// make test has done it before
	makefile, err := os.ReadFile(filepath.Join(dir, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range p.steps {
		target, _ := strings.CutPrefix(step.Run, "make ")
		if step.Job == "unit" && !regexp.MustCompile(`(?m)^test:.* `+regexp.QuoteMeta(target)+` `).Match(makefile) {
			t.Errorf("make test does not run %s", step.Run)
		}
	}

	build := p.must(t, "build")
	dist := filepath.Join(dir, "dist")
	iso := digest(t, filepath.Join(dist, "bee.iso"))
	checkSums(t, dist)
	checkManifest(t, dir, dist)
	if !strings.Contains(build.outputs, iso) || !strings.Contains(build.summary, iso) {
		t.Errorf("the outputs or the summary lack the ISO's digest:\n%s\n%s", build.outputs, build.summary)
	}

	// what this site has in place of the commit's pins is told
	pins, local, err := versions.ReadFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	overrides, err := versions.Overrides(pins, local)
	if err != nil {
		t.Fatal(err)
	}
	told, err := manifest.Read(filepath.Join(dist, "bee.iso.manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := told.Release["BEE_OVERRIDES"], strings.Join(overrides, " "); got != want {
		t.Errorf("BEE_OVERRIDES is %q, want %q", got, want)
	}

	t.Run("boots", func(t *testing.T) {
		for _, machine := range p.machines(t) {
			t.Run(machine, func(t *testing.T) {
				t.Parallel()
				run := p.on(machine).must(t, "smoke")
				if strings.Contains(run.output, "::error") || run.values()["verdict"] != "pass" {
					t.Errorf("annotations or outputs of a PASS:\n%s\n%s", run.output, run.outputs)
				}
				r := readReport(t, filepath.Join(dist, "smoke", machine))
				r.check(t, "checks-complete", "bee-burn")
				// with Secure Boot on, the kernel refuses a module that is not
				// signed: smoke's expected results say SKIP there
				if !strings.HasPrefix(machine, "uefi-secure") {
					r.check(t, "modules-insert")
				}
			})
		}
		testGateStops(t, dir, filepath.Join(dist, "bee.iso"))
		testSlowDriver(t, dir, filepath.Join(dist, "bee.iso"))
		testMedia(t, filepath.Join(dist, "bee.iso"))
		testLive(t, filepath.Join(dist, "bee.iso"))
		if told.Release["BEE_BASE"] == "debian" {
			testNetboot(t, dist, "pxe", "uefi-secure-pxe")
		}
	})

	verdict := p.must(t, "verdict")
	for _, want := range append(p.machines(t), iso, "ssh access", "actions/runs/7#artifacts") {
		if !strings.Contains(verdict.summary, want) {
			t.Errorf("the summary lacks %q:\n%s", want, verdict.summary)
		}
	}

	// as a person sees it
	seen := gate(t, false, "verdict", filepath.Join(dist, "smoke"))
	if seen.exit != 0 || strings.Contains(seen.output, "::") || !strings.Contains(seen.output, iso) {
		t.Errorf("on a terminal: exit status %d:\n%s", seen.exit, seen.output)
	}
	// a machine whose report is gone did not pass
	if err := os.RemoveAll(filepath.Join(dist, "smoke", p.machines(t)[0])); err != nil {
		t.Fatal(err)
	}
	if run := p.run(t, "verdict"); run.exit == 0 || !strings.Contains(run.output, p.machines(t)[0]) {
		t.Errorf("a report is gone: exit status %d:\n%s", run.exit, run.output)
	}
}
