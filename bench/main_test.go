package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bee/bench/internal/history"
	"bee/bench/internal/part"
	"bee/bench/internal/result"
)

// execute runs the program in the working directory.
func execute(args ...string) (stdout, stderr string, status int) {
	var out, errs bytes.Buffer
	cmd := newCommand(part.All())
	cmd.SetOut(&out)
	cmd.SetErr(&errs)
	cmd.SetArgs(args)
	status = exitStatus(cmd.Execute(), &errs)
	return out.String(), errs.String(), status
}

// repository is the working directory from now on: a commit of bee, without what a build
// needs.
func repository(t *testing.T) (commit string) {
	t.Helper()
	t.Chdir(t.TempDir())
	put(t, "bench/README.md", "")
	put(t, ".gitignore", "/dist/\n")
	git(t, "init", "--quiet")
	return committed(t)
}

// committed commits all that there is.
func committed(t *testing.T) (commit string) {
	t.Helper()
	git(t, "add", "--all")
	git(t, "-c", "user.name=a", "-c", "user.email=a@example", "commit", "--quiet", "--allow-empty", "--message", "all")
	return git(t, "rev-parse", "HEAD")
}

func git(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("git", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// built has an ISO of a size, of a commit, in dist.
func built(t *testing.T, commit, size string) {
	t.Helper()
	put(t, manifestFile, `{"schema_version":1,"iso":{"size_bytes":`+size+`},"release":{"BEE_BASE":"debian","BEE_COMMIT":"`+commit+`"},"medium":[],"layers":[]}`)
}

func TestUsage(t *testing.T) {
	repository(t)
	for args, want := range map[string]string{
		"--only wine,iso": `"wine" is no part; they are build, iso, boot, audit`,
		"--only=":         "it names no part",
		"extra":           "extra",
		"--fast":          "fast",
	} {
		_, stderr, status := execute(strings.Split(args, " ")...)
		if status != exitInput || !strings.Contains(stderr, want) {
			t.Errorf("bench %s: exit status %d: %s; want %q", args, status, stderr, want)
		}
	}
	stdout, _, status := execute("--help")
	for _, want := range []string{"  boot   how long", "Exit status:", "ARGS=--record", resultFile, historyFile} {
		if status != 0 || !strings.Contains(stdout, want) {
			t.Errorf("the help lacks %q: exit status %d", want, status)
		}
	}
	put(t, historyFile, "{}\n")
	if _, stderr, status := execute("--only", "iso"); status != exitInput || !strings.Contains(stderr, historyFile+":1: ") {
		t.Errorf("exit status %d: %s", status, stderr)
	}
	t.Chdir(t.TempDir())
	if _, stderr, status := execute("--only", "iso"); status != exitInput || !strings.Contains(stderr, "is not the top of bee's repository") {
		t.Errorf("exit status %d: %s", status, stderr)
	}
}

func TestMissing(t *testing.T) {
	repository(t)
	stdout, stderr, status := execute("--only", "iso")
	if status != exitMissing || !strings.Contains(stdout, "not measured: there is no dist/bee.iso.manifest.json") || !strings.Contains(stderr, "not all was measured: see iso") {
		t.Errorf("exit status %d: %s%s", status, stdout, stderr)
	}
	text, err := os.ReadFile(resultFile)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := result.Parse(text); err != nil || len(r.Missing()) != 1 {
		t.Errorf("%v, %s", err, text)
	}
}

func TestRecord(t *testing.T) {
	commit := repository(t)
	refused := func(want string) {
		t.Helper()
		before, _ := os.ReadFile(historyFile) // the first time, there is none
		_, stderr, status := execute("--only", "iso", "--record")
		if status != exitInput || !strings.Contains(stderr, want) {
			t.Errorf("exit status %d: %s; want %q", status, stderr, want)
		}
		if after, _ := os.ReadFile(historyFile); !bytes.Equal(after, before) {
			t.Errorf("it was recorded: %s", after)
		}
	}
	refused("make build makes it")
	built(t, "0123", "1000")
	refused("is of commit 0123, not of " + commit)
	built(t, commit, "1000")
	put(t, "new", "")
	refused("-dirty is no commit")
	if err := os.Remove("new"); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, status := execute("--only", "iso", "--record")
	if status != 0 || strings.Contains(stdout, "before") {
		t.Fatalf("exit status %d: %s%s", status, stdout, stderr)
	}
	h, err := history.Read(historyFile)
	if err != nil || len(h) != 1 {
		t.Fatal(h, err)
	}
	line, _ := json.Marshal(h[0])
	if name, err := os.Hostname(); err != nil || len(name) > 3 && bytes.Contains(line, []byte(name)) {
		t.Errorf("%v; it names the host: %s", err, line)
	}

	next := committed(t)
	built(t, next, "500")
	stdout, stderr, status = execute("--only", "iso")
	if want := "before 0.00 MB (0.50)\n  before: " + h[0].Version; status != 0 || !strings.Contains(stdout, want) {
		t.Errorf("exit status %d: %s%s; want %q", status, stdout, stderr, want)
	}
	if again, err := history.Read(historyFile); err != nil || len(again) != 1 {
		t.Errorf("recorded without being asked: %v, %v", again, err)
	}
	if _, _, status := execute("--only", "iso", "--record"); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// TestRecordMissing has no engine, and not even VERSIONS.
func TestRecordMissing(t *testing.T) {
	repository(t)
	_, stderr, status := execute("--only", "build", "--record")
	if status != exitMissing || !strings.Contains(stderr, "see build; nothing was recorded") {
		t.Errorf("exit status %d: %s", status, stderr)
	}
	if _, err := os.Stat(historyFile); !os.IsNotExist(err) {
		t.Errorf("%s: %v", historyFile, err)
	}
}
