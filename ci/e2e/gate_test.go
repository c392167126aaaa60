package e2e

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// gateProgram compiles the gate.
var gateProgram = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "gate-")
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "gate")
	cmd := exec.Command("go", "build", "-o", program, "./ci/cmd/gate")
	cmd.Dir = repository
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", errors.New(string(out))
	}
	return program, nil
})

// gateRun is what came of a run of the gate.
type gateRun struct {
	exit             int
	output           string // standard output
	progress         string // standard error
	summary, outputs string // what a step of GitHub Actions leaves behind
	took             time.Duration
}

// values are the outputs of the step.
func (g gateRun) values() map[string]string {
	values := map[string]string{}
	lines := strings.Split(g.outputs, "\n")
	for i := 0; i < len(lines); i++ {
		// NAME<<DELIMITER, the value, DELIMITER; or NAME=VALUE
		if name, delimiter, ok := strings.Cut(lines[i], "<<"); ok && i+2 < len(lines) && lines[i+2] == delimiter {
			values[name] = lines[i+1]
			i += 2
		} else if name, value, ok := strings.Cut(lines[i], "="); ok {
			values[name] = value
		}
	}
	return values
}

// actions are the variables of a step of GitHub Actions.
var actions = []string{"GITHUB_ACTIONS=true", "GITHUB_SERVER_URL=https://github.example", "GITHUB_REPOSITORY=someone/bee", "GITHUB_RUN_ID=7"}

// gate runs the gate in the repository, as a step of GitHub Actions or as a person does.
func gate(t *testing.T, inActions bool, args ...string) gateRun {
	t.Helper()
	return gateIn(t, repository, inActions, args...)
}

// gateIn is gate in a copy of the repository. Where several run at once, they do so in one:
// Dagger may hand what one copy made to another, which cannot use it once the first is done.
func gateIn(t *testing.T, dir string, inActions bool, args ...string) gateRun {
	t.Helper()
	program, err := gateProgram()
	if err != nil {
		t.Fatal(err)
	}
	var environment []string
	if inActions {
		environment = actions
	}
	t.Logf("gate %s", strings.Join(args, " "))
	return command(t, dir, environment, append([]string{program}, args...)...)
}

// command runs a command, with more variables; those of an outer pipeline do not count.
func command(t *testing.T, dir string, environment []string, args ...string) gateRun {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &errs
	step := t.TempDir()
	summary, outputs := filepath.Join(step, "summary"), filepath.Join(step, "outputs")
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "GITHUB_") && !strings.HasPrefix(variable, "GATE_") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	// KVM would be tried for a while on each boot where it does not work
	cmd.Env = append(cmd.Env, "GITHUB_STEP_SUMMARY="+summary, "GITHUB_OUTPUT="+outputs, "GATE_KVM=false")
	cmd.Env = append(cmd.Env, environment...)
	began := time.Now()
	err := cmd.Run()
	run := gateRun{output: out.String(), progress: errs.String(), took: time.Since(began)}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		run.exit = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]*string{summary: &run.summary, outputs: &run.outputs} {
		if data, err := os.ReadFile(file); err == nil {
			*text = string(data)
		}
	}
	return run
}
