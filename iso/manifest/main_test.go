package main

import (
	"path/filepath"
	"testing"

	"bee/core/hostile"
)

// Whatever a command line or the name of an ISO holds, what is told of it is printable.
func TestHostile(t *testing.T) {
	hostile.Refused(t, command, exitStatus, func(text string) [][]string {
		return [][]string{{"--" + text}, {filepath.Join(t.TempDir(), text)}, {"--memory", filepath.Join("/dev/null", text), "none.iso"}}
	})
}
