package main

import (
	"testing"

	"bee/core/hostile"
)

// Whatever a command line and the files of a repository hold, what is told of it is printable.
func TestHostile(t *testing.T) {
	repository(t)
	for _, text := range hostile.Strings {
		put(t, historyFile, text)
		for _, args := range [][]string{{"--" + text}, {"--only", text}, {}} {
			stdout, stderr, status := execute(args...)
			if found := hostile.Unprintable(stdout + stderr); status != exitInput || stderr == "" || found != "" {
				t.Errorf("%.80q: exit status %d, it writes %s", text, status, found)
			}
		}
	}
}
