package clone

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMark(t *testing.T) {
	top := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(top, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("dagger.json", `{"name": "bee", "dependencies": [{"name": "audit", "source": "audit"}, {"name": "gpu-burn"}]}`)
	const why = "# Tells this clone from others of the same commit, for Dagger.\n"
	marks := why + "BEE_CLONE='" + top + "'\nAUDIT_CLONE='" + top + "'\nGPU_BURN_CLONE='" + top + "'\n"
	for old, want := range map[string]string{
		"":    marks,
		marks: marks,
		// of a clone that was moved, with a line of its user's that has no end
		"BEE_BASE=debian\nBEE_CLONE='/elsewhere'\nAUDIT_CLONE=x\nBEE_KVM=true": "BEE_BASE=debian\nBEE_KVM=true\n" + marks,
	} {
		put(File, old)
		if err := Mark(top); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(top, File)); err != nil || string(got) != want {
			t.Errorf("of %q: got %q, %v, want %q", old, got, err, want)
		}
	}
	put("dagger.json", "{}")
	if err := Mark(top); err == nil {
		t.Error("a module without a name is taken")
	}
}
