package override

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var lines = []Line{
	{"DEBIAN_IMAGE", "registry/debian@sha256:1", "no registry"},
	{"BASE", "debian", "no Alpine"},
}

func edit(t *testing.T, text string, lines []Line) string {
	t.Helper()
	edited, err := Edit(text, lines)
	if err != nil {
		t.Fatal(err)
	}
	return edited
}

func TestEditKeepsUsersLines(t *testing.T) {
	user := "# mine\nGO_VERSION=1.27.0"
	with := edit(t, user, lines)
	if !strings.HasPrefix(with, user+"\n") {
		t.Errorf("the user's lines changed:\n%s", with)
	}
	if !strings.Contains(with, "# no registry\nDEBIAN_IMAGE=registry/debian@sha256:1\n") {
		t.Errorf("a line or its reason is missing:\n%s", with)
	}
	if got := edit(t, with+"AFTER=1\n", nil); got != user+"\nAFTER=1\n" {
		t.Errorf("without the block: %q", got)
	}
}

func TestEditTwiceIsEditOnce(t *testing.T) {
	once := edit(t, "A=1\n", lines)
	if twice := edit(t, once, lines); twice != once {
		t.Errorf("got:\n%s\nwant:\n%s", twice, once)
	}
}

func TestEditKnowsTheBlockByLines(t *testing.T) {
	dos := strings.ReplaceAll(edit(t, "A=1\n", lines), "\n", "\r\n")
	if got := edit(t, dos, nil); got != "A=1\r\n" {
		t.Errorf("with other line ends: %q", got)
	}
	if quoted := "# " + begin + "\n"; edit(t, quoted, nil) != quoted {
		t.Error("a line that only names the block is taken for it")
	}
}

func TestEditLeavesOutWhatTheUserSets(t *testing.T) {
	got := edit(t, "BASE=alpine\n", lines)
	if strings.Contains(got, "BASE=debian") || !strings.Contains(got, "DEBIAN_IMAGE=") {
		t.Errorf("got:\n%s", got)
	}
}

func TestEditRefusesHalfABlock(t *testing.T) {
	if _, err := Edit(begin+"\nDEBIAN_IMAGE=x\n", lines); err == nil {
		t.Error("no error")
	}
}

func TestWriteAndHolds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "VERSIONS.local")
	check := func(want bool) {
		t.Helper()
		if held, err := Holds(path, lines); err != nil || held != want {
			t.Errorf("Holds: %v, %v; want %v", held, err, want)
		}
	}
	check(false)
	if changed, err := Write(path, lines); err != nil || !changed {
		t.Fatalf("Write: %v, %v", changed, err)
	}
	check(true)
	if changed, err := Write(path, lines); err != nil || changed {
		t.Errorf("the second Write: %v, %v; want no change", changed, err)
	}
	if _, err := Write(path, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("a file with nothing in it stays: %v", err)
	}
	// What the user sets is held, whatever it is.
	if err := os.WriteFile(path, []byte("BASE=alpine\nDEBIAN_IMAGE=mine\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	check(true)
	// But not where the block still sets it, too: build functions take each key once.
	if err := os.WriteFile(path, []byte(edit(t, "", lines)+"BASE=alpine\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	check(false)
}

func TestOwnKeepsLineNumbers(t *testing.T) {
	got, err := Own(edit(t, "A=1\n", lines) + "B=2\n")
	if err != nil || got != "A=1\n"+strings.Repeat("\n", 6)+"B=2\n" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := Own(begin + "\n"); err == nil {
		t.Error("half a block: no error")
	}
}
