package versions

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const pins = `# inputs
DAGGER_VERSION=v0.19.7
GO_VERSION=1.26.8

DEBIAN_RELEASE=trixie
DEBIAN_SNAPSHOT=20261105T000000Z
`

func load(t *testing.T, text, local string) (Versions, error) {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{File: text, LocalFile: local} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Load(root)
}

func TestLoad(t *testing.T) {
	v, err := load(t, pins, "GO_VERSION=1.27.1\n")
	if err != nil {
		t.Fatal(err)
	}
	if v.Dagger != "v0.19.7" || v.Go != "1.27.1" || v.Release != "trixie" {
		t.Errorf("got %+v", v)
	}
	if want := time.Date(2026, 11, 5, 0, 0, 0, 0, time.UTC); !v.Snapshot.Equal(want) {
		t.Errorf("snapshot: got %v, want %v", v.Snapshot, want)
	}
}

func TestLoadNamesWhatIsWrong(t *testing.T) {
	for _, test := range []struct{ text, local, want string }{
		{strings.Replace(pins, "GO_VERSION", "GOVERSION", 1), "", "GO_VERSION is missing"},
		{strings.Replace(pins, "20261105T000000Z", "today", 1), "", "DEBIAN_SNAPSHOT=today"},
		{pins + "nonsense\n", "", `line 7: "nonsense"`},
		{pins, "nonsense\n", LocalFile + `: line 1`},
	} {
		if _, err := load(t, test.text, test.local); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want an error with %q", err, test.want)
		}
	}
	if _, err := Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "root of the repository") {
		t.Errorf("without the file: %v", err)
	}
}
