package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"bee/core/check"
	"bee/core/hostile"
	"bee/core/report"
	"bee/gate/internal/module"
)

// annotation is a workflow command that the gate itself makes.
var annotation = regexp.MustCompile(`^::(?:(?:error|warning|notice)(?: (?:file|line|title)=[^,:]*(?:,(?:file|line|title)=[^,:]*)*)?::|group::|endgroup::)`)

// commands checks that no line is a command to the runner but those of the gate. The runner
// passes over blanks of all kinds.
func commands(t *testing.T, what, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimLeftFunc(line, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
		if strings.HasPrefix(line, "::") && !annotation.MatchString(line) || strings.Contains(line, "##[") && !strings.HasPrefix(line, "::") {
			t.Errorf("%s: a command: %.200q", what, line)
		}
	}
}

// What reports, consoles, engines and linters say arrives as text, and as nothing else.
func TestHostile(t *testing.T) {
	top, env := repository(t)
	r := report.Report{
		ISO: &report.ISO{File: "bee.iso", SHA256: "ab", SizeBytes: 1}, Reason: "broken",
		Machine:  &report.Machine{Profile: "plain", Firmware: "uefi", Media: "cd", Accelerator: "tcg", QEMU: "7.2"},
		Timeline: []report.Milestone{{Name: "kernel", Line: "Linux"}},
		Checks:   []check.Check{{Name: "console", Status: check.Fail, Detail: "why"}, {Name: "b", Status: check.Skip, Detail: "none"}},
	}
	r.Conclude()
	of := func(document []byte, serial string) string {
		dir := filepath.Join(t.TempDir(), "machine")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, report.JSONFile), string(document))
		write(t, filepath.Join(dir, report.SerialFile), serial)
		return dir
	}
	// What means something in Markdown is as often there as with text that means nothing.
	const special = "|<>`*[]#~\\@"
	count := func(markdown string) string {
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune(special, r) {
				return r
			}
			return -1
		}, regexp.MustCompile(`&#\d+;`).ReplaceAllString(markdown, ""))
	}
	for _, text := range hostile.Strings {
		harmless := hostile.Documents(r, "x")
		for i, document := range hostile.Documents(r, text) {
			for _, actions := range []bool{true, false} {
				o := run(t, nil, actions, env, "verdict", of(document, text))
				for where, out := range map[string]string{"output": o.text, "standard error": o.stderr, "summary": o.summary, "outputs": o.outputs} {
					if found := hostile.Unprintable(out); found != "" {
						t.Errorf("%.80q: the %s has %s", text, where, found)
					}
				}
				if !actions {
					continue
				}
				commands(t, "verdict", o.text)
				if got, want := count(o.summary), count(run(t, nil, true, env, "verdict", of(harmless[i], "x")).summary); got != want {
					t.Errorf("%.80q: the summary has %s, want %s:\n%.3000s", text, got, want, o.summary)
				}
			}
		}
		broken := &standIn{}
		broken.do = func(module.Call, string) (string, error) {
			fmt.Fprintf(broken.options.Log, "4   : | %s\n%[1]s\n%[1]s", text)
			return "", &module.Error{Message: text, Stdout: "ci/matrix/bad.go:7:32: " + text + "\n", Stderr: text}
		}
		for _, args := range [][]string{{"lint"}, {"build"}} {
			for _, actions := range []bool{true, false} {
				o := run(t, broken, actions, env, args...)
				if found := hostile.Unprintable(o.text + o.stderr + o.summary + read(filepath.Join(top, logs, args[0]+".log"))); found != "" {
					t.Errorf("%.80q: %s prints %s", text, args[0], found)
				}
				if actions {
					commands(t, args[0], o.text)
					commands(t, args[0]+"'s progress", o.stderr)
					contains(t, args[0]+"'s progress", o.stderr, "4   : | ")
				}
			}
		}
	}
}
