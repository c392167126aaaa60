package sums

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func put(t *testing.T, folder, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCheck(t *testing.T) {
	const digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" // of x
	for want, text := range map[string]string{
		"":                        digest + "  a\n",
		"a is not whole: its SHA": strings.Replace(digest, "2", "3", 1) + "  a\n",
		"no such file":            digest + "  b\n",
		"is empty":                "",
		"is not a SHA-256":        digest + "  ../a\n",
	} {
		folder := t.TempDir()
		put(t, folder, "a", "x")
		put(t, folder, File, text)
		if names, err := Check(folder); want == "" && (err != nil || !slices.Equal(names, []string{"a"})) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
