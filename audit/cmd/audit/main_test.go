package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bee/audit/report"
	"bee/audit/report/schema"
)

// cli runs the program with the given tools, each a shell script, as the only
// ones on the machine.
func cli(t *testing.T, ctx context.Context, tools map[string]string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	bin := t.TempDir()
	for name, script := range tools {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\nPATH=/usr/bin:/bin\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
	var out, err bytes.Buffer
	cmd := root()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&err)
	code = execute(ctx, cmd)
	return out.String(), err.String(), code
}

// tools are a machine with one processor, on which much goes wrong.
var tools = map[string]string{
	"dmidecode": `case "$*" in
"-t 4") printf 'SMBIOS 3.0 present.\nHandle 0x0004, DMI type 4, 48 bytes\n\tStatus: Populated, Enabled\n\tVersion: Fast \377\n';;
"-t 39") echo 'SMBIOS 3.0 present.';;
"-t 16,17") echo "no memory" >&2; exit 3;;
*) echo rubbish;;
esac`,
	"lsblk": `trap "" TERM; sleep 100 & echo '{"blockdevices": []}'; wait`,
}

func TestRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.json")
	stdout, stderr, code := cli(t, t.Context(), tools, "--output", file, "--timeout", "3s")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if !strings.Contains(stdout, `Fast \xff`) || !strings.Contains(stdout, "3 errors") {
		t.Errorf("summary:\n%s", stdout)
	}
	if err := schema.ValidateFile(file); err != nil {
		t.Error(err)
	}
	r, err := report.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.CPU.Sockets) != 1 || r.Board != nil || r.Memory != nil || r.Storage == nil {
		t.Errorf("report %+v", r)
	}
	for i, want := range []report.Kind{report.BadOutput, report.ExitStatus, report.Interrupted} {
		if i >= len(r.Errors) || r.Errors[i].Kind != want {
			t.Fatalf("errors %+v, want %s at %d", r.Errors, want, i)
		}
	}
	if m := r.Errors[2].Message; !strings.Contains(m, "time limit of 3s") {
		t.Errorf("message %q does not say why", m)
	}

	// The same summary from the file.
	if shown, _, code := cli(t, t.Context(), nil, "show", file); code != 0 || shown != stdout {
		t.Errorf("show, exit code %d:\n%s", code, shown)
	}
	if out, _, code := cli(t, t.Context(), nil, "validate", file); code != 0 || !strings.Contains(out, "valid") {
		t.Errorf("validate, exit code %d: %s", code, out)
	}
}

func TestRunToStandardOutput(t *testing.T) {
	stdout, stderr, code := cli(t, t.Context(), tools, "run", "-o", "-", "--collectors", "cpu,pcie")
	if code != 0 || schema.Validate([]byte(stdout)) != nil {
		t.Errorf("exit code %d, stdout:\n%s", code, stdout)
	}
	if !strings.Contains(stderr, "Hardware audit of") || strings.Contains(stdout, `"name": "memory"`) {
		t.Errorf("stderr:\n%s\nstdout:\n%s", stderr, stdout)
	}
}

// What one machine has answered is audited on another, where there are no tools.
func TestCapture(t *testing.T) {
	t.Chdir(t.TempDir())
	_, stderr, code := cli(t, t.Context(), tools, "capture", "--timeout", "3s")
	if code != 0 || !strings.Contains(stderr, "captured 6 runs of tools, 3 errors") {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	host, _ := os.Hostname()
	names, _ := filepath.Glob("bee-capture-" + host + "-*Z.tar.gz")
	if len(names) != 1 || !strings.Contains(stderr, names[0]) {
		t.Fatalf("files %v; it says %s", names, stderr)
	}
	tarball, _, code := cli(t, t.Context(), tools, "capture", "--timeout", "3s", "--output", "-")
	if err := os.WriteFile("piped.tar.gz", []byte(tarball), 0o644); err != nil || code != 0 {
		t.Fatalf("exit code %d, error %v", code, err)
	}

	for _, from := range []string{names[0], "piped.tar.gz"} {
		stdout, stderr, code := cli(t, t.Context(), nil, "--root", from)
		if code != 0 || schema.Validate([]byte(stdout)) != nil || !strings.Contains(stderr, `Fast \xff`) {
			t.Errorf("exit code %d: %s\n%s", code, stderr, stdout)
		}
		if !strings.Contains(stdout, `"capture": "`+from+`"`) || !strings.Contains(stdout, "time limit of 3s") {
			t.Errorf("the report does not say what it is a replay of:\n%s", stdout)
		}
	}
	if _, stderr, code := cli(t, t.Context(), nil, "--root", names[0], "--output", "report.json"); code != 0 {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if err := schema.ValidateFile("report.json"); err != nil {
		t.Error(err)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	file := filepath.Join(t.TempDir(), "report.json")
	_, stderr, code := cli(t, ctx, tools, "--output", file)
	if code != 130 || !strings.Contains(stderr, "interrupted") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if err := schema.ValidateFile(file); err != nil {
		t.Error(err)
	}
	file = filepath.Join(t.TempDir(), "capture.tar.gz")
	_, stderr, code = cli(t, ctx, tools, "capture", "--output", file)
	if code != 130 || !strings.Contains(stderr, "interrupted") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if _, stderr, code := cli(t, t.Context(), nil, "--root", file); code != 0 {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

func TestExitCodes(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.json")
	if err := os.WriteFile(bad, []byte(`{"schema_version": "1.0", "collectors": [], "extra": 1}`), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
		say  string
	}{
		{"version", 0, ""},
		{"schema baseline", 0, ""},
		{"schema reprot", 2, `schema "reprot" is not one of report, baseline, comparison, fleet (see audit schema --help)`},
		{"schema", 0, ""},
		{"--help", 0, ""},
		{"nonsense", 2, `unknown command "nonsense" (see audit --help)`},
		{"shwo", 2, `unknown command "shwo"; did you mean show? (see audit --help)`},
		{"--nonsense", 2, "--nonsense"},
		{"show one two", 2, "audit show --help"},
		{"run --collectors cpu,gpu", 2, `no collector "gpu"`},
		{"run --timeout 0s", 2, "--timeout"},
		{"run --timeout soon", 2, "soon"},
		{"run --output /no/such/folder/report.json", 1, "--output"},
		{"run --root /no/such/file", 1, "/no/such/file"},
		{"run --root " + bad, 1, "not a capture"},
		{"capture --timeout 0s", 2, "--timeout"},
		{"capture --output /no/such/folder/capture.tar.gz", 1, "--output"},
		{"show /no/such/file", 1, "/no/such/file"},
		{"validate /no/such/file", 1, "/no/such/file"},
		{"validate " + bad, 1, "'extra'"},
		{"diff one", 2, "audit diff --help"},
		{"diff - -", 2, "standard input"},
		{"diff --sections gpu a b", 2, `no section "gpu"`},
		{"diff /no/such/file " + bad, 3, "/no/such/file"},
		{"diff " + bad + " /dev/null", 3, "/dev/null is not an audit report"},
		{"check " + bad, 2, "--baseline"},
		{"check --baseline /no/such/file " + bad, 3, "/no/such/file"},
		{"check --baseline /dev/null " + bad, 3, "/dev/null"},
		{"check --baseline " + bad + " /dev/null", 3, "/dev/null is not an audit report"},
		{"baseline /dev/null", 1, "/dev/null is not an audit report"},
	} {
		_, stderr, code := cli(t, t.Context(), nil, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(stderr, c.say) || (code == 0) != (stderr == "") {
			t.Errorf("audit %s: exit code %d, want %d; stderr %q, want %q in it", c.args, code, c.code, stderr, c.say)
		}
	}
}

func TestHelpTeaches(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"run", "--help"}, {"capture", "--help"}, {"show", "--help"}, {"report", "--help"}, {"man", "--help"}, {"diff", "--help"}, {"check", "--help"}, {"baseline", "--help"}, {"schema", "--help"}, {"validate", "--help"}} {
		stdout, _, _ := cli(t, t.Context(), nil, args...)
		if !strings.Contains(stdout, "Examples:") || !strings.Contains(stdout, "Exit codes:") {
			t.Errorf("audit %v:\n%s", args, stdout)
		}
	}
	if stdout, _, _ := cli(t, t.Context(), nil, "schema"); stdout != string(schema.JSON) {
		t.Error("audit schema prints something else")
	}
	if stdout, _, _ := cli(t, t.Context(), nil, "__complete", "run", "--root", ""); !strings.Contains(stdout, ":8\n") {
		t.Errorf("--root does not complete files by their endings: %s", stdout)
	}
	if stdout, _, _ := cli(t, t.Context(), nil, "completion", "bash"); !strings.Contains(stdout, "__start_audit") {
		t.Error("no completion for bash")
	}
}
