package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"bee/core/kmsg"
	"bee/iso/smoke/internal/console"
)

// The overlay's profile.d/bee.sh, with a folder of the test's in place of the machine's, shows
// the text console before the shell of a login, and console-report shows the report when the
// shell waits for a command, and not before.
func TestConsoleReport(t *testing.T) {
	for _, shell := range []string{"bash -l", "busybox ash -l"} {
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

			screen := "#!/bin/sh\necho screen\nuntil [ -e " + dir + "/left ]; do sleep 0.1; done\necho left\n"
			if err := os.WriteFile(filepath.Join(dir, "bee"), []byte(screen), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, ".profile"), []byte(". "+profile+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}

			words := strings.Fields(shell)
			cmd := exec.Command(words[0], words[1:]...)
			cmd.Env = append(os.Environ(), "PS1=$ ", "TERM=vt100", "HISTFILE=", "HOME="+dir)
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
			await("screen")
			report := filepath.Join(dir, "bee-audit.json")
			if text := c.Text(); strings.Contains(text, "audit") {
				t.Errorf("while the text console has the terminal: %q", text)
			}
			create := func(file, text string) {
				t.Helper()
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			create(filepath.Join(dir, "left"), "")
			await("left")
			await("The audit is running.*")
			fmt.Fprintf(terminal, "(echo busy; until [ -e %s/free ]; do sleep 0.1; done)\n", dir)
			await("busy")
			create(report, "{}")
			time.Sleep(2500 * time.Millisecond)
			if text := c.Text(); strings.Contains(text, "Hardware audit") {
				t.Errorf("while a program has the terminal: %q", text)
			}
			create(filepath.Join(dir, "free"), "")
			await("Hardware audit of bee by show --overview")

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

// What bee itself says by the kernel's log is on the consoles still when the kernel's own
// errors (3) are no more.
func TestConsoleLevel(t *testing.T) {
	text, err := os.ReadFile("../overlay/etc/init.d/bee-consoles")
	if err != nil {
		t.Fatal(err)
	}
	set := regexp.MustCompile(`echo (\d) >/proc/sys/kernel/printk`).FindSubmatch(text)
	if set == nil {
		t.Fatal("bee-consoles leaves the kernel's level as it is")
	}
	const errors = 3
	if shown, _ := strconv.Atoi(string(set[1])); kmsg.Level >= shown || errors < shown {
		t.Errorf("with printk %d, consoles show what is below it: bee's own is %d", shown, kmsg.Level)
	}
}
