package main

import (
	"testing"

	"bee/core/hostile"
)

// Whatever a command line holds, what is told of it is printable.
func TestHostile(t *testing.T) {
	hostile.Refused(t, command, exitStatus, func(text string) [][]string {
		return [][]string{{"--" + text}, {"status", "--" + text}, {"status", text}}
	})
}
