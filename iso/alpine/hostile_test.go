package main

import (
	"path/filepath"
	"testing"

	"bee/core/hostile"
)

// Whatever a command line, a list or a repository is called, what is told of it is printable.
func TestHostile(t *testing.T) {
	hostile.Refused(t, command, exitStatus, func(text string) [][]string {
		missing := filepath.Join(t.TempDir(), text)
		return [][]string{
			{"--" + text},
			{"lock", "--repository", missing, "--keys", t.TempDir(), missing},
			{"compare", "--lock", missing, "--repository", missing, "--keys", t.TempDir(), missing},
		}
	})
}
