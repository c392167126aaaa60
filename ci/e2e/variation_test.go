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
	"time"
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
	// Changes to the pipelines themselves, in a copy, where it takes them: what is built anew is not
	// compared with the usual build, which is of another commit then, but with that of the copy.
	edit func(t *testing.T, dir string)
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
	// an engine that has built nothing yet; the usual one would be in its way
	"cold-cache": {script: `go run ./engine down; unset _EXPERIMENTAL_DAGGER_RUNNER_HOST; export XDG_CACHE_HOME="$NEW" HOME="$NEW"; status=0; "$@" || status=$?; go run ./engine down; chmod -R u+w "$NEW"; exit $status`,
		engine: true, engineOnly: true},
	"clock": {script: `exec "$@"`, edit: moveClock},
}

// moveClock has the steps that are made anew run 400 days from now, those in the root file system
// that is being installed, too, and fail where they do not. The machine's own clock is not a test's
// to set. Times of files stay what they are, for a program whose clock this cannot move (one of
// Go's, or the engine) would not agree on them.
func moveClock(t *testing.T, dir string) {
	const later = 400 * 24 * time.Hour
	check := fmt.Sprintf(`[ "$(date +%%s)" -ge %d ]`, time.Now().Add(later-time.Hour).Unix())
	edit(t, dir, "iso/dagger/main.go", `c.WithEnvVariable("BEE_REBUILD", rebuild)`, fmt.Sprintf(`c.
			With(install("faketime")).
			WithEnvVariable("BEE_REBUILD", rebuild).
			WithEnvVariable("LD_PRELOAD", "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1").
			WithEnvVariable("FAKETIME", "+%.0f").
			WithEnvVariable("DONT_FAKE_MONOTONIC", "1").
			WithEnvVariable("FAKETIME_DISABLE_SHM", "1"). // its files would take numbers that a shell of mmdebstrap's needs
			WithEnvVariable("NO_FAKE_STAT", "1").
			WithExec([]string{"sh", "-ec", %q})`, later.Seconds(), check))
	// by then, what the archive signed is out of date
	edit(t, dir, "iso/debian/rootfs.sh", "mmdebstrap ", `mmdebstrap --aptopt='Acquire::Check-Valid-Until "false"' \
	--setup-hook='[ -z "${FAKETIME-}" ] || install -D "$LD_PRELOAD" "$1$LD_PRELOAD"' `)
	edit(t, dir, "iso/debian/trim.sh", "# What the build leaves behind", fmt.Sprintf(`[ -z "${FAKETIME-}" ] || { chroot "$root" sh -ec '%s'; rm -r "$root${LD_PRELOAD%%/*}"; }
# What the build leaves behind`, check))
	// which makes nothing of the ISO, and takes what the loader says of a library that is not there for OpenRC's
	edit(t, dir, "iso/debian/order.sh", "base=$1", "unset LD_PRELOAD\nbase=$1")
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
	// what a build and one that is made anew, which the engine keeps under the name, both come to
	build := func(t *testing.T, dir, name string, under []string, engine bool) string {
		script := `lines="$(go run ./engine env)"; eval "$lines"; exec dagger call --progress=plain --base debian --nvidia=false verify-reproducible --rebuild "$1"`
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
	usual := build(t, dir, anew("usual"), nil, false)
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
			if v.edit != nil {
				own := copyRepository(t)
				v.edit(t, own)
				commit(t, own)
				t.Log(build(t, own, anew(name), under, engine))
				return
			}
			if got := build(t, dir, anew(name), under, engine); got != usual {
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
