package commit

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// repository is one with a commit, in which commands are run by sh.
func repository(t *testing.T) (run func(script string) string) {
	dir, home := t.TempDir(), t.TempDir()
	run = func(script string) string {
		t.Helper()
		cmd := exec.Command("sh", "-ec", script)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HOME="+home, "GIT_CONFIG_SYSTEM=/dev/null", "XDG_CONFIG_HOME="+home,
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@localhost", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@localhost",
			"GIT_COMMITTER_DATE=2026-11-05T00:00:00Z", "GIT_AUTHOR_DATE=2026-11-06T00:00:00Z")
		var said strings.Builder
		cmd.Stderr = &said
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v: %s", script, err, said.String())
		}
		return string(out)
	}
	run(`git init --quiet
		mkdir -p overlay/etc vendor
		printf '/vendor/*\n' >.gitignore
		echo 1 >overlay/etc/issue
		echo 2 >overlay/etc/motd
		ln -s issue overlay/etc/issue.net
		git add .
		git commit --quiet --message=first`)
	return run
}

// What makes a work tree another than its commit is seen, whatever git was told not to see.
func TestDirty(t *testing.T) {
	for name, test := range map[string]struct {
		script string
		dirty  bool
	}{
		"nothing":                   {``, false},
		"touched":                   {`touch overlay/etc/issue`, false},
		"staged":                    {`git add --renormalize .`, false},
		"ignored by the commit":     {`echo x >vendor/storcli64`, false},
		"no index":                  {`rm .git/index`, false},
		"a change":                  {`echo x >overlay/etc/issue`, true},
		"a staged change":           {`echo x >overlay/etc/issue; git add .`, true},
		"a new file":                {`echo x >overlay/etc/new`, true},
		"a file that is gone":       {`rm overlay/etc/motd`, true},
		"another mode":              {`chmod 755 overlay/etc/motd`, true},
		"another link":              {`ln -sf motd overlay/etc/issue.net`, true},
		"mode that does not count":  {`git config core.fileMode false; chmod 755 overlay/etc/motd`, true},
		"new files do not count":    {`git config status.showUntrackedFiles no; echo x >overlay/etc/new`, true},
		"excluded here":             {`echo new >>.git/info/exclude; echo x >overlay/etc/new`, true},
		"excluded by the user":      {`git config core.excludesFile "$HOME/ignore"; echo new >"$HOME/ignore"; echo x >overlay/etc/new`, true},
		"excluded by itself":        {`echo '*' >overlay/.gitignore; echo x >overlay/etc/new`, true},
		"assumed to be the same":    {`git update-index --assume-unchanged overlay/etc/issue; echo x >overlay/etc/issue`, true},
		"not in the work tree":      {`git update-index --skip-worktree overlay/etc/issue; echo x >overlay/etc/issue`, true},
		"ends of lines by settings": {`git config core.autocrlf true; printf '1\r\n' >overlay/etc/issue`, true},
		"a filter":                  {`git config filter.one.clean 'echo 1'; echo '* filter=one' >.git/info/attributes; echo x >overlay/etc/issue`, true},
		"sparse":                    {`git config core.sparseCheckout true; echo /overlay/etc/issue >.git/info/sparse-checkout; rm overlay/etc/motd`, true},
	} {
		t.Run(name, func(t *testing.T) {
			run := repository(t)
			run(test.script)
			text := run(Script)
			got, err := Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.TrimSuffix(run(`git rev-parse HEAD`), "\n")
			if test.dirty {
				want += "-dirty"
			}
			if got.Name != want || !got.Date.Equal(time.Date(2026, 11, 5, 0, 0, 0, 0, time.UTC)) {
				t.Errorf("got %+v, want %s:\n%s", got, want, text)
			}
		})
	}
}

func TestParse(t *testing.T) {
	for _, text := range []string{"", "abc", "abc \n", "abc x\n"} {
		if got, err := Parse(text); err == nil {
			t.Errorf("%q: got %+v", text, got)
		}
	}
}
