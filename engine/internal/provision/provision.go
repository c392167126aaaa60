// Package provision finds out whether Dagger can get its engine by itself: it
// runs the engine's image with a container runtime that works.
package provision

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"bee/engine/internal/progress"
)

// Programs that Dagger drives to run its engine, in its own order.
var runtimes = []string{"docker", "podman", "finch", "nerdctl"}

const (
	answerLimit = 10 * time.Second
	pullLimit   = 5 * time.Minute
)

// scheme is Dagger's, for an image that whichever runtime there is has to run.
const scheme = "image://"

// split takes a reference NAME:TAG@DIGEST apart. Without a digest, that is empty.
func split(image string) (name, digest string) {
	name, digest, _ = strings.Cut(image, "@")
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		name = name[:colon]
	}
	return name, digest
}

// byDigest is the reference that all runtimes take: not all do one with tag and digest.
func byDigest(image string) string {
	name, digest := split(image)
	if digest == "" {
		return image
	}
	return name + "@" + digest
}

// Host is where Dagger finds its engine that is of an image NAME:TAG@DIGEST: "" where the
// digest is not known, and Dagger takes the tag by itself.
func Host(image string) string {
	if _, digest := split(image); digest == "" {
		return ""
	}
	return scheme + byDigest(image)
}

// IsHost tells whether host is one of Host, for an image of the same name.
func IsHost(host, image string) bool {
	name, _ := split(image)
	return strings.HasPrefix(host, scheme+name+"@")
}

// Runtime returns the container runtime that has the engine's image, pulled now
// if need be, or "" when there is none. Dagger takes the first runtime whose
// daemon answers and looks no further, and so does this. What the runtime says
// goes to log.
//
// It also returns the image, with the digest that the runtime has of it where
// none was given.
func Runtime(ctx context.Context, image string, log io.Writer) (runtime, pinned string) {
	run := func(limit time.Duration, output io.Writer, program string, args ...string) error {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Stdout, cmd.Stderr = output, log
		// A child may hold the output open after the program was killed.
		cmd.WaitDelay = time.Second
		return cmd.Run()
	}
	reference := byDigest(image)
	for _, program := range runtimes {
		if _, err := exec.LookPath(program); err != nil {
			continue
		}
		if run(answerLimit, log, program, "version") != nil {
			continue
		}
		if run(answerLimit, log, program, "image", "inspect", reference) != nil {
			done := progress.Step("%s: pulling %s", program, reference)
			if err := run(pullLimit, log, program, "pull", reference); err != nil {
				fmt.Fprintf(log, "%s pull %s: %v\n", program, reference, err)
				progress.Printf("%s answers, but cannot pull %s", program, reference)
				return "", ""
			}
			done()
		}
		if reference != image {
			return program, image
		}
		var digests strings.Builder
		if err := run(answerLimit, &digests, program, "image", "inspect", "--format", `{{join .RepoDigests "\n"}}`, image); err != nil {
			fmt.Fprintf(log, "%s image inspect %s: %v\n", program, image, err)
		}
		return program, withDigest(image, digests.String())
	}
	return "", ""
}

var digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// withDigest is an image NAME:TAG with its digest among those, one a line, that a
// runtime knows: as it was where there is none.
func withDigest(image, digests string) string {
	name, _ := split(image)
	for line := range strings.Lines(digests) {
		if of, digest, _ := strings.Cut(strings.TrimSpace(line), "@"); of == name && digestForm.MatchString(digest) {
			return image + "@" + digest
		}
	}
	return image
}
