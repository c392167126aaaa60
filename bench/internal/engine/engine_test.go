package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bee/core/claim"
)

// stubs has only these programs, with the text of a shell script each, and the usual ones
// in PATH.
func stubs(t *testing.T, programs map[string]string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for name, script := range programs {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", folder+":/usr/bin:/bin")
	return folder
}

func TestCall(t *testing.T) {
	hidden := t.TempDir() // dagger is where only the engine's PATH leads
	const dagger = `#!/bin/sh
echo "$PWD $RUNNER $NO_COLOR: $*" >called; [ "$3" != fail ] || { seq 30; echo "$4"; exit 1; } >&2`
	if err := os.WriteFile(filepath.Join(hidden, "dagger"), []byte(dagger), 0o755); err != nil {
		t.Fatal(err)
	}
	stubs(t, map[string]string{"go": `case $* in
'run ./engine ensure') echo fine ;;
'run ./engine env') echo "export PATH='` + hidden + `':\"\$PATH\" _EXPERIMENTAL_DAGGER_RUNNER_HOST=unix://x RUNNER='a b
c'" ;;
*) exit 9 ;;
esac`})
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	uses := claim.UseEngine("unix://x", "/clone")
	release, err := claim.Take(t.Context(), uses, nil)
	if err != nil {
		t.Fatal(err)
	}
	var waited string
	e, err := Ensure(t.Context(), t.TempDir(), func(other claim.Claim) {
		waited = other.Does
		release()
	})
	if err != nil {
		t.Fatal(err)
	}
	if waited != uses.Does {
		t.Errorf("it waited for %q", waited)
	}
	folder := t.TempDir()
	took, err := e.Call(t.Context(), folder, "build", "export")
	if err != nil || took <= 0 {
		t.Fatal(took, err)
	}
	called, _ := os.ReadFile(filepath.Join(folder, "called"))
	if got, want := string(called), folder+" a b\nc 1: call --progress=plain build export\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	_, err = e.Call(t.Context(), folder, "fail")
	if err == nil || !strings.Contains(err.Error(), "dagger call --progress=plain fail: exit status 1\n16\n") || !strings.HasSuffix(err.Error(), "\n30") {
		t.Errorf("got %v", err)
	}
	_, err = e.Call(t.Context(), folder, "fail", "Error: base \"x\" is not known")
	if err == nil || !strings.HasSuffix(err.Error(), ": exit status 1\nError: base \"x\" is not known") {
		t.Errorf("got %v", err)
	}
}

func TestNoEngine(t *testing.T) {
	stubs(t, map[string]string{"go": `case $3 in env) echo "no root" >&2; exit 1 ;; esac`})
	if _, err := Ensure(t.Context(), t.TempDir(), nil); err == nil || !strings.HasPrefix(err.Error(), "no Dagger engine: ") || !strings.Contains(err.Error(), "no root") {
		t.Errorf("got %v", err)
	}
}
