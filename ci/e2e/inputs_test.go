package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bee/core/sums"
)

// noNetwork runs a command where there is no network but the machine's own.
var noNetwork = []string{"unshare", "--net", "sh", "-ec", `ip link set lo up; exec "$@"`, "sh"}

// TestInputs saves all that an ISO is made of, and builds it of that alone, by an engine that has no
// network: the same ISO. The driver is left out: it takes minutes to build twice.
func TestInputs(t *testing.T) {
	dir := committed(t)
	folder := t.TempDir()
	online, saved := filepath.Join(folder, "online.iso"), filepath.Join(folder, "inputs")
	call := func(args ...string) []string {
		return append([]string{"call", "--progress=plain", "--base", "debian", "--nvidia=false"}, args...)
	}
	mustDagger(t, dir, call("build-iso", "export", "--path", online)...)
	mustDagger(t, dir, call("inputs", "export", "--path", saved)...)
	text, err := os.ReadFile(filepath.Join(saved, sums.File))
	if err != nil {
		t.Fatal(err)
	}
	list, err := sums.Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	var deb string // which anything is made of
	var size int64
	for _, s := range list {
		blob := filepath.Join(saved, "sha256", s.Digest)
		if info, err := os.Stat(blob); err != nil {
			t.Error(err)
		} else {
			size += info.Size()
		}
		if strings.Contains(s.Name, "/busybox-static_") {
			deb = blob
		}
	}
	if deb == "" {
		t.Fatalf("no busybox is saved:\n%s", text)
	}
	t.Logf("%d files, %d MB", len(list), size/1e6)

	t.Run("offline", func(t *testing.T) {
		offline := filepath.Join(folder, "offline.iso")
		script, under := `exec dagger "$@"`, []string(nil)
		if localEngine() {
			under, script = noNetwork, `go run ./engine down; lines="$(go run ./engine env)"; eval "$lines"; ! ip route | grep .; exec dagger "$@"`
			defer command(t, dir, nil, "sh", "-c", "go run ./engine down; go run ./engine ensure")
		} else {
			t.Log("the engine is not ours: it keeps its network")
		}
		args := append(under, "bash", "-e", "-o", "pipefail", "-c", script, "bash")
		run := command(t, dir, nil, append(args, call("--inputs", saved, "build-iso", "export", "--path", offline)...)...)
		t.Logf("%.0f s", run.took.Seconds())
		if run.exit != 0 {
			t.Fatalf("exit status %d:\n%s", run.exit, tail(run.progress, 60))
		}
		if a, b := digest(t, online), digest(t, offline); a != b {
			t.Errorf("the ISO is %s, and of what was saved %s", a, b)
		}
	})
	t.Run("of another ISO", func(t *testing.T) {
		refuses(t, dir, "--inputs: alpine is not among them", "call", "--progress=plain", "--base", "alpine", "--nvidia=false", "--inputs", saved, "build-iso", "export", "--path", online+"3")
	})
	t.Run("flipped byte", func(t *testing.T) {
		data, err := os.ReadFile(deb)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/2] ^= 1
		if err := os.WriteFile(deb, data, 0o644); err != nil {
			t.Fatal(err)
		}
		refuses(t, dir, "--inputs: what is saved is not whole", call("--inputs", saved, "build-iso", "export", "--path", online+"2")...)
	})
}
