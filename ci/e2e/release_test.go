package e2e

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"bee/core/versions"
)

// committed is a copy of the repository with nothing left to commit.
func committed(t *testing.T) string {
	t.Helper()
	dir := copyRepository(t)
	commit(t, dir)
	return dir
}

// pinned is a committed copy whose VERSIONS has what this site's VERSIONS.local overrides:
// of anything else, no release is made.
func pinned(t *testing.T) string {
	t.Helper()
	dir := copyRepository(t)
	_, local, err := versions.ReadFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	user, block, err := versions.SplitLocal(local)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{block, user} { // whose lines win
		lines, err := versions.Lines(versions.LocalFile, text)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			pin(t, dir, line.Key, line.Value)
		}
	}
	pins, _, err := versions.ReadFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	if keys, err := versions.Overrides(pins, local); err != nil || len(keys) > 0 {
		t.Fatalf("%q are still overridden, %v", keys, err)
	}
	commit(t, dir)
	return dir
}

// pin sets a line of VERSIONS.
func pin(t *testing.T, dir, key, value string) {
	t.Helper()
	file := filepath.Join(dir, versions.File)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(key) + `=.*$`)
	if !line.Match(text) {
		t.Fatalf("%s has no %s", versions.File, key)
	}
	if err := os.WriteFile(file, line.ReplaceAllLiteral(text, []byte(key+"="+value)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// anew is a value of --rebuild that no run of the tests had before.
func anew(of string) string { return of + " " + time.Now().Format(time.RFC3339Nano) }

func commit(t *testing.T, dir string) {
	t.Helper()
	git(t, dir, "add", "--all")
	git(t, dir, "commit", "--quiet", "--allow-empty", "--message", "for a test")
}

func commitOf(t *testing.T, dir string) string {
	t.Helper()
	return strings.TrimSpace(command(t, dir, nil, "git", "rev-parse", "HEAD").output)
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=e2e", "-c", "user.email=e2e@localhost"}, args...)...)
	cmd.Dir = dir
	// copies of the same files are the same commit, and what is built of them is the same
	const date = "2026-01-01T00:00:00Z"
	cmd.Env = append(os.Environ(), "GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// gh stands in for GitHub's program: one release is out, the draft is written down, and a tag
// is asked for where it has to be, in the words that the workflow has.
const gh = `#!/bin/sh
set -eu
case "$1 $2" in
"release list") echo version=v1.1.0 ;;
"release download") mkdir -p "$7" && cp "$GH_MANIFEST" "$7/$5" ;;
"api repos/someone/bee/commits/tags/v1.2.0")
	[ "$4" = 'if .sha == env.COMMIT then .sha else error("the tag was moved") end' ]
	[ "$(git rev-parse 'v1.2.0^{commit}')" = "$COMMIT" ] || { echo "the tag was moved" >&2; exit 1; } ;;
"release create") printf '%s\n' "$@" >"$GH_DRAFT" ;;
*) exit 1 ;;
esac
`

// oneMachine is where releases are tested here. What a plan has is seen by TestISO.
const oneMachine = "bios-cd-1024-virtio-nvme"

// TestRelease does what is done each night and for a tag, with nothing but what a build
// needs, on the base debian: it builds, builds once more from nothing and compares, makes
// a release, and refuses those that must not be. The driver is left out: it takes minutes
// to build twice. TestAlpineISO does it on the base alpine.
func TestRelease(t *testing.T) {
	dir := pinned(t)
	// One build from nothing serves all that compare.
	rebuild := anew("debian")
	environment := map[string]string{
		"GATE_BASE": "debian", "GATE_NVIDIA": "false", "GATE_REBUILD": rebuild, "GATE_STRICT": "false",
	}
	dist := filepath.Join(dir, "dist")
	testBuilds(t, dir, environment, "umask")
	if t.Failed() {
		return
	}
	t.Run("tag", func(t *testing.T) { testTag(t, dir, dist, oneMachine, environment) })
	t.Run("refuses", func(t *testing.T) { testReleaseRefuses(t, rebuild) })
}

// testLocks runs the jobs that look after the lock of the base, where it is fresh and where it is
// not.
func testLocks(t *testing.T, dir string, environment map[string]string, fresh bool) {
	p := newPipeline(t, dir, "locks.yml", "locks", "propose")
	p.values["matrix.base"] = environment["GATE_BASE"]
	maps.Copy(p.env, environment)
	if locks := p.must(t, "locks"); locks.values()["fresh"] != strconv.FormatBool(fresh) {
		t.Errorf("locks:\n%s\n%s", locks.output, tail(locks.progress, 20))
	}
	changes, err := os.ReadFile(filepath.Join(dir, "dist/changes.md"))
	if fresh != os.IsNotExist(err) || err == nil && !strings.HasPrefix(string(changes), "- ") {
		t.Errorf("changes: %q, %v", changes, err)
	}
	testPropose(t, p)
}

// testBuilds builds what is built each night, into dist, once more from nothing and under a variation,
// and compares.
func testBuilds(t *testing.T, dir string, environment map[string]string, vary string) *pipeline {
	p := newPipeline(t, dir, "nightly.yml", "build", "smoke", "verdict", "reproduce", "variations", "support")
	p.values["matrix.base"] = environment["GATE_BASE"]
	maps.Copy(p.env, environment)
	p.must(t, "build")
	planned := p.machines(t)
	if len(planned) < 16 {
		t.Errorf("the plan of pairs has %d machines", len(planned))
	}
	varied := *p
	varied.under = variations[vary].under(t)
	again := varied.must(t, "reproduce")
	if iso := digest(t, filepath.Join(dir, "dist/bee.iso")); !strings.Contains(again.output, iso) && !strings.Contains(again.summary, iso) {
		t.Errorf("with another %s it is another ISO than %s:\n%s\n%s", vary, iso, again.output, again.summary)
	}
	return p
}

// ghLock stands in for GitHub's program where a lock is proposed: each object that is made has
// its name, and what it was made of is written down.
const ghLock = `#!/bin/sh
set -eu
printf '%s\n' "$*" >>"$GH_LOG"
for last; do :; done
case "$1 $2" in
"pr list") [ "$last" = '"found=\(length)"' ] && echo found=0 ;;
"api repos/someone/bee/git/refs" | "pr create") ;;
api\ repos/someone/bee/git/*)
	[ "$last" = '"sha=" + .sha' ] && echo "sha=${2##*/}-1" ;;
*) exit 1 ;;
esac
`

// testPropose opens the pull request for a stale lock: it has one commit, on the one that was
// tested, with the lock in its place.
func testPropose(t *testing.T, p *pipeline) {
	dir := t.TempDir()
	calls := filepath.Join(dir, "calls")
	for name, text := range map[string]string{"gh": ghLock, "packages.lock": "packages\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	propose := &pipeline{dir: dir, steps: p.steps, outputs: map[string]string{}}
	propose.values = map[string]string{
		"github.token": "secret", "github.repository": "someone/bee", "github.run_number": "7", "github.sha": "c0ffee",
		"matrix.base": p.values["matrix.base"],
	}
	base := p.values["matrix.base"]
	propose.env = map[string]string{"PATH": dir + ":" + os.Getenv("PATH"), "GH_LOG": calls}
	propose.must(t, "propose")
	made, err := os.ReadFile(calls)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"git/blobs -F content=@packages.lock -f encoding=utf-8",
		"base_tree=c0ffee -f tree[][path]=iso/" + base + "/packages.lock -f tree[][mode]=100644 -f tree[][type]=blob -f tree[][sha]=blobs-1",
		"tree=trees-1 -f parents[]=c0ffee",
		"ref=refs/heads/packages-lock-" + base + "-7 -f sha=commits-1",
		"pr create --base main --head packages-lock-" + base + "-7 --title The lock of the base " + base + " as it is now --body-file changes.md",
	} {
		if !strings.Contains(string(made), want) {
			t.Errorf("no call has %q:\n%s", want, made)
		}
	}
}

// testAgainst builds a release again, as somebody who has not its maker's key: on the base alpine,
// of which a copy of the packages is given, by another one.
func testAgainst(t *testing.T, dir, release, apkMirror string) {
	call := func(args ...string) []string {
		return append([]string{"call", "--progress=plain"}, append(args, "verify-reproducible", "--against", release)...)
	}
	if apkMirror == "" {
		if said := mustDagger(t, dir, call()...); !strings.Contains(said, "v1.2.0 is what commit "+commitOf(t, dir)+" builds here, to the byte") {
			t.Errorf("built again: %s", said)
		}
		refuses(t, dir, "--gpu-burn: v1.2.0 has no gpu_burn", call("--gpu-burn")...)
		return
	}
	key := filepath.Join(t.TempDir(), "other.rsa")
	if out, err := exec.Command("openssl", "genrsa", "-out", key, "4096").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	said := mustDagger(t, dir, call("--apk-mirror", apkMirror, "--signing-key", "file:"+key)...)
	for _, want := range []string{"but for what takes the private key to make, which was set aside:", "/keys/<key>: public key", "signature of /boot/modloop-"} {
		if !strings.Contains(said, want) {
			t.Errorf("built again by another key, %q is not said:\n%s", want, said)
		}
	}
}

// testTag makes a release of the commit that was built into dist, and tests it on a machine.
func testTag(t *testing.T, dir, dist, machine string, environment map[string]string) {
	git(t, dir, "tag", "v1.2.0")
	// an earlier one, with one package more
	manifest, err := os.ReadFile(filepath.Join(dist, "bee.iso.manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	earlier := strings.Replace(string(manifest), `"packages": [`, `"packages": [
  {"name":"gone","version":"1.0-1","architecture":"amd64"},`, 1)

	bin := t.TempDir()
	draft := filepath.Join(bin, "draft")
	for name, text := range map[string]string{"gh": gh, "manifest": earlier} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	key, public := newAttestationKey(t)
	head := commitOf(t, dir)
	p := newPipeline(t, dir, "release.yml", "release", "draft")
	maps.Copy(p.env, environment)
	maps.Copy(p.env, map[string]string{
		"PATH": bin + ":" + os.Getenv("PATH"), "GH_MANIFEST": filepath.Join(bin, "manifest"), "GH_DRAFT": draft,
		"GATE_MACHINE": machine, "GATE_ATTESTATION_KEY": "file:" + key,
	})
	p.values = map[string]string{
		"github.token": "secret", "github.sha": head, "github.repository": "someone/bee", "github.ref_name": "v1.2.0",
		"contains(github.ref_name, '-')": "false",
	}
	// a tag on a commit that is not on main makes none
	const mainline = "refs/remotes/origin/main"
	git(t, dir, "update-ref", mainline, "HEAD~1")
	if run := p.run(t, "release"); run.exit == 0 || !strings.Contains(run.output, "is not on main") {
		t.Errorf("a tag beside main: exit status %d:\n%s", run.exit, run.output)
	}
	git(t, dir, "update-ref", mainline, "HEAD")
	run := p.must(t, "release")
	out := run.values()["folder"]
	if !filepath.IsAbs(out) {
		out = filepath.Join(dir, out)
	}
	if got, want := digest(t, filepath.Join(out, "bee.iso")), digest(t, filepath.Join(dist, "bee.iso")); got != want {
		t.Errorf("the ISO of the release is %s, that of build %s", got, want)
	}
	testVerify(t, dir, out, public)
	withoutNvidia(t, out)
	r := readReport(t, filepath.Join(out, "smoke", machine))
	r.check(t, "checks-complete")
	if r.passed("modules-kernel") || r.passed("modules-insert") {
		t.Error("modules that are not there PASS")
	}
	notes, err := os.ReadFile(filepath.Join(out, "NOTES.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"v1.2.0", "v1.1.0", "gone", digest(t, filepath.Join(out, "bee.iso")), machine} {
		if !strings.Contains(string(notes), text) {
			t.Errorf("the notes lack %q:\n%s", text, notes)
		}
	}

	// the next job gets the folder under another name
	release := filepath.Join(dir, "release")
	if err := os.Rename(out, release); err != nil {
		t.Fatal(err)
	}
	testAgainst(t, dir, release, environment["GATE_APK_MIRROR"]) // where README downloads it to
	git(t, dir, "tag", "--force", "v1.2.0", "HEAD~1")
	if run := p.run(t, "draft"); run.exit == 0 || !strings.Contains(run.progress, "the tag was moved") {
		t.Errorf("a tag that was moved: exit status %d:\n%s", run.exit, run.progress)
	}
	if _, err := os.Stat(draft); !os.IsNotExist(err) {
		t.Errorf("a tag that was moved has a draft: %v", err)
	}
	git(t, dir, "tag", "--force", "v1.2.0", "HEAD")
	p.must(t, "draft")
	drafted, err := os.ReadFile(draft)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"v1.2.0", "--draft", "release/NOTES.md", "release/bee.iso", "release/bee.iso.manifest.json", "release/bee.iso.spdx.json", "release/bee.iso.cdx.json", "release/bee.intoto.jsonl", "release/SHA256SUMS"} {
		if !strings.Contains(string(drafted), want+"\n") {
			t.Errorf("the draft lacks %s:\n%s", want, drafted)
		}
	}
}

// newAttestationKey makes a key that signs statements, and returns the files with its two halves.
func newAttestationKey(t *testing.T) (private, public string) {
	t.Helper()
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	half := func(kind string, der []byte, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "key.pem")
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	der, err := x509.MarshalPKCS8PrivateKey(priv)
	private = half("PRIVATE KEY", der, err)
	der, err = x509.MarshalPKIXPublicKey(pub)
	return private, half("PUBLIC KEY", der, err)
}

// testVerify checks a release as its readers do: as it was made, as GitHub has it, without folders,
// and with a byte changed.
func testVerify(t *testing.T, dir, release, public string) {
	t.Helper()
	check := func() gateRun {
		return command(t, dir, nil, "go", "run", "./ci/cmd/verify", release, "--key", public)
	}
	made := check()
	if made.exit != 0 || !strings.HasSuffix(made.output, "\nGOOD\n") || !strings.Contains(made.output, "signed by SHA256:") {
		t.Errorf("exit status %d:\n%s%s", made.exit, made.output, made.progress)
	}
	smoke, away := filepath.Join(release, "smoke"), filepath.Join(t.TempDir(), "smoke")
	move := func(from, to string) {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	move(smoke, away)
	if run := check(); run.exit != 0 || !strings.Contains(run.output, "note: the reports of its tests are not here") {
		t.Errorf("without folders: exit status %d:\n%s%s", run.exit, run.output, run.progress)
	}
	move(away, smoke)
	appendTo(t, release, "NOTES.md", "x")
	if run := check(); run.exit == 0 || !strings.Contains(run.output, "\nREFUSED NOTES.md: was changed") {
		t.Errorf("with a byte more: exit status %d:\n%s%s", run.exit, run.output, run.progress)
	}
	notes := filepath.Join(release, "NOTES.md")
	text, err := os.ReadFile(notes)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(notes, text[:len(text)-1], 0o644); err != nil {
		t.Fatal(err)
	}
}

// testReleaseRefuses asks for releases that must not be: nothing is written.
func testReleaseRefuses(t *testing.T, rebuild string) {
	tests := map[string]struct {
		version string
		change  func(t *testing.T, dir string)
		want    []string
	}{
		"no version": {"1.2", func(*testing.T, string) {}, []string{`version "1.2" has to look like v1.2.3`}},
		"dirty tree": {"v1.2.0", func(t *testing.T, dir string) {
			appendTo(t, dir, "README.md", "changed\n")
		}, []string{"commit the changes that git status shows"}},
		"pins of this site": {"v1.2.0", func(t *testing.T, dir string) {
			appendTo(t, dir, versions.LocalFile, "GPU_BURN_ARCHITECTURES=80\n")
		}, []string{"overrides GPU_BURN_ARCHITECTURES", "put these values into VERSIONS and commit it"}},
		"version of another commit": {"v1.2.0", func(t *testing.T, dir string) {
			git(t, dir, "tag", "v1.2.0")
			commit(t, dir)
		}, []string{"the tag v1.2.0 is on commit"}},
		"version that is out": {"v1.0.0", func(*testing.T, string) {}, []string{"v1.0.0 is released already"}},
		// The medium has a file that is another one each time, and its kernel starts
		// a program that is no init.
		"neither reproduces nor boots": {"v1.2.0", func(t *testing.T, dir string) {
			edit(t, dir, "iso/debian/iso.sh", `options="`, `cp /proc/sys/kernel/random/uuid "$iso/live/random"
options="rdinit=/bin/false `)
			commit(t, dir)
		}, []string{"the ISO does not reproduce", "/live/random", "kernel panic"}},
	}
	releases := t.TempDir()
	if err := os.Mkdir(filepath.Join(releases, "v1.0.0"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := pinned(t)
			test.change(t, dir)
			out := filepath.Join(t.TempDir(), "out")
			_, stderr, ok := dagger(t, dir, "call", "--progress=plain", "--base", "debian", "--nvidia=false", "release",
				"--version", test.version, "--machines", oneMachine, "--releases", releases, "--rebuild", rebuild, "export", "--path", out)
			for _, want := range test.want {
				if ok || !strings.Contains(stderr, want) {
					t.Errorf("ok is %v, and the error does not say %q:\n%s", ok, want, tail(stderr, 40))
				}
			}
			if _, err := os.Stat(out); err == nil {
				t.Errorf("%s was written", out)
			}
		})
	}
}

// TestVerdict gives the verdict that releases hang on reports of its own: a FAIL is
// enough, be it of one machine.
func TestVerdict(t *testing.T) {
	pins := readPins(t)
	for name, test := range map[string]struct {
		second string
		want   string
	}{
		"all passed": {`"pass", "checks": [{"name": "motd", "status": "PASS"}], "counts": {"passed": 1}`, ""},
		"one failed": {`"fail", "checks": [{"name": "motd", "status": "FAIL", "detail": "it is empty"}], "counts": {"failed": 1}`,
			"FAIL motd: it is empty"},
		"one broke off": {`"error", "reason": "kernel panic", "checks": [], "counts": {}`, "ERROR kernel panic"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reports := t.TempDir()
			const first = `"pass", "checks": [{"name": "motd", "status": "PASS"}], "counts": {"passed": 1}`
			for machine, verdict := range map[string]string{"first": first, "second": test.second} {
				dir := filepath.Join(reports, machine)
				if err := os.Mkdir(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				text := `{"schema_version": 2, "verdict": ` + verdict + `}`
				if err := os.WriteFile(filepath.Join(dir, "report.json"), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			call := []string{"call", "--progress=plain", "-m", "iso", "--golang", pins.GolangImage,
				"--debian", pins.DebianImage, "verdict", "--reports", reports}
			if test.want == "" {
				mustDagger(t, repository, call...)
			} else {
				refuses(t, repository, test.want, call...)
			}
		})
	}
}
