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
		run = command(t, p.dir, environment, "bash", "-e", "-o", "pipefail", "-c", step.Run)
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

// TestPullRequest builds the ISO and boots it as each change has it, on machines that
// have every kind of hardware between them.
func TestPullRequest(t *testing.T) {
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
		if step.Job == "unit" && step.Run != "make unit" || !regexp.MustCompile(`(?m)^test:.* unit `).Match(makefile) {
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

	t.Run("smoke", func(t *testing.T) {
		for _, machine := range p.machines(t) {
			t.Run(machine, func(t *testing.T) {
				t.Parallel()
				run := p.on(machine).must(t, "smoke")
				if strings.Contains(run.output, "::error") || run.values()["verdict"] != "pass" {
					t.Errorf("annotations or outputs of a PASS:\n%s\n%s", run.output, run.outputs)
				}
				r := readReport(t, filepath.Join(dist, "smoke", machine))
				r.check(t, "checks-complete", "modules-insert", "bee-burn")
			})
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

// TestNightly runs what is done each night, on the base debian where that is the site's,
// and without the driver, which takes minutes to build twice.
func TestNightly(t *testing.T) {
	dir := committed(t)
	p := newPipeline(t, dir, "nightly.yml", "build", "smoke", "verdict", "reproduce", "locks")
	base := readPins(t).Base
	p.values["matrix.base"] = base
	p.env["GATE_BASE"] = base
	p.env["GATE_NVIDIA"] = "false"
	p.must(t, "build")
	planned := p.machines(t)
	if len(planned) < 16 {
		t.Errorf("the plan of pairs has %d machines", len(planned))
	}
	p.on(planned[0]).must(t, "smoke")
	if run := p.run(t, "verdict"); run.exit == 0 || !strings.Contains(run.output, planned[1]) {
		t.Errorf("the reports of all machines but one are not there: exit status %d:\n%s", run.exit, run.output)
	}
	p.must(t, "reproduce")
	// No lock is committed yet, and not every site has Alpine's image in reach.
	locks := p.run(t, "locks")
	if !regexp.MustCompile(`(?m)^::(warning|error) .*(iso/alpine/packages\.lock|name it as ALPINE_IMAGE in VERSIONS\.local)`).MatchString(locks.output) || locks.exit == 0 {
		t.Errorf("locks: exit status %d:\n%s\n%s", locks.exit, locks.output, tail(locks.progress, 20))
	}
}

// gh stands in for GitHub's program: one release is out, and the draft is written down.
const gh = `#!/bin/sh
set -eu
case "$1 $2" in
"release list") echo version=v1.1.0 ;;
"release download") mkdir -p "$7" && cp "$GH_MANIFEST" "$7/$5" ;;
"release create") printf '%s\n' "$@" >"$GH_DRAFT" ;;
*) exit 1 ;;
esac
`

// TestRelease makes a release from a tag, with nothing but what a build needs. The
// driver is left out: it takes minutes to build twice.
func TestRelease(t *testing.T) {
	dir := committed(t)
	git(t, dir, "tag", "v1.2.0")
	// an earlier one, with one package more
	dist := t.TempDir()
	build(t, dir, dist, "--base", "debian", "--nvidia=false")
	manifest, err := os.ReadFile(filepath.Join(dist, "bee.iso.manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	earlier := strings.Replace(string(manifest), `"packages": [`, `"packages": [
  {"name":"gone","version":"1.0-1","architecture":"amd64"},`, 1)

	bin := t.TempDir()
	draft := filepath.Join(bin, "draft")
	for name, text := range map[string]string{"gh": gh, "manifest": earlier} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	p := newPipeline(t, dir, "release.yml", "release", "draft")
	p.env = map[string]string{
		"PATH": bin + ":" + os.Getenv("PATH"), "GH_MANIFEST": filepath.Join(bin, "manifest"), "GH_DRAFT": draft,
		"GATE_BASE": "debian", "GATE_COVERAGE": "each", "GATE_NVIDIA": "false", "GATE_STRICT": "false", "GATE_JOBS": "2",
	}
	p.values = map[string]string{
		"github.token": "secret", "github.repository": "someone/bee", "github.ref_name": "v1.2.0",
		"contains(github.ref_name, '-')": "false",
	}
	run := p.must(t, "release")
	out := run.values()["folder"]
	if !filepath.IsAbs(out) {
		out = filepath.Join(dir, out)
	}
	if got, want := digest(t, filepath.Join(out, "bee.iso")), digest(t, filepath.Join(dist, "bee.iso")); got != want {
		t.Errorf("the ISO of the release is %s, that of build %s", got, want)
	}
	checkSums(t, out)
	withoutNvidia(t, out)
	notes, err := os.ReadFile(filepath.Join(out, "NOTES.md"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"v1.2.0", "v1.1.0", "gone", digest(t, filepath.Join(out, "bee.iso"))}
	for _, machine := range machines(t, gate(t, false, "plan", "--base", "debian", "--coverage", "each").output) {
		r := readReport(t, filepath.Join(out, "smoke", machine))
		r.check(t, "checks-complete")
		if r.passed("modules-kernel") || r.passed("modules-insert") {
			t.Errorf("%s: modules that are not there PASS", machine)
		}
		want = append(want, machine)
	}
	for _, text := range want {
		if !strings.Contains(string(notes), text) {
			t.Errorf("the notes lack %q:\n%s", text, notes)
		}
	}

	// the next job gets the folder under another name
	if err := os.Rename(out, filepath.Join(dir, "release")); err != nil {
		t.Fatal(err)
	}
	p.must(t, "draft")
	drafted, err := os.ReadFile(draft)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"v1.2.0", "--draft", "release/NOTES.md", "release/bee.iso", "release/bee.iso.manifest.json", "release/SHA256SUMS"} {
		if !strings.Contains(string(drafted), want+"\n") {
			t.Errorf("the draft lacks %s:\n%s", want, drafted)
		}
	}
}
