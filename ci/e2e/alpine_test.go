package e2e

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bee/core/versions"
)

// apkPackage is a package of a repository made for a test.
type apkPackage struct {
	Name, Version string
	Depends       []string          `json:",omitempty"`
	Files         map[string]string `json:",omitempty"`
}

// alpineLists are the lists of packages that the base alpine is made of and with.
var alpineLists = []string{"packages", "kernel", "tools", "compiler"}

// apkRepository makes a signed repository in which every package of the lists is,
// of the same version but for those that are named, and returns its folder and that
// of its public key.
func apkRepository(t *testing.T, other map[string]string) (mirror, keys string) {
	t.Helper()
	packages := map[string]apkPackage{"musl": {Name: "musl", Version: "1-r0"}}
	for _, list := range alpineLists {
		text, err := os.ReadFile(filepath.Join(repository, "iso/alpine", list))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			line, _, _ = strings.Cut(line, "#")
			for _, name := range strings.Fields(line) {
				packages[name] = apkPackage{Name: name, Version: "1-r0", Depends: []string{"musl"}, Files: map[string]string{"usr/share/" + name: name}}
			}
		}
	}
	for name, version := range other {
		p := packages[name]
		p.Version = version
		packages[name] = p
	}
	input, err := json.Marshal(map[string]any{
		"v3.21/main":      slices.Collect(maps.Values(packages)),
		"v3.21/community": []apkPackage{{Name: "unneeded", Version: "1-r0"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.Command("go", "run", "./iso/alpine/apktest/apkrepo", dir)
	cmd.Dir, cmd.Stdin = repository, bytes.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir, filepath.Join(dir, "keys")
}

// alpine is a call of the base alpine in a copy of the repository. The image of
// Alpine may be out of reach where the tests run: what is tested here needs of it only
// its keys, which the repository's own take the place of.
func alpine(t *testing.T, dir, keys string, args ...string) []string {
	t.Helper()
	pins := readPins(t)
	return slices.Concat([]string{"call", "--progress=plain", "-m", filepath.Join(dir, "iso"),
		"--golang", pins.GolangImage, "--debian", pins.DebianImage,
		"alpine", "--image", pins.DebianImage, "--release", "3.21", "--epoch", "1",
		"--aports-commit", strings.Repeat("0", 40), "--apk-keys", keys}, args)
}

// readPins reads what this site pins.
func readPins(t *testing.T) *versions.Versions {
	t.Helper()
	v, err := versions.Load(repository)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestAlpinePackages locks, compares and saves the packages of a repository.
func TestAlpinePackages(t *testing.T) {
	dir := copyRepository(t)
	mirror, keys := apkRepository(t, nil)
	lock := filepath.Join(dir, "iso/alpine/packages.lock")
	mustDagger(t, dir, alpine(t, dir, keys, "--apk-mirror", mirror, "lock", "export", "--path", lock)...)
	text, err := os.ReadFile(lock)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"alpine-base", "linux-lts", "xorriso", "linux-lts-dev", "musl"} {
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` 1-r0 x86_64 [a-z,]+ [0-9a-f]{64} Q1`).Match(text) {
			t.Errorf("the lock has no %s:\n%s", name, text)
		}
	}
	if strings.Contains(string(text), "unneeded") {
		t.Errorf("the lock has a package that nothing needs:\n%s", text)
	}

	saved := filepath.Join(t.TempDir(), "saved")
	t.Run("saved copy", func(t *testing.T) {
		mustDagger(t, dir, alpine(t, dir, keys, "--apk-mirror", mirror, "--strict", "mirror", "export", "--path", saved)...)
		again := filepath.Join(t.TempDir(), "lock")
		mustDagger(t, dir, alpine(t, dir, keys, "--apk-mirror", saved, "--strict", "lock", "export", "--path", again)...)
		if digest(t, again) != digest(t, lock) {
			t.Error("the saved copy has other packages")
		}
		if _, err := os.Stat(filepath.Join(saved, "v3.21/main/x86_64/dropbear-1-r0.apk")); err != nil {
			t.Error(err)
		}
	})
	t.Run("package gone and package new", func(t *testing.T) {
		newer, keys := apkRepository(t, map[string]string{"dropbear": "2-r0"})
		// by default the build goes on
		out := filepath.Join(t.TempDir(), "lock")
		mustDagger(t, dir, alpine(t, dir, keys, "--apk-mirror", newer, "packages", "export", "--path", out)...)
		refuses(t, dir, "dropbear 1-r0 -> 2-r0", alpine(t, dir, keys, "--apk-mirror", newer, "--strict", "packages", "export", "--path", out+"2")...)
	})
	t.Run("another file", func(t *testing.T) {
		edited := copyRepository(t)
		name := filepath.Join(edited, "iso/alpine/packages.lock")
		other := regexp.MustCompile(`(?m)^(dropbear .*) [0-9a-f]{64} `).ReplaceAll(text, []byte("$1 "+strings.Repeat("0", 64)+" "))
		if err := os.WriteFile(name, other, 0o644); err != nil {
			t.Fatal(err)
		}
		refuses(t, edited, "rebuilt dropbear 1-r0 0000", alpine(t, edited, keys, "--apk-mirror", mirror, "--strict", "packages", "export", "--path", saved+"6")...)
	})
	t.Run("flipped byte", func(t *testing.T) {
		name := filepath.Join(mirror, "v3.21/main/x86_64/dropbear-1-r0.apk")
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, good := range []bool{false, true} {
			data[len(data)/2] ^= 1
			if err := os.WriteFile(name, data, 0o644); err != nil {
				t.Fatal(err)
			}
			call := alpine(t, dir, keys, "--apk-mirror", mirror, "mirror", "export", "--path", saved+"2")
			if good { // what failed is forgotten
				mustDagger(t, dir, call...)
			} else {
				refusesInLine(t, dir, `dropbear-1-r0\.apk: .*--apk-mirror FOLDER`, call...)
			}
		}
	})
	t.Run("file gone", func(t *testing.T) {
		newer, keys := apkRepository(t, map[string]string{"dropbear": "3-r0"})
		if err := os.Remove(filepath.Join(newer, "v3.21/main/x86_64/dropbear-3-r0.apk")); err != nil {
			t.Fatal(err)
		}
		for _, function := range []string{"mirror", "headers"} {
			refusesInLine(t, dir, `gone dropbear 3-r0: .*--apk-mirror FOLDER`,
				alpine(t, dir, keys, "--apk-mirror", newer, function, "export", "--path", saved+"5")...)
		}
	})
	t.Run("another key", func(t *testing.T) {
		_, others := apkRepository(t, nil)
		refuses(t, dir, "APKINDEX.tar.gz", alpine(t, dir, others, "--apk-mirror", mirror, "packages", "export", "--path", saved+"3")...)
	})
	t.Run("another release", func(t *testing.T) {
		if err := os.Rename(filepath.Join(mirror, "v3.21"), filepath.Join(mirror, "v3.20")); err != nil {
			t.Fatal(err)
		}
		refuses(t, dir, "it has no folder v3.21", alpine(t, dir, keys, "--apk-mirror", mirror, "packages", "export", "--path", saved+"4")...)
	})
}

// TestAlpineUnreachable: what the base needs from elsewhere and cannot have ends the
// build at once, with a message that names it and what takes its place.
func TestAlpineUnreachable(t *testing.T) {
	mirror, keys := apkRepository(t, nil)
	out := filepath.Join(t.TempDir(), "out")
	t.Run("mirror", func(t *testing.T) {
		call := alpine(t, repository, keys, "--mirror", "http://127.0.0.1:9/alpine", "packages", "export", "--path", out)
		for _, want := range []string{"http://127.0.0.1:9/alpine/v3.21/main", "--apk-mirror FOLDER"} {
			refuses(t, repository, want, call...)
		}
	})
	t.Run("aports", func(t *testing.T) {
		refuses(t, repository, "--aports FOLDER", alpine(t, repository, keys, "--apk-mirror", mirror, "iso", "--own", keys, "--epoch", "1", "export", "--path", out)...)
	})
}
