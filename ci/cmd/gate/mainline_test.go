package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bee/gate/internal/module"
)

// gitIn runs git in a folder, with nothing of the user's settings.
func gitIn(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=test", "-c", "user.email=test@localhost"}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %q: %v: %s", args, err, out)
	}
}

// onMainOf makes a folder a work tree whose commit is on main.
func onMainOf(t *testing.T, dir string) {
	t.Helper()
	gitIn(t, dir, "init", "--quiet", "--initial-branch=main")
	gitIn(t, dir, "commit", "--quiet", "--allow-empty", "--message=first")
	gitIn(t, dir, "update-ref", mainline, "HEAD")
}

func TestOnMain(t *testing.T) {
	says := func(dir string) string {
		t.Helper()
		if err := onMain(t.Context(), dir); err != nil {
			return err.Error()
		}
		return ""
	}
	dir := t.TempDir()
	contains(t, "no repository", says(dir), dir+": no commit: ")
	onMainOf(t, dir)
	equal(t, "its newest", says(dir), "")
	gitIn(t, dir, "commit", "--quiet", "--allow-empty", "--message=second")
	gitIn(t, dir, "update-ref", mainline, "HEAD")
	gitIn(t, dir, "checkout", "--quiet", "--detach", "HEAD~1")
	equal(t, "an older one", says(dir), "")

	// somebody's own, be it on a branch of that name here
	gitIn(t, dir, "commit", "--quiet", "--allow-empty", "--message=theirs")
	gitIn(t, dir, "branch", "--force", "main", "HEAD")
	gitIn(t, dir, "tag", "v1.0.0")
	contains(t, "another", says(dir), "is not on main, and a release is: merge it")
	gitIn(t, dir, "tag", mainline)
	contains(t, "a tag with main's name", says(dir), "is not on main, and a release is: merge it")
	untracked := filepath.Join(t.TempDir(), "untracked")
	gitIn(t, dir, "clone", "--quiet", "--branch=v1.0.0", "file://"+dir, untracked)
	gitIn(t, untracked, "update-ref", "-d", mainline)
	gitIn(t, untracked, "tag", "--force", mainline)
	contains(t, "a tag in place of main", says(untracked), "there is no "+mainline)

	shallow := filepath.Join(t.TempDir(), "shallow")
	gitIn(t, dir, "clone", "--quiet", "--depth=1", "--branch=v1.0.0", "file://"+dir, shallow)
	contains(t, "no main", says(shallow), "there is no "+mainline)
	gitIn(t, dir, "update-ref", "refs/heads/published", mainline)
	gitIn(t, shallow, "fetch", "--quiet", "--depth=1", "origin", "published:"+mainline)
	contains(t, "no history", says(shallow), "cannot be told")
	contains(t, "no history", says(shallow), "fetch-depth: 0")
}

// In GitHub Actions nothing is built of a commit that is not on main; elsewhere, whoever
// releases decides.
func TestReleaseIsOfMain(t *testing.T) {
	top, env := repository(t)
	onMainOf(t, top)
	gitIn(t, top, "commit", "--quiet", "--allow-empty", "--message=theirs")
	s := &standIn{t: t, do: func(_ module.Call, to string) (string, error) {
		dist(t, to, "new")
		return "", smokeReport(t, module.Call{Arguments: module.Arguments{"machine": "bios"}}, filepath.Join(to, "smoke", machine512))
	}}
	args := []string{"release", "--version", "v1.0.0", "--machine", machine512}
	o := run(t, s, true, env, append(args, "--output", filepath.Join(t.TempDir(), "out"))...)
	if o.status != exitInput || len(s.calls) > 0 || !strings.Contains(o.text, "is not on main") {
		t.Errorf("status %d, calls %q:\n%s", o.status, s.calls, o.text)
	}
	if o = run(t, s, false, env, append(args, "--output", filepath.Join(t.TempDir(), "out"))...); o.status != 0 {
		t.Errorf("by hand: status %d:\n%s%s", o.status, o.text, o.stderr)
	}
}
