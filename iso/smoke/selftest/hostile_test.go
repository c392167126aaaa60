package main

import (
	"strings"
	"testing"

	"bee/core/hostile"
)

// Whatever a command line holds, what is told of it is printable.
func TestHostileArguments(t *testing.T) {
	for _, text := range hostile.Strings {
		var stderr strings.Builder
		_, err := execute(bare(t), "--"+text)
		status := exitStatus(err, &stderr)
		if found := hostile.Unprintable(stderr.String()); status != exitUsage || found != "" {
			t.Errorf("%.80q: exit status %d, it writes %s", text, status, found)
		}
	}
}
