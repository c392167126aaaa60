package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// mainline is where GitHub's checkout has the branch of what was reviewed.
const mainline = "refs/remotes/origin/main"

// onMain refuses a commit that is not on main: a tag can be put on any commit, and whoever
// may push one has not thereby had it reviewed.
func onMain(ctx context.Context, top string) error {
	git := func(args ...string) (string, error) {
		var said bytes.Buffer
		cmd := exec.CommandContext(ctx, "git", append([]string{"-C", top}, args...)...)
		cmd.Stdout, cmd.Stderr = &said, &said
		err := cmd.Run()
		return strings.TrimSpace(said.String()), err
	}
	commit, err := git("rev-parse", "--verify", "HEAD^{commit}")
	if err != nil {
		return fmt.Errorf("%s: no commit: %s", top, commit)
	}
	// Not rev-parse, which takes a tag of that name, too.
	main, err := git("show-ref", "--verify", "--hash", mainline)
	if err != nil {
		return fmt.Errorf("%s: there is no %s, of which a release has to be: check out with fetch-depth: 0", top, mainline)
	}
	said, err := git("merge-base", "--is-ancestor", commit, main)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		if shallow, _ := git("rev-parse", "--is-shallow-repository"); shallow == "true" {
			return fmt.Errorf("%s: whether commit %s is on main cannot be told, as the history is cut off: check out with fetch-depth: 0", top, commit)
		}
		return fmt.Errorf("commit %s is not on main, and a release is: merge it, and put the tag on the commit that main has then", commit)
	}
	if err != nil {
		return fmt.Errorf("git merge-base in %s: %w: %s", top, err, said)
	}
	return nil
}
