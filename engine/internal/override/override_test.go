package override

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bee/core/versions"
)

var lines = []Line{
	{"DEBIAN_IMAGE", "registry/debian@sha256:1", "no registry"},
	{"BASE", "debian", "no Alpine"},
}

func edited(t *testing.T, text string, lines []Line) string {
	t.Helper()
	text, err := Edit(text, Block{Lines: lines})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestEditKeepsUsersLines(t *testing.T) {
	user := "# mine\nGO_VERSION=1.27.0"
	with := edited(t, user, lines)
	if !strings.HasPrefix(with, user+"\n") {
		t.Errorf("the user's lines changed:\n%s", with)
	}
	if !strings.Contains(with, "# no registry\nDEBIAN_IMAGE=registry/debian@sha256:1\n") {
		t.Errorf("a line or its reason is missing:\n%s", with)
	}
	if got := edited(t, with+"AFTER=1\n", nil); got != user+"\nAFTER=1\n" {
		t.Errorf("without the block: %q", got)
	}
}

func TestEditTwiceIsEditOnce(t *testing.T) {
	once := edited(t, "A=1\n", lines)
	if twice := edited(t, once, lines); twice != once {
		t.Errorf("got:\n%s\nwant:\n%s", twice, once)
	}
}

func TestEditKnowsTheBlockByLines(t *testing.T) {
	dos := strings.ReplaceAll(edited(t, "A=1\n", lines), "\n", "\r\n")
	if got := edited(t, dos, nil); got != "A=1\r\n" {
		t.Errorf("with other line ends: %q", got)
	}
	if quoted := "# " + versions.BlockBegin + "\n"; edited(t, quoted, nil) != quoted {
		t.Error("a line that only names the block is taken for it")
	}
}

func TestEditLeavesOutWhatTheUserSets(t *testing.T) {
	got := edited(t, "BASE=alpine\n", lines)
	if strings.Contains(got, "BASE=debian") || !strings.Contains(got, "DEBIAN_IMAGE=") {
		t.Errorf("got:\n%s", got)
	}
}

func TestEditRefusesHalfABlock(t *testing.T) {
	if _, err := Edit(versions.BlockBegin+"\nDEBIAN_IMAGE=x\n", Block{Lines: lines}); err == nil {
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
	write := func(lines []Line, want string) {
		t.Helper()
		if want != "" {
			want = "wrote " + path + ": " + want
		}
		if wrote, err := Write(path, Block{Lines: lines}); err != nil || wrote != want {
			t.Errorf("Write: %q, %v; want %q", wrote, err, want)
		}
	}
	write(lines, "DEBIAN_IMAGE, BASE")
	check(true)
	write(lines, "")
	write(nil, "without the lines of the local engine")
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("a file with nothing in it stays: %v", err)
	}
	// What the user sets is held, whatever it is.
	if err := os.WriteFile(path, []byte("BASE=alpine\nDEBIAN_IMAGE=mine\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	check(true)
	// But not where the block still sets it, too.
	if err := os.WriteFile(path, []byte(edited(t, "", lines)+"BASE=alpine\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	check(false)
	write(lines, "DEBIAN_IMAGE; no longer BASE")
	check(true)
}

// A block says when its site was asked, also where there was nothing to hold, and what goes
// out of it again is said.
func TestAsked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "VERSIONS.local")
	asked := func(want time.Time) {
		t.Helper()
		if got, err := Asked(path); err != nil || !got.Equal(want) {
			t.Errorf("asked %s, %v; want %s", got, err, want)
		}
	}
	write := func(b Block, want string) {
		t.Helper()
		if wrote, err := Write(path, b); err != nil || strings.TrimPrefix(wrote, "wrote "+path+": ") != want {
			t.Errorf("Write: %q, %v; want %q", wrote, err, want)
		}
	}
	asked(time.Time{})
	first := time.Date(2026, 11, 27, 10, 20, 30, 0, time.FixedZone("", 3600))
	write(Block{Lines: lines, Asked: first}, "DEBIAN_IMAGE, BASE")
	asked(first)
	write(Block{Lines: lines, Asked: first.Add(time.Hour)}, "") // a time alone is no news
	asked(first.Add(time.Hour))
	write(Block{Lines: lines[:1], Asked: first}, "DEBIAN_IMAGE; no longer BASE")
	write(Block{Asked: first}, "no longer DEBIAN_IMAGE")
	asked(first)
	write(Block{}, "without the lines of the local engine")
	asked(time.Time{})

	// An older program's block has no time, and a user may have spoilt it.
	for _, comment := range []string{"", "# asked\n", "# asked yesterday what\n"} {
		text := versions.BlockBegin + "\n" + comment + "BASE=debian\n" + versions.BlockEnd + "\n# asked 2026-11-27T10:20:30Z\n"
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		asked(time.Time{})
	}
}
