package audit_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rooms are the folders of this module, each with what it may import besides its
// own packages. Its tests may import every room that stands before it.
var rooms = []struct {
	name    string
	imports []string
}{
	{"report", nil},
	{"tool", []string{"report"}},
	{"collect", []string{"report", "tool"}},
	{"judge", []string{"report"}},
	{"show", []string{"report", "judge/compare", "judge/fleet"}},
	{"burn", []string{"report", "tool", "collect/machine", "show/terminal"}},
	{"cmd", []string{"report", "collect", "judge", "show", "burn"}},
	{"accuracy", []string{"report", "collect", "judge"}},
}

// Each folder is a room, says what it is for, and imports what it may.
func TestRooms(t *testing.T) {
	folders, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var lower []string
	for _, room := range rooms {
		folders = slices.DeleteFunc(folders, func(e fs.DirEntry) bool { return e.Name() == room.name })
		if _, err := os.Stat(filepath.Join(room.name, "README.md")); err != nil {
			t.Error(err)
		}
		for file, imports := range importsOf(t, room.name) {
			for _, i := range imports {
				allowed := append([]string{room.name}, room.imports...)
				if strings.HasSuffix(file, "_test.go") {
					allowed = append(allowed, lower...)
				}
				if !slices.ContainsFunc(allowed, func(a string) bool { return i == a || strings.HasPrefix(i, a+"/") }) {
					t.Errorf("%s imports %s, which %s may not: see rooms", file, i, room.name)
				}
			}
		}
		lower = append(lower, room.name)
	}
	for _, e := range folders {
		// dagger is a module of its own.
		if e.IsDir() && e.Name() != "dagger" && len(importsOf(t, e.Name())) > 0 {
			t.Errorf("%s is no room: put it into one of %v", e.Name(), lower)
		}
	}
}

// importsOf returns, for each Go file below a folder, what it imports of this
// module.
func importsOf(t *testing.T, dir string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	err := filepath.WalkDir(dir, func(file string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(file) != ".go" {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		all[file] = nil
		for _, i := range parsed.Imports {
			name, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			if name, ours := strings.CutPrefix(name, "bee/audit/"); ours {
				all[file] = append(all[file], name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
