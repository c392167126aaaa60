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

// gate runs the gate in the repository, as a step of GitHub Actions, or as a person
// does on a terminal.
func gate(t *testing.T, actions bool, args ...string) gateRun {
	t.Helper()
	return gateIn(t, repository, actions, args...)
}

func gateIn(t *testing.T, dir string, actions bool, args ...string) gateRun {
	t.Helper()
	program, err := gateProgram()
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &errs
	cmd.Env = withoutVariables(os.Environ(), "GITHUB_", "GATE_")
	step := t.TempDir()
	summary, outputs := filepath.Join(step, "summary"), filepath.Join(step, "outputs")
	if actions {
		cmd.Env = append(cmd.Env, "GITHUB_ACTIONS=true", "GITHUB_STEP_SUMMARY="+summary, "GITHUB_OUTPUT="+outputs,
			"GITHUB_SERVER_URL=https://github.example", "GITHUB_REPOSITORY=someone/bee", "GITHUB_RUN_ID=7")
	}
	t.Logf("gate %s", strings.Join(args, " "))
	began := time.Now()
	err = cmd.Run()
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

// withoutVariables is an environment without the variables of some prefixes.
func withoutVariables(environment []string, prefixes ...string) []string {
	var left []string
	for _, variable := range environment {
		wanted := true
		for _, prefix := range prefixes {
			wanted = wanted && !strings.HasPrefix(variable, prefix)
		}
		if wanted {
			left = append(left, variable)
		}
	}
	return left
}
