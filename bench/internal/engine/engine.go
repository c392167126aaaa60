// Package engine calls the functions of bee's Dagger module.
package engine

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"bee/core/claim"
)

// Engine is a Dagger engine that works.
type Engine struct{ environment []string }

// runnerHost is the variable by which Dagger is told where its engine is.
const runnerHost = "_EXPERIMENTAL_DAGGER_RUNNER_HOST"

// Ensure makes sure of one, as make does, for the repository whose top is given. As soon as
// nobody uses it, it is this process' own, until that ends; waiting is called with whoever
// uses it.
func Ensure(ctx context.Context, top string, waiting func(claim.Claim)) (*Engine, error) {
	// engine env prints lines for a shell, so one reads them
	const script = `lines=$(go run ./engine env) && eval "$lines" && env -0`
	cmd := exec.CommandContext(ctx, "sh", "-c", script)
	cmd.Dir = top
	text, err := output(cmd)
	if err != nil {
		return nil, fmt.Errorf("no Dagger engine: %w", err)
	}
	environment := strings.Split(strings.TrimSuffix(text, "\x00"), "\x00")
	var host string
	for _, line := range environment {
		if value, found := strings.CutPrefix(line, runnerHost+"="); found {
			host = value
		}
	}
	if _, err := claim.Take(ctx, claim.EngineAlone(host, "measures how long it takes"), waiting); err != nil {
		return nil, err
	}
	return &Engine{append(environment, "NO_COLOR=1")}, nil
}

// Call calls a function of the module in a folder, and returns how long it took.
func (e *Engine) Call(ctx context.Context, folder string, args ...string) (time.Duration, error) {
	args = append([]string{"call", "--progress=plain"}, args...)
	// env looks for dagger in the engine's PATH, which is not ours
	cmd := exec.CommandContext(ctx, "env", append([]string{"dagger"}, args...)...)
	cmd.Dir, cmd.Env = folder, e.environment
	began := time.Now()
	if _, err := output(cmd); err != nil {
		return 0, fmt.Errorf("dagger %s: %w", strings.Join(args, " "), err)
	}
	return time.Since(began), nil
}

// patience is how long a program may take to end where it is not wanted any more: dagger
// takes leave of its engine.
const patience = 20 * time.Second

// output runs a program and returns its standard output; an error has the end of what it
// said.
func output(cmd *exec.Cmd) (string, error) {
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = patience
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, reason(said.String()))
	}
	return out.String(), nil
}

// lastLines of what a program said tell why it failed, where it does not say it by itself.
const lastLines = 15

// reason is why a program failed: the error that dagger ends with, or the end of what it
// said.
func reason(text string) string {
	text = strings.TrimSpace(text)
	if at := strings.LastIndex("\n"+text, "\nError: "); at >= 0 {
		return text[at:]
	}
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-lastLines):], "\n")
}
