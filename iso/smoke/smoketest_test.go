package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bee/core/check"
	"bee/iso/smoke/selftest/checks"
)

var shellName = regexp.MustCompile(`(?m)(ash: |dash: [0-9]+: )`)

// shells are those that may run smoketest.sh.
var shells = [][]string{{"busybox", "ash"}, {"dash"}}

// runScript runs smoketest.sh as SSH does, from standard input, on a machine with a
// program in the place of selftest. The shell's name is taken out of what it says.
func runScript(t *testing.T, shell []string, selftest string, args ...string) (output string, status int) {
	t.Helper()
	if _, err := exec.LookPath(shell[0]); err != nil {
		t.Skipf("%s is not installed", shell[0])
	}
	release := filepath.Join(t.TempDir(), "bee-release")
	if err := os.WriteFile(release, []byte("BEE_BASE=\"debian\"\nBEE_VERSION=\"20261105-0123456789ab\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	script := strings.NewReplacer("/usr/local/lib/bee/selftest", selftest, "/etc/bee-release", release).Replace(script)
	if !strings.Contains(script, selftest) || !strings.Contains(script, release) {
		t.Fatal("smoketest.sh has no such files")
	}
	cmd := exec.Command(shell[0], slices.Concat(shell[1:], []string{"-s", "--"}, args)...)
	cmd.Stdin = strings.NewReader(script)
	out, _ := cmd.CombinedOutput()
	return shellName.ReplaceAllString(string(out), ""), cmd.ProcessState.ExitCode()
}

// program writes a shell script that stands for selftest.
func program(t *testing.T, code string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "selftest")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+code+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// The script passes on what the program says. Where that is missing, does not start or
// breaks off, it is a FAIL: never a pass, nor a test without an end.
func TestScript(t *testing.T) {
	const last = "FAIL selftest: the checks came to no end; the last words: "
	text := program(t, "")
	if err := os.Chmod(text, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		selftest, want string
		status         int
	}{
		"passes": {program(t, "echo PASS a; echo SKIP b: 'c\\d  e'; echo bee-smoke: 1 passed, 0 failed, 1 skipped"),
			"PASS a\nSKIP b: c\\d  e\nbee-smoke: 1 passed, 0 failed, 1 skipped\n", 0},
		"fails": {program(t, "echo FAIL a: x; echo oops >&2; echo bee-smoke: 0 passed, 1 failed, 0 skipped; exit 1"),
			"FAIL a: x\noops\nbee-smoke: 0 passed, 1 failed, 0 skipped\n", 1},

		"missing": {"/no/selftest", "FAIL selftest: no /no/selftest: the ISO, version \"20261105-0123456789ab\", is broken or older than this script\n" +
			"bee-smoke: 0 passed, 1 failed, 0 skipped\n", 1},
		"not executable": {text, "FAIL selftest: no " + text + ": the ISO, version \"20261105-0123456789ab\", is broken or older than this script\n" +
			"bee-smoke: 0 passed, 1 failed, 0 skipped\n", 1},
		"does not start": {os.TempDir(), os.TempDir() + ": Permission denied\n" + last + os.TempDir() + ": Permission denied\nbee-smoke: 0 passed, 1 failed, 0 skipped\n", 1},
		"says nothing":   {program(t, ""), last + "nothing\nbee-smoke: 0 passed, 1 failed, 0 skipped\n", 1},
		"breaks off": {program(t, "echo PASS a; echo SKIP b: c; echo 'panic: x'; exit 2"),
			"PASS a\nSKIP b: c\npanic: x\n" + last + "panic: x\nbee-smoke: 1 passed, 1 failed, 1 skipped\n", 1},
		"within a line": {program(t, "echo PASS a; printf 'PASS b: half a'"),
			"PASS a\nPASS b: half a\n" + last + "PASS b: half a\nbee-smoke: 2 passed, 1 failed, 0 skipped\n", 1},
		"counts otherwise": {program(t, "echo PASS a; echo bee-smoke: 2 passed, 0 failed, 0 skipped"),
			"PASS a\nbee-smoke: 2 passed, 0 failed, 0 skipped\n" + last + "bee-smoke: 2 passed, 0 failed, 0 skipped\nbee-smoke: 1 passed, 1 failed, 0 skipped\n", 1},
	} {
		for _, shell := range shells {
			t.Run(name+" "+shell[0], func(t *testing.T) {
				output, status := runScript(t, shell, c.selftest)
				if output != c.want || status != c.status {
					t.Errorf("exit status %d, want %d: got %q, want %q", status, c.status, output, c.want)
				}
				if _, err := check.Parse(output, status); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestScriptArguments(t *testing.T) {
	echo := program(t, `echo "PASS a: $*"; echo bee-smoke: 1 passed, 0 failed, 0 skipped`)
	for _, shell := range shells {
		t.Run(shell[0], func(t *testing.T) {
			output, status := runScript(t, shell, echo, "--expect-internet", "--no-network")
			if status != 0 || !strings.HasPrefix(output, "PASS a: --expect-internet --no-network\n") {
				t.Errorf("exit status %d: %s", status, output)
			}
			for _, selftest := range []string{echo, "/no/selftest"} {
				output, status := runScript(t, shell, selftest, "--fast")
				if status != 2 || output != "smoketest.sh: --fast: neither --expect-internet nor --no-network\n" {
					t.Errorf("%s: exit status %d: %s", selftest, status, output)
				}
			}
		})
	}
}

// The script with the program that it calls, on this machine, which is no bee.
func TestScriptWithSelftest(t *testing.T) {
	selftest := filepath.Join(t.TempDir(), "selftest")
	build := exec.Command("go", "build", "-o", selftest, "./selftest")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, shell := range shells {
		t.Run(shell[0], func(t *testing.T) {
			output, status := runScript(t, shell, selftest, "--no-network")
			made, err := check.Parse(output, status)
			if err != nil || status != 1 {
				t.Errorf("exit status %d, %v: %s", status, err, output)
			}
			var names []string
			for _, c := range made {
				names = append(names, c.Name)
			}
			if !slices.Equal(names, checks.Names()) {
				t.Errorf("made %v, not %v", names, checks.Names())
			}
		})
	}
}
