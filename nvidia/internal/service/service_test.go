package service

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"bee/core/hostile"
)

func TestSupervise(t *testing.T) {
	tests := map[string]struct{ script, err string }{
		"good":   {"exit 0", ""},
		"failed": {"exit 1", "exit status 1"},
		"killed": {"kill -9 $$", "signal: killed"},
		"hangs":  {"exec sleep 60", "no end within 1s: the kernel hangs, see dmesg"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			err := supervise(t.Context(), exec.Command("sh", "-c", test.script), time.Second)
			if err == nil && test.err != "" || err != nil && err.Error() != test.err {
				t.Errorf("error is %v, not %q", err, test.err)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
	t.Run("interrupted", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := supervise(ctx, exec.Command("sleep", "60"), time.Minute); err != context.Canceled {
			t.Error(err)
		}
	})
	if err := supervise(t.Context(), exec.Command("/does/not/exist"), time.Minute); err == nil {
		t.Error("ran what does not exist")
	}
}

// one is a service that does nothing.
var one = Service{Program: "bee-one", Short: "Do one thing", Long: "bee-one does one thing.", Name: "bee-service", Log: "/var/log/bee-service.log"}

func TestCommandLine(t *testing.T) {
	for _, args := range [][]string{{"x"}, {"--force"}} {
		cmd := one.command(new(int))
		cmd.SetArgs(args)
		if err := cmd.Execute(); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
	status := 0
	cmd := one.command(&status)
	var help strings.Builder
	cmd.SetArgs([]string{"--help"})
	cmd.SetOut(&help)
	if err := cmd.Execute(); err != nil || status != 0 || !strings.Contains(help.String(), one.Long) {
		t.Error(err, status, help.String())
	}
}

// What is told of a wrong command line is printable.
func TestHostileArguments(t *testing.T) {
	for _, text := range hostile.Strings {
		var stderr strings.Builder
		cmd := one.command(new(int))
		cmd.SetArgs([]string{"--" + text})
		status := one.wrongUse(cmd.Execute(), &stderr)
		if found := hostile.Unprintable(stderr.String()); status != exitUsage || found != "" {
			t.Errorf("%.80q: exit status %d, it writes %s", text, status, found)
		}
	}
}
