package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"bee/core/check"
	"bee/iso/smoke/selftest/checks"
	"bee/iso/smoke/selftest/live"
)

// bare is a system that has nothing, no program either.
func bare(t *testing.T) *live.System {
	return &live.System{
		Root: t.TempDir(),
		Exec: func(live.Command) live.Answer { return live.Answer{Status: live.StatusNotStarted} },
		Free: func(string) uint64 { return 0 },
	}
}

func execute(system *live.System, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := command(system)
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(args)
	err := cmd.Execute()
	return out.String(), err
}

func TestOutput(t *testing.T) {
	for args, skipped := range map[string]string{
		"":                               "SKIP internet: ",
		"--no-network":                   "SKIP network-dhcp-background: ",
		"--no-network --expect-internet": "FAIL internet: ",
	} {
		output, err := execute(bare(t), strings.Fields(args)...)
		all, broken := check.Parse(output, exitFailed)
		if !errors.Is(err, errFailed) || broken != nil || len(all) != len(checks.Names()) {
			t.Errorf("%q: %v, %v: %s", args, err, broken, output)
		}
		if !strings.Contains(output, "\n"+skipped) {
			t.Errorf("%q: no %q in %s", args, skipped, output)
		}
	}
}

func TestUsage(t *testing.T) {
	for _, arg := range []string{"--fast", "motd"} {
		if output, err := execute(bare(t), arg); err == nil || errors.Is(err, errFailed) || !strings.Contains(err.Error(), strings.TrimLeft(arg, "-")) || output != "" {
			t.Errorf("%s: %v, %q", arg, err, output)
		}
	}
}
