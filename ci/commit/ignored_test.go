package commit

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestReadmesFiles looks whether git leaves out what README's commands write into the work tree:
// after them, it is still what was committed, and no key is committed by chance.
func TestReadmesFiles(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := filepath.Abs("../../.gitignore")
	if err != nil {
		t.Fatal(err)
	}
	run := repository(t)
	run("cp '" + rules + "' . && git commit --quiet --all --message=rules")
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
		if filepath.Base(name) != "packages.lock" { // which is for a commit
			run("mkdir -p '" + name + "' && touch '" + name + "/file'") // also where name is that of a file
		}
	}
	if _, changes, _ := strings.Cut(run(Script), "\n"); changes != "" {
		t.Errorf("after README's commands, the work tree differs from its commit:\n%s", changes)
	}
}
