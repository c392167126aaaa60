package main

import (
	"path/filepath"
	"testing"

	"bee/core/hostile"
)

// Whatever a command line or a layer holds, what is told of it is printable.
func TestHostile(t *testing.T) {
	hostile.Refused(t, command, exitStatus, func(text string) [][]string {
		return [][]string{
			{"--" + text},
			{filepath.Join(t.TempDir(), text), "--driver", text, "--origin", text, "--kernel", text, "--symvers", text, "--output", filepath.Join(t.TempDir(), "out")},
		}
	})
}
