package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"bee/iso/smoke/internal/console"
)

// The overlay's profile.d/bee.sh and console-report, with a folder of the test's
// in place of the machine's, show the report on a console when the shell there
// waits for a command, and not before.
func TestConsoleReport(t *testing.T) {
	for _, shell := range []string{"bash --norc --noprofile -i", "busybox ash -i"} {
		t.Run(strings.Fields(shell)[0], func(t *testing.T) {
			if _, err := exec.LookPath(strings.Fields(shell)[0]); err != nil {
				t.Skipf("%s is not installed", shell)
			}
			dir := t.TempDir()
			place := func(file, as string) string {
				text, err := os.ReadFile(filepath.Join("../overlay", file))
				if err != nil {
					t.Fatal(err)
				}
				moved := strings.NewReplacer("/usr/local/lib/bee", dir, "/usr/local/bin", dir, "/var/log", dir, "/dev/tty", "/dev/pts").Replace(string(text))
				as = filepath.Join(dir, as)
				if err := os.WriteFile(as, []byte(moved), 0o755); err != nil {
					t.Fatal(err)
				}
				return as
			}
			place("usr/local/lib/bee/console-report", "console-report")
			profile := place("etc/profile.d/bee.sh", "profile")
			if err := os.WriteFile(filepath.Join(dir, "audit"), []byte("#!/bin/sh\necho \"Hardware audit of bee by $*\"\n"), 0o755); err != nil {
				t.Fatal(err)
			}

			words := strings.Fields(shell)
			cmd := exec.Command(words[0], words[1:]...)
			cmd.Env = append(os.Environ(), "PS1=$ ", "TERM=vt100", "HISTFILE=")
			terminal, err := pty.Start(cmd)
			if err != nil {
				t.Fatal(err)
			}
			defer terminal.Close()
			c := console.Watch(terminal, func(console.Milestone) {})
			await := func(line string) {
				t.Helper()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if _, _, err := c.Wait(ctx, 0, regexp.MustCompile("(?m)^"+line+"$")); err != nil {
					t.Fatalf("no %q: %v in %q", line, err, c.Text())
				}
			}
			fmt.Fprintf(terminal, ". %s\n(echo busy; until [ -e %s/free ]; do sleep 0.1; done)\n", profile, dir)
			await("The audit is running.*")
			await("busy")
			report := filepath.Join(dir, "bee-audit.json")
			if err := os.WriteFile(report, []byte("{}"), 0o644); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2500 * time.Millisecond)
			if text := c.Text(); strings.Contains(text, "Hardware audit") {
				t.Errorf("while a program has the terminal: %q", text)
			}
			if err := os.WriteFile(filepath.Join(dir, "free"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			await("Hardware audit of bee by show --qr")

			// A waiting one ends with its shell.
			if err := os.Remove(report); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(terminal, ". %s\nexit\n", profile)
			_ = cmd.Wait()
			waiting := func() bool {
				out, _ := exec.Command("ps", "ax", "-o", "args").Output()
				return strings.Contains(string(out), dir+"/console-report")
			}
			for until := time.Now().Add(time.Minute); waiting(); time.Sleep(100 * time.Millisecond) {
				if time.Now().After(until) {
					t.Fatal("console-report outlives its shell")
				}
			}
		})
	}
}
