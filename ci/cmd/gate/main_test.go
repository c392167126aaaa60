package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"bee/core/check"
	"bee/core/machine"
	"bee/core/report"
	"bee/gate/internal/module"
	"bee/gate/internal/output"
	"bee/gate/internal/whole"
)

func TestMain(m *testing.M) {
	cache, err := os.MkdirTemp("", "gate-test-")
	if err != nil {
		panic(err)
	}
	os.Setenv("XDG_CACHE_HOME", cache) // where processes say what they claim
	status := m.Run()
	os.RemoveAll(cache)
	os.Exit(status)
}

// standIn is a module without an engine.
type standIn struct {
	t *testing.T
	// do is what a function does with the place that its result goes to.
	do func(call module.Call, to string) (string, error)
	// refuse says why the module of a folder cannot be loaded.
	refuse func(folder string) error

	mu      sync.Mutex
	options module.Options
	calls   []string
}

func (s *standIn) call(call module.Call, to string) (string, error) {
	s.record(call)
	return s.do(call, to)
}

func (s *standIn) record(call module.Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := call.Function
	for _, name := range slices.Sorted(maps.Keys(call.Arguments)) {
		text += fmt.Sprintf(" %s=%v", name, call.Arguments[name])
	}
	s.calls = append(s.calls, text)
	fmt.Fprintln(s.options.Log, call.Function)
}

func (s *standIn) File(_ context.Context, call module.Call, path string) error {
	_, err := s.call(call, path)
	return err
}

func (s *standIn) Directory(_ context.Context, call module.Call) (whole.Source, error) {
	s.record(call)
	return tree{s, call}, nil
}

// tree is what a function of a stand-in does when it is exported.
type tree struct {
	s    *standIn
	call module.Call
}

func (t tree) Size(context.Context) (int64, error) { return 0, errors.New("not known") }

// Contents does what Export does, in a folder that is not kept.
func (t tree) Contents(_ context.Context, name string) (string, error) {
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(folder)
	if _, err := t.s.do(t.call, folder); err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(folder, name))
	return string(text), err
}

func (t tree) Export(_ context.Context, folder string) error {
	_, err := t.s.do(t.call, folder)
	return err
}

func (s *standIn) Text(_ context.Context, call module.Call) (string, error) { return s.call(call, "") }

func (s *standIn) Up(_ context.Context, call module.Call) error {
	_, err := s.call(call, "")
	return err
}

func (s *standIn) Close() error { return nil }

// outcome is what a run of the program leaves.
type outcome struct {
	// Standard output, and standard error.
	text, stderr string
	// What was written to the files of GitHub Actions.
	outputs, summary string
	status           int
}

// run runs the program, in GitHub Actions or not, with stand-ins for the environment
// and the module.
func run(t *testing.T, s *standIn, actions bool, env map[string]string, args ...string) outcome {
	t.Helper()
	env = maps.Clone(env)
	outputs, steps := filepath.Join(t.TempDir(), "output"), filepath.Join(t.TempDir(), "summary")
	if actions {
		maps.Copy(env, map[string]string{
			"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": outputs, "GITHUB_STEP_SUMMARY": steps,
			"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "o/bee", "GITHUB_RUN_ID": "7",
		})
	}
	getenv := func(name string) string { return env[name] }
	var stdout, stderr bytes.Buffer
	pausable := &output.Pausable{To: &stdout}
	g := &gate{getenv: getenv, out: output.New(getenv, pausable), stdout: pausable, stderr: &stderr, goProxy: func(context.Context) string { return env["GOPROXY"] }, connect: func(_ context.Context, options module.Options) (module.Module, error) {
		if s == nil {
			return nil, errors.New("no Dagger engine")
		}
		s.options = options
		if s.refuse != nil {
			if err := s.refuse(options.Repository); err != nil {
				return nil, err
			}
		}
		return s, nil
	}}
	cmd := g.command()
	cmd.SetArgs(args)
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	status := g.exitStatus(cmd.ExecuteContext(t.Context()), &stderr)
	return outcome{stdout.String(), stderr.String(), read(outputs), read(steps), status}
}

// read is a file that may not be there.
func read(path string) string {
	text, _ := os.ReadFile(path)
	return string(text)
}

// set is how GitHub Actions takes an output.
func set(name, value string) string {
	const delimiter = "_GitHubActionsFileCommandDelimeter_"
	return name + "<<" + delimiter + "\n" + value + "\n" + delimiter + "\n"
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// repository is one with the files that the commands read. The variable names it.
func repository(t *testing.T) (top string, env map[string]string) {
	t.Helper()
	top = t.TempDir()
	text, err := os.ReadFile("../../../VERSIONS")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(top, "VERSIONS"), string(text))
	write(t, filepath.Join(top, "VERSIONS.local"), "BASE=debian\n")
	write(t, filepath.Join(top, "iso/smoke/selftest/checks/image.go"), "package checks\n\nfunc memory(s *live.System) outcome {\n}\n")
	write(t, filepath.Join(top, "ci/matrix/bad.go"), "package matrix\n")
	write(t, filepath.Join(top, "ci/go.mod"), "module dagger/bee\n")
	return top, map[string]string{"GATE_REPOSITORY": top}
}

// smokeReport is the module's function of that name: machines with "uefi-usb" fail,
// those with 4096 MiB do not boot.
func smokeReport(t *testing.T, call module.Call, folder string) error {
	m, err := machine.Parse(call.Arguments["machine"].(string))
	if err != nil {
		return err
	}
	r := &report.Report{
		ISO:             &report.ISO{File: "bee.iso", SHA256: strings.Repeat("ab", 32), SizeBytes: 1 << 20},
		Machine:         &report.Machine{Firmware: m.Firmware, Media: m.Media, MemoryMiB: m.MemoryMiB, Accelerator: "tcg", CPUs: 2, QEMU: "7.2"},
		Timeline:        []report.Milestone{{Name: "kernel", Seconds: 2}},
		Checks:          []check.Check{{Name: "motd", Status: check.Pass}, {Name: "memory", Status: check.Pass}},
		DurationSeconds: 60,
	}
	switch {
	case m.MemoryMiB == 4096:
		r.Checks, r.Reason = nil, "kernel panic: ::x::"
	case m.Firmware == machine.UEFI && m.Media == machine.USB:
		r.Checks[1] = check.Check{Name: "memory", Status: check.Fail, Detail: "40 of 480 MiB"}
	}
	r.Conclude()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, report.ConsoleFile), "PNG")
	return r.Write(folder, "the last line\n")
}

func equal(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got\n%s\nwant\n%s", what, got, want)
	}
}

func contains(t *testing.T, what, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%s: no %q in\n%s", what, want, text)
		}
	}
}
