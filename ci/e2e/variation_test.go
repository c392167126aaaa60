package e2e

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A variation is a shell script that runs "$@" where something is other than usual that no ISO may
// depend on. $NEW is a folder of its own that is not there yet.
type variation struct {
	script string
	// The engine is started under it, too, where it is one that this repository starts.
	engine bool
	// Nothing but the engine is other than usual.
	engineOnly bool
	// Program without which it cannot be.
	needs string
}

// inClone goes into another clone, with this site's pins and what is committed.
const inClone = `git clone --quiet . "$clone" && cp VERSIONS.local "$clone/" 2>/dev/null || :; cd "$clone"; `

var variations = map[string]variation{
	"time-zone": {script: `TZ=Pacific/Kiritimati exec "$@"`, engine: true},
	"locale":    {script: `LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8 LANGUAGE=tr exec "$@"`, engine: true},
	"umask":     {script: `umask 077; clone=$NEW; ` + inClone + `exec "$@"`, engine: true},
	"host-name": {script: `exec unshare --uts sh -ec 'hostname elsewhere; exec "$@"' sh "$@"`, engine: true, needs: "unshare"},
	"user":      {script: `USER=somebody LOGNAME=somebody exec "$@"`, engine: true},
	"folder":    {script: `clone="$NEW/another folder/with ü"; mkdir -p "$clone"; ` + inClone + `exec "$@"`},
	"order": {script: `mkdir "$NEW"; disorderfs --quiet --shuffle-dirents=yes . "$NEW"; trap 'cd /; fusermount -u "$NEW"' EXIT; cd "$NEW"; "$@"`,
		needs: "disorderfs"},
	"one-core":  {script: `exec taskset --cpu-list 0 "$@"`, engine: true, engineOnly: true, needs: "taskset"},
	"two-cores": {script: `exec taskset --cpu-list 0,1 "$@"`, engine: true, engineOnly: true, needs: "taskset"},
	// an engine that has built nothing yet
	"cold-cache": {script: `export XDG_CACHE_HOME="$NEW" HOME="$NEW"; status=0; "$@" || status=$?; go run ./engine down; chmod -R u+w "$NEW"; exit $status`,
		engine: true, engineOnly: true},
}

// under is the command that runs others under a variation.
func (v variation) under(t *testing.T) []string {
	t.Helper()
	if v.needs != "" {
		if _, err := exec.LookPath(v.needs); err != nil {
			t.Skipf("no %s", v.needs)
		}
	}
	return []string{"env", "NEW=" + filepath.Join(t.TempDir(), "new"), "bash", "-e", "-c", v.script, "bash"}
}

// TestVariations builds an ISO from nothing under each variation, and again as usual: all have the
// same bytes. It takes as many builds, hours on a small machine, and is for those who ask for it by
// BEE_VARIATIONS, which names some, with commas between them, or all. The two that each change has
// are those of testBuilds.
func TestVariations(t *testing.T) {
	asked := os.Getenv("BEE_VARIATIONS")
	if asked == "" {
		t.Skip("BEE_VARIATIONS names none; there are: " + strings.Join(slices.Sorted(maps.Keys(variations)), ", "))
	}
	names := strings.Split(asked, ",")
	if asked == "all" {
		names = slices.Sorted(maps.Keys(variations))
	}
	dir := committed(t)
	const digest = "reproduced: sha256:"
	// what a build comes to that is made anew, which the engine keeps under the name
	build := func(t *testing.T, name string, under []string, engine bool) string {
		script := `eval "$(go run ./engine env)"; exec dagger call --progress=plain --base debian --nvidia=false verify-reproducible --rebuild "$1"`
		if engine {
			script = "go run ./engine down; " + script
		}
		run := command(t, dir, nil, append(under, "bash", "-e", "-o", "pipefail", "-c", script, "bash", name)...)
		t.Logf("%s: %.0f s", name, run.took.Seconds())
		line := strings.TrimSpace(run.output)
		if run.exit != 0 || !strings.HasPrefix(line, digest) {
			t.Fatalf("exit status %d: %s\n%s", run.exit, line, tail(run.progress, 60))
		}
		return line
	}
	usual := build(t, fmt.Sprintf("variation usual %s", filepath.Base(dir)), nil, false)
	t.Log(usual)
	restart := false
	for _, name := range names {
		v, found := variations[name]
		if !found {
			t.Fatalf("BEE_VARIATIONS: there is no variation %q; there are: %s", name, strings.Join(slices.Sorted(maps.Keys(variations)), ", "))
		}
		t.Run(name, func(t *testing.T) {
			under := v.under(t)
			engine := v.engine && localEngine()
			switch {
			case v.engineOnly && !engine:
				t.Skip("the engine is not one that this repository starts: nothing would be other than usual")
			case v.engine && !engine:
				t.Log("the engine is not one that this repository starts: it is as usual, and only what calls it is not")
			}
			restart = restart || engine
			if got := build(t, fmt.Sprintf("variation %s %s", name, filepath.Base(dir)), under, engine); got != usual {
				t.Errorf("%s, and as usual %s", got, usual)
			}
		})
	}
	if restart { // the tests that follow have the usual one
		command(t, dir, nil, "go", "run", "./engine", "down")
		command(t, dir, nil, "go", "run", "./engine", "ensure")
	}
}

// localEngine tells whether the engine is one that this repository starts.
func localEngine() bool {
	return strings.HasPrefix(os.Getenv("_EXPERIMENTAL_DAGGER_RUNNER_HOST"), "unix://")
}
