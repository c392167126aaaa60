package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// aptStandIn is one whose archive has these packages, NAME VERSION, each with a SHA-256 of one digit: an
// install takes a library, too.
const aptStandIn = `#!/bin/sh
last=; installs=
for arg; do
	case $arg in install) installs=1 ;; download) installs= ;; esac
	last="$last $arg"
done
set -- ${last##*install}
case $last in *" download "*) set -- ${last##*download} ;; esac
[ -z "$installs" ] || set -- "$@" library
for name; do
	case $name in
	'?essential') ;;
	none) echo "E: Unable to locate package none" >&2; exit 100 ;;
	*) echo "'http://host/debian/pool/$name.deb' ${name}_$VERSION"_all.deb 9 SHA256:$(printf %064d $SUM) ;;
	esac
done
`

// run runs the program, where apt has all packages in a version, with a digit of their digests.
func run(t *testing.T, version, sum string, args ...string) (stdout string, err error) {
	t.Helper()
	bin := t.TempDir()
	for name, text := range map[string]string{"apt-get": aptStandIn, "apt-cache": "#!/bin/sh\necho a; echo b\n"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("VERSION", version)
	t.Setenv("SUM", sum)
	var out bytes.Buffer
	c := command()
	c.SetArgs(args)
	c.SetOut(&out)
	c.SetErr(&out)
	err = c.Execute()
	return out.String(), err
}

func TestLockAndCompare(t *testing.T) {
	folder := t.TempDir()
	list := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	lists := []string{"--install", "base=" + list("base", "a # the first\n"), "--install", "tools=" + list("tools", "b\n"), "--download", "nvidia=" + list("nvidia", "c\n")}
	locked, err := run(t, "1%3a2", "1", append([]string{"lock"}, lists...)...)
	if err != nil {
		t.Fatal(err)
	}
	one := fmt.Sprintf("%064d", 1)
	want := "a 1:2 all base " + one + "\nb 1:2 all tools " + one + "\nc 1:2 all nvidia " + one + "\nlibrary 1:2 all base,tools " + one + "\n"
	if !strings.HasSuffix(locked, "\n"+want) {
		t.Errorf("locked:\n%s", locked)
	}
	compare := append([]string{"compare", "--lock", list("lock", locked)}, lists...)
	if out, err := run(t, "1%3a2", "1", compare...); err != nil || out != "" {
		t.Errorf("the same: %v\n%s", err, out)
	}
	for name, c := range map[string]struct{ version, sum, want string }{
		"newer":        {"1%3a3", "1", "changed a 1:2 -> 1:3\n"},
		"another file": {"1%3a2", "2", "rebuilt a 1:2 " + one + " -> " + fmt.Sprintf("%064d", 2) + "\n"},
	} {
		out, err := run(t, c.version, c.sum, compare...)
		if !errors.Is(err, errDifferent) || !strings.HasPrefix(out, c.want) || exitStatus(err, &bytes.Buffer{}) != exitDifferent {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	fewer := []string{"compare", "--lock", filepath.Join(folder, "lock"), "--install", "base=" + filepath.Join(folder, "base")}
	if out, err := run(t, "1%3a2", "1", fewer...); !errors.Is(err, errDifferent) || out != "unneeded b 1:2\ngone c 1:2\nmoved library 1:2 base,tools -> base\n" {
		t.Errorf("fewer: %v\n%s", err, out)
	}
	if _, err := run(t, "1", "1", "lock", "--install", "base="+list("none", "none\n")); err == nil || !strings.Contains(err.Error(), "/none: apt-get") || !strings.Contains(err.Error(), "Unable to locate package none") {
		t.Errorf("a package that there is not: %v", err)
	}
}
