package checks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bee/core/beerelease"
	"bee/iso/smoke/selftest/live"
)

// links and files of a system, by path. A text that begins with -> is a link, and
// what follows is where it leads to.
type files map[string]string

// with is a copy of the files with others.
func (f files) with(others files) files {
	all := files{}
	for _, some := range []files{f, others} {
		for path, text := range some {
			all[path] = text
		}
	}
	return all
}

// without is a copy of the files without one.
func (f files) without(path string) files {
	all := f.with(nil)
	delete(all, path)
	return all
}

// programs are what programs answer, by their command line or its beginning.
type programs map[string]live.Answer

// system is a live system with files and programs, and 1 GiB free.
func system(t *testing.T, f files, p programs) *live.System {
	t.Helper()
	root := t.TempDir()
	for path, text := range f {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, isLink := strings.CutPrefix(text, "->"); isLink {
			err = os.Symlink(target, path)
		} else {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return &live.System{
		Root: root,
		Exec: func(c live.Command) live.Answer {
			command := strings.ReplaceAll(strings.Join(c.Args, " "), root, "")
			if c.Limit <= 0 || c.Limit >= limit {
				t.Errorf("%s: limit %s", command, c.Limit)
			}
			for beginning, answer := range p {
				if strings.HasPrefix(command, beginning) {
					return answer
				}
			}
			return live.Answer{Output: command + ": not found", Status: 127}
		},
		Free: func(string) uint64 { return 1 << 30 },
	}
}

// line is what a check reports of a system.
func line(s *live.System, look func(*live.System) outcome) string {
	return entry{"check", look}.run(s).String()
}

// release is a bee-release with some values in place of others.
func release(changes ...string) files {
	text := `BEE_VERSION="20261105-0123456789ab"
BEE_COMMIT="0123456789abcdef0123456789abcdef01234567-dirty"
BEE_DATE="2026-11-05T00:00:00Z"
BEE_BASE="debian"
BEE_RELEASE="trixie"
BEE_KERNEL="6.12.117+deb13-amd64"
BEE_AUDIT="20261105-0123456789ab"
BEE_NVIDIA="550.163.01"
BEE_FABRIC_MANAGER=""
BEE_NVLSM=""
BEE_SSH="random"
BEE_VENDOR=""
BEE_OVERRIDES=""
BEE_BUILD_INFO="bee \$5"
`
	return files{beerelease.File: strings.NewReplacer(changes...).Replace(text)}
}

func sample(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
