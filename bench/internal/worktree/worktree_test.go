package worktree

import (
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repository makes one with a commit.
func repository(t *testing.T) string {
	t.Helper()
	top := t.TempDir()
	write(t, top, map[string]string{
		".gitignore":  "/VERSIONS.local\n/.env\n/dist/\n/iso/vendor/*\n",
		"dagger.json": `{"name":"bee","dependencies":[{"name":"iso"}]}`,
		"audit/a.go":  "package a\n",
		"gone":        "",
	})
	if err := os.WriteFile(filepath.Join(top, "script"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("audit/a.go", filepath.Join(top, "link")); err != nil {
		t.Fatal(err)
	}
	run(t, top, "init", "--quiet")
	run(t, top, "add", "--all")
	t.Setenv("GIT_COMMITTER_DATE", "2026-11-05T12:00:00Z")
	run(t, top, "-c", "user.name=a", "-c", "user.email=a@example", "commit", "--quiet", "--message", "all")
	return top
}

func write(t *testing.T, top string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(top, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func run(t *testing.T, folder string, args ...string) string {
	t.Helper()
	out, err := exec.Command("git", append([]string{"-C", folder}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v: %s", args, err, out)
	}
	return string(out)
}

// tree is all in a folder, but for .git: the mode of each file, and its text.
func tree(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(folder, path)
		if name == ".git" {
			return filepath.SkipDir
		}
		if entry.IsDir() {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		files[name] = info.Mode().String() + " " + string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestHead(t *testing.T) {
	top := repository(t)
	head, err := Head(t.Context(), top)
	commit := strings.TrimSpace(run(t, top, "rev-parse", "HEAD"))
	if err != nil || head.Commit != commit || head.Version() != "20261105-"+commit[:12] {
		t.Errorf("%+v, %v", head, err)
	}
	write(t, top, map[string]string{"new": ""})
	if head, err = Head(t.Context(), top); err != nil || head.Version() != "20261105-"+commit[:12]+"-dirty" {
		t.Errorf("%+v, %v", head, err)
	}
	if _, err := Head(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "not a git repository") {
		t.Errorf("got %v", err)
	}
}

// TestCopyClean also copies a work tree that git has beside the first.
func TestCopyClean(t *testing.T) {
	top := repository(t)
	second := filepath.Join(t.TempDir(), "second")
	run(t, top, "worktree", "add", "--quiet", "--detach", second)
	for _, from := range []string{top, second} {
		copied := filepath.Join(t.TempDir(), "copy")
		if err := Copy(t.Context(), from, copied); err != nil {
			t.Fatal(err)
		}
		was, err := Head(t.Context(), from)
		if err != nil {
			t.Fatal(err)
		}
		if is, err := Head(t.Context(), copied); err != nil || is.Commit != was.Commit || !is.Date.Equal(was.Date) {
			t.Errorf("got %+v, want %+v, %v", is, was, err)
		}
		if info, err := os.Stat(filepath.Join(copied, ".git")); err != nil || !info.IsDir() {
			t.Errorf("the copy depends on another one: %v", err)
		}
	}
}

func TestCopyChanged(t *testing.T) {
	top := repository(t)
	write(t, top, map[string]string{
		"audit/a.go":         "package b\n",
		"new/file":           "new",
		"VERSIONS.local":     "BASE=debian\n",
		".env":               "BEE_PASSWORD=env:P\n",
		"dist/bee.iso":       "large",
		"iso/vendor/storcli": "program",
	})
	if err := os.Remove(filepath.Join(top, "gone")); err != nil {
		t.Fatal(err)
	}
	before := tree(t, top)
	copied := filepath.Join(t.TempDir(), "copy")
	if err := Copy(t.Context(), top, copied); err != nil {
		t.Fatal(err)
	}
	if after := tree(t, top); !maps.Equal(after, before) {
		t.Errorf("the original is another one: %q", after)
	}
	got, want := tree(t, copied), maps.Clone(before)
	delete(want, "dist/bee.iso")
	env := got[".env"]
	if !strings.Contains(env, "BEE_PASSWORD=env:P\n") || !strings.Contains(env, "BEE_CLONE='"+copied+"'\n") {
		t.Errorf(".env: %q", env)
	}
	want[".env"] = env
	if !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := run(t, copied, "status", "--porcelain"), run(t, top, "status", "--porcelain"); got != want {
		t.Errorf("status: got %q, want %q", got, want)
	}
}
