package provision

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var (
	digest = "sha256:" + strings.Repeat("ab", 32)
	tagged = "registry.example:5000/engine:v0.19.7"
	pinned = tagged + "@" + digest
	named  = "registry.example:5000/engine@" + digest
)

// docker stands in for the program: it has an image once that is pulled, writes down what
// it is asked, and tells one digest of it.
const docker = `#!/bin/sh
here=$(dirname "$0")
echo "$*" >>"$here/asked"
case "$1 $2" in
"version ") exit 0 ;;
"image inspect")
	[ -e "$here/pulled" ] || exit 1
	[ "$3" != --format ] || cat "$here/digests" ;;
pull*) [ -e "$here/registry" ] && touch "$here/pulled" ;;
esac
`

func TestRuntime(t *testing.T) {
	for name, c := range map[string]struct {
		image, digests   string
		registry, pulled bool
		runtime, got     string
		asked            []string // what must be among it
		never            string
	}{
		"pinned, to be pulled":  {pinned, "", true, false, "docker", pinned, []string{"pull " + named}, "pull " + tagged},
		"pinned, there":         {pinned, "", false, true, "docker", pinned, []string{"image inspect " + named}, "pull"},
		"pinned, not to be had": {pinned, "", false, false, "", "", []string{"pull " + named}, tagged},
		"a tag, to be pulled":   {tagged, "other@sha256:00\n" + named + "\n", true, false, "docker", pinned, []string{"pull " + tagged}, ""},
		"a tag, there":          {tagged, named + "\n", false, true, "docker", pinned, nil, "pull"},
		"a tag without digest":  {tagged, "", false, true, "docker", tagged, nil, "pull"},
		"a digest of no kind":   {tagged, "registry.example:5000/engine@sha256:$(id)\n", false, true, "docker", tagged, nil, "pull"},
	} {
		t.Run(name, func(t *testing.T) {
			bin := t.TempDir()
			for file, text := range map[string]string{"docker": docker, "digests": c.digests} {
				if err := os.WriteFile(filepath.Join(bin, file), []byte(text), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			for file, there := range map[string]bool{"registry": c.registry, "pulled": c.pulled} {
				if there {
					if err := os.WriteFile(filepath.Join(bin, file), nil, 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			t.Setenv("PATH", bin+":/usr/bin:/bin")
			var log strings.Builder
			runtime, image := Runtime(t.Context(), c.image, &log)
			if runtime != c.runtime || image != c.got {
				t.Errorf("got %q, %q; want %q, %q\n%s", runtime, image, c.runtime, c.got, &log)
			}
			asked, err := os.ReadFile(filepath.Join(bin, "asked"))
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.asked {
				if !strings.Contains(string(asked), want+"\n") {
					t.Errorf("docker was not asked %q, but\n%s", want, asked)
				}
			}
			if c.never != "" && strings.Contains(string(asked), c.never) {
				t.Errorf("docker was asked %q:\n%s", c.never, asked)
			}
		})
	}
}

func TestHost(t *testing.T) {
	if got := Host(pinned); got != "image://"+named || !IsHost(got, tagged) || !IsHost(got, strings.ReplaceAll(pinned, "ab", "cd")) {
		t.Errorf("Host is %q", got)
	}
	if got := Host(tagged); got != "" {
		t.Errorf("a tag alone is %q", got)
	}
	for _, other := range []string{"", "image://" + tagged, "image://other@" + digest, "docker-container://" + named, "unix:///x"} {
		if IsHost(other, pinned) {
			t.Errorf("%q is taken for one of Host", other)
		}
	}
}
