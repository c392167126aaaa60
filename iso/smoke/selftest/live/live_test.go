package live

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// system is one with files.
func system(t testing.TB, files map[string]string) *System {
	t.Helper()
	root := t.TempDir()
	for path, text := range files {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return &System{Root: root}
}

func TestExecute(t *testing.T) {
	sh := func(code string) []string { return []string{"sh", "-c", code} }
	const code = "echo out; echo err >&2; "
	for name, c := range map[string]struct {
		command Command
		want    Answer
	}{
		"good":        {Command{Args: sh(code + "exit 0")}, Answer{"out\nerr\n", 0}},
		"fails":       {Command{Args: sh(code + "exit 3")}, Answer{"out\nerr\n", 3}},
		"quiet":       {Command{Args: sh(code + "exit 3"), Quiet: true}, Answer{"out\n", 3}},
		"killed":      {Command{Args: sh(code + "kill -9 $$")}, Answer{"out\nerr\nkilled", 137}},
		"hangs":       {Command{Args: sh(code + "exec sleep 60"), Limit: 300 * time.Millisecond}, Answer{"out\nerr\nsh: no end within 300ms\n", StatusTimeout}},
		"ends itself": {Command{Args: sh("trap 'echo end; exit 0' TERM; while :; do sleep 0.1; done"), Limit: 300 * time.Millisecond}, Answer{"end\nsh: no end within 300ms\n", StatusTimeout}},
		"not there":   {Command{Args: []string{"/no/program"}}, Answer{"fork/exec /no/program: no such file or directory", StatusNotStarted}},
		"no input":    {Command{Args: sh("cat; echo end")}, Answer{"end\n", 0}},
		"no program":  {Command{Args: []string{"/etc"}, Quiet: true}, Answer{"", StatusNotStarted}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.command.Limit == 0 {
				c.command.Limit = time.Minute
			}
			if got := execute(c.command); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestFree(t *testing.T) {
	if got := free(t.TempDir()); got == 0 {
		t.Error("nothing is free")
	}
	if got := free("/no/folder"); got != 0 {
		t.Errorf("%d bytes are free where there is nothing", got)
	}
}

func TestFiles(t *testing.T) {
	s := system(t, map[string]string{"/a/1": " one\n", "/a/2": "", "/b/1": ""})
	for link, target := range map[string]string{"/a/3": "2", "/a/4": "5"} {
		if err := os.Symlink(target, s.Path(link)); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.Glob("/a/*"); !slices.Equal(got, []string{"/a/1", "/a/2", "/a/3", "/a/4"}) {
		t.Errorf("glob: %v", got)
	}
	for what, c := range map[string][2]any{
		"word": {s.Word("/a/1"), "one"}, "no word": {s.Word("/a/5"), ""},
		"exists": {s.Exists("/a/3"), true}, "leads nowhere": {s.Exists("/a/4"), false},
		"link": {s.LeadsTo("/a/4"), "5"}, "no link": {s.LeadsTo("/a/1"), ""},
		"real": {s.Real("/a/3"), "/a/2"}, "not real": {s.Real("/a/4"), ""},
		"no info": {s.Info("/a/5"), nil},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: got %q, want %q", what, c[0], c[1])
		}
	}
	if got := Here().Glob("/proc/self/stat*"); !slices.Contains(got, "/proc/self/status") {
		t.Errorf("here: %v", got)
	}
}

func TestRelease(t *testing.T) {
	s := system(t, map[string]string{"/etc/bee-release": "BEE_BASE=\"debian\"\nBEE_NVIDIA=\"\"\n"})
	if got, want := s.Release(), map[string]string{"BEE_BASE": "debian", "BEE_NVIDIA": ""}; !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProcess(t *testing.T) {
	for pid, want := range map[string][]string{
		"7\n": {"sshd", "", "-D"}, "8\n": nil, "9": nil, "": nil, "../7": nil, "-7": nil,
	} {
		s := system(t, map[string]string{"/run/x.pid": pid, "/proc/7/cmdline": "sshd\x00\x00-D\x00", "/proc/9/cmdline": ""})
		if got := s.Process("/run/x.pid"); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", pid, got, want)
		}
	}
}

const table = "  sl  local_address rem_address   st\n   0: 0100007F:0016 00000000:0000 0A\n   1: 0100007F:0050 00000000:0000 01\n   2: 00000000:0044 00000000:0000 07\n"

func TestPorts(t *testing.T) {
	for protocol, want := range map[string]uint16{"tcp": 22, "tcp6": 22, "udp": 68, "udp6": 68, "raw": 68} {
		if got := ports(table, protocol); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v", protocol, got)
		}
	}
	s := system(t, map[string]string{"/proc/net/tcp6": table})
	if !s.Listens(22) || s.Listens(80) || s.Listens(68) {
		t.Error("22 is all that something listens on")
	}
	// this machine listens where it says so
	if Here().Listens(0) {
		t.Error("something listens on port 0")
	}
}

func FuzzPorts(f *testing.F) {
	f.Add(table)
	f.Add("0: :: 0 0A\n0: 0:G 0 0A\n0: 0:10016 0 0A")
	f.Fuzz(func(t *testing.T, text string) {
		if len(ports(text, "tcp")) > strings.Count(text, "0A") || len(ports(text, "udp")) > strings.Count(text, "07") {
			t.Errorf("%q", text)
		}
	})
}

func TestTree(t *testing.T) {
	s := system(t, map[string]string{"/a/1": "x", "/run/b": ""})
	if err := os.Chmod(s.Path("/a/1"), 0o755|os.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/proc", s.Path("/a/2")); err != nil {
		t.Fatal(err)
	}
	files, err := s.Tree()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		got = append(got, f.Path+" "+f.Mode.String())
	}
	if want := []string{"/a drwxr-xr-x", "/a/1 urwxr-xr-x", "/a/2 Lrwxrwxrwx", "/run drwxr-xr-x", "/run/b -rw-r--r--"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	s = system(t, nil)
	if err := os.Mkdir(s.Path("/usr"), 0o755); err != nil {
		t.Fatal(err)
	}
	if files, err := s.Tree(); err == nil || err.Error() != "there are no files" {
		t.Errorf("got %v, %v", files, err)
	}
}

func FuzzAccounts(f *testing.F) {
	f.Add("root:$6$x:1:\nbee::1:\n\nodd\n:\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, a := range accounts(text) {
			if strings.Contains(a.User+a.Password, ":") || strings.Contains(a.User+a.Password, "\n") {
				t.Errorf("%q", a)
			}
		}
	})
}
