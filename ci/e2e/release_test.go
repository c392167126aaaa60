package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// committed is a copy of the repository with nothing left to commit.
func committed(t *testing.T) string {
	t.Helper()
	dir := copyRepository(t)
	commit(t, dir)
	return dir
}

func commit(t *testing.T, dir string) {
	t.Helper()
	git(t, dir, "add", "--all")
	git(t, dir, "commit", "--quiet", "--allow-empty", "--message", "for a test")
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=e2e", "-c", "user.email=e2e@localhost"}, args...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// TestReleaseRefuses asks for releases that must not be: nothing is written. The driver
// is left out: it takes minutes to build twice.
func TestReleaseRefuses(t *testing.T) {
	tests := map[string]struct {
		version string
		change  func(t *testing.T, dir string)
		want    []string
	}{
		"no version": {"1.2", func(*testing.T, string) {}, []string{`version "1.2" has to look like v1.2.3`}},
		"dirty tree": {"v1.2.0", func(t *testing.T, dir string) {
			appendTo(t, dir, "README.md", "changed\n")
		}, []string{"commit the changes that git status shows"}},
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
			dir := committed(t)
			test.change(t, dir)
			out := filepath.Join(t.TempDir(), "out")
			_, stderr, ok := dagger(t, dir, "call", "--progress=plain", "--base", "debian", "--nvidia=false", "release",
				"--version", test.version, "--coverage", "each", "--releases", releases, "export", "--path", out)
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
			call := []string{"call", "--progress=plain", "-m", "iso", "--golang-image", pins.GolangImage,
				"--debian-image", pins.DebianImage, "verdict", "--reports", reports}
			if test.want == "" {
				mustDagger(t, repository, call...)
			} else {
				refuses(t, repository, test.want, call...)
			}
		})
	}
}
