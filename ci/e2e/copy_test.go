package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bee/core/clone"
)

// copyRepository copies the work tree, with what is not committed and this
// site's VERSIONS.local, for a test to break.
func copyRepository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	script := `git ls-files -z --cached --others --exclude-standard |
		xargs -0 ls -d 2>/dev/null | tar -c -T - | tar -x -C "$0"
	cp -r .git "$0"
	if [ -f VERSIONS.local ]; then cp VERSIONS.local "$0"; fi`
	cmd := exec.Command("sh", "-ec", script, dir)
	cmd.Dir = repository
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("copying the repository: %v: %s", err, out)
	}
	if err := clone.Mark(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// edit replaces text in a file of a copy. The text has to be there, or the test
// that relies on the change would prove nothing.
func edit(t *testing.T, dir, file, old, new string) {
	t.Helper()
	name := filepath.Join(dir, file)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s does not hold %q", file, old)
	}
	if err := os.WriteFile(name, []byte(strings.Replace(string(text), old, new, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// appendTo adds text to a file of a copy, which need not exist yet.
func appendTo(t *testing.T, dir, file, text string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, file), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}
