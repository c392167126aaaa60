package commit

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// TestReadmesFiles looks whether git leaves out what README's commands write into the work tree:
// after them, it is still what was committed, and no key is committed by chance.
func TestReadmesFiles(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := os.ReadFile("../../.gitignore")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".gitignore"), rules, 0o644); err != nil {
		t.Fatal(err)
	}
	git := func(args ...string) error {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		return cmd.Run()
	}
	if err := git("init", "--quiet"); err != nil {
		t.Fatal(err)
	}
	var written []string
	name := regexp.MustCompile(`(?:export --path|--dir|--output|-keyout|-out) ([\w./-]+)`)
	for _, line := range regexp.MustCompile(`(?m)^ {4,}.*`).FindAll(readme, -1) {
		for _, match := range name.FindAllSubmatch(line, -1) {
			written = append(written, string(match[1]))
		}
	}
	for _, name := range []string{"inputs", "netboot", "release", "module.key", "release.key"} { // or the expression is wrong
		if !slices.Contains(written, name) {
			t.Errorf("README writes no %s", name)
		}
	}
	for _, name := range written {
		if filepath.Base(name) == "packages.lock" { // which is for a commit
			continue
		}
		if git("check-ignore", "--quiet", name+"/file") != nil { // also where name is that of a folder
			t.Errorf("%s is not in .gitignore", name)
		}
	}
}
