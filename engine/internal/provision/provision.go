// Package provision finds out whether Dagger can get its engine by itself: it
// runs the engine's image with a container runtime that works.
package provision

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"time"

	"bee/engine/internal/progress"
)

// Programs that Dagger drives to run its engine, in its own order.
var runtimes = []string{"docker", "podman", "finch", "nerdctl"}

const (
	answerLimit = 10 * time.Second
	pullLimit   = 5 * time.Minute
)

// Image is the engine's image that Dagger of a version runs.
func Image(version string) string { return "registry.dagger.io/engine:" + version }

// Runtime returns the container runtime that has the engine's image of the
// version, pulled now if need be, or "" when there is none. Dagger takes the
// first runtime whose daemon answers and looks no further, and so does this.
// What the runtime says goes to log.
func Runtime(ctx context.Context, version string, log io.Writer) string {
	run := func(limit time.Duration, program string, args ...string) error {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Stdout, cmd.Stderr = log, log
		// A child may hold the output open after the program was killed.
		cmd.WaitDelay = time.Second
		return cmd.Run()
	}
	for _, program := range runtimes {
		if _, err := exec.LookPath(program); err != nil {
			continue
		}
		if run(answerLimit, program, "version") != nil {
			continue
		}
		image := Image(version)
		if run(answerLimit, program, "image", "inspect", image) == nil {
			return program
		}
		done := progress.Step("%s: pulling %s", program, image)
		if err := run(pullLimit, program, "pull", image); err != nil {
			fmt.Fprintf(log, "%s pull %s: %v\n", program, image, err)
			progress.Printf("%s answers, but cannot pull %s", program, image)
			return ""
		}
		done()
		return program
	}
	return ""
}
