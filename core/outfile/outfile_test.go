package outfile

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func content(w io.Writer) error {
	_, err := io.WriteString(w, "all of it")
	return err
}

func TestFileAppearsWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("the one before"), 0o600); err != nil {
		t.Fatal(err)
	}
	abandoned, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("half-way")
	if err := abandoned.Write(func(w io.Writer) error { return errors.Join(content(w), broken) }); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
	if err := abandoned.Close(); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(path); string(b) != "the one before" {
		t.Errorf("an abandoned file has replaced the one before: %q", b)
	}

	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(path); string(b) != "all of it" {
		t.Errorf("content %q", b)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, not that of the one before", info.Mode())
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("files left behind: %v", left)
	}
}

// A link stays a link, a pipe stays a pipe.
func TestFileOtherThanRegular(t *testing.T) {
	dir := t.TempDir()
	real, link, pipe := filepath.Join(dir, "real"), filepath.Join(dir, "link"), filepath.Join(dir, "pipe")
	if err := os.WriteFile(real, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", link); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o644); err != nil {
		t.Fatal(err)
	}
	piped := make(chan string)
	go func() {
		b, _ := os.ReadFile(pipe)
		piped <- string(b)
	}()
	for _, path := range []string{link, pipe} {
		f, err := Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Write(content); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		_ = f.Close()
	}
	if info, _ := os.Lstat(link); info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link is gone")
	}
	if b, _ := os.ReadFile(real); string(b) != "all of it" {
		t.Errorf("behind the link: %q", b)
	}
	if info, _ := os.Lstat(pipe); info.Mode()&os.ModeNamedPipe == 0 {
		t.Error("the pipe is gone")
	} else if b := <-piped; b != "all of it" {
		t.Errorf("through the pipe: %q", b)
	}
	for _, path := range []string{dir, dir + "/", dir + "/.", dir + "/..", "/", ""} {
		if _, err := Create(path); err == nil || !strings.Contains(err.Error(), "is a folder") {
			t.Errorf("the folder %q: error %v", path, err)
		}
	}
	none := filepath.Join(dir, "no", "such", "folder")
	if _, err := Create(none); err == nil || err.Error() != none+": no such file or directory" {
		t.Errorf("a file in no folder: error %v", err)
	}
}

// stranger is a user that the tests, where they run as root, are not.
const stranger = 65534

// asRoot is a folder in which everybody may write, as /tmp, for tests that need a stranger.
func asRoot(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a file of another user takes root to make")
	}
	dir, err := os.MkdirTemp("/tmp", "bee-outfile-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t *testing.T, path, text string, mode os.FileMode) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func mkdir(t *testing.T, path string, mode os.FileMode) string {
	t.Helper()
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func link(t *testing.T, target, path string, owner int) string {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	if err := os.Lchown(path, owner, owner); err != nil {
		t.Fatal(err)
	}
	return path
}

// is checks what a file holds and its mode.
func is(t *testing.T, path, want string, mode os.FileMode) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Error(err)
		return
	}
	if text, _ := os.ReadFile(path); string(text) != want || info.Mode() != mode {
		t.Errorf("%s is %v and holds %q, want %v and %q", path, info.Mode(), text, mode, want)
	}
}

// A stranger's link is replaced, and what it leads to stays as it was.
func TestStrangersLink(t *testing.T) {
	dir := asRoot(t)
	victim := write(t, filepath.Join(t.TempDir(), "victim"), "secret", 0o600)
	for name, target := range map[string]string{"link": victim, "device": "/dev/null", "dangling": victim + ".new", "output": "/dev/stdout"} {
		path := link(t, target, filepath.Join(dir, name), stranger)
		if err := WriteFile(path, []byte("report")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		is(t, path, "report", 0o644)
	}
	is(t, victim, "secret", 0o600)
	if _, err := os.Lstat(victim + ".new"); err == nil {
		t.Error("a file came to be where a stranger's link led")
	}
}

// On the way to the name, a stranger's link is an error.
func TestStrangersFolder(t *testing.T) {
	dir, own := asRoot(t), t.TempDir()
	victim := write(t, filepath.Join(own, "report"), "secret", 0o600)
	theirs := link(t, own, filepath.Join(dir, "theirs"), stranger)
	if err := WriteFile(filepath.Join(theirs, "report"), nil); err == nil || !strings.Contains(err.Error(), "theirs on the way is a link that somebody else") {
		t.Errorf("a stranger's link on the way: error %v", err)
	}
	// A link of root's in a folder where others may move it leads who knows where.
	open := mkdir(t, filepath.Join(dir, "open"), 0o777)
	moved := link(t, victim, filepath.Join(open, "moved"), 0)
	inner := mkdir(t, filepath.Join(open, "inner"), 0o755)
	below := link(t, victim, filepath.Join(inner, "below"), 0)
	for _, path := range []string{moved, below} {
		if err := WriteFile(path, []byte("report")); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		is(t, path, "report", 0o644)
	}
	// A folder of a stranger's is no danger by itself.
	if err := os.Chown(open, stranger, stranger); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(filepath.Join(open, "new"), []byte("report")); err != nil {
		t.Error(err)
	}
	is(t, filepath.Join(open, "new"), "report", 0o644)
	is(t, victim, "secret", 0o600)
}

// Of a stranger's file, a mode that lets in others is not taken over, and one that does not is.
func TestStrangersFile(t *testing.T) {
	dir := asRoot(t)
	for name, modes := range map[string][2]os.FileMode{"lax": {0o666, 0o644}, "strict": {0o600, 0o600}} {
		path := write(t, filepath.Join(dir, name), "theirs", modes[0])
		if err := os.Chown(path, stranger, stranger); err != nil {
			t.Fatal(err)
		}
		if err := WriteFile(path, []byte("report")); err != nil {
			t.Error(err)
		}
		is(t, path, "report", modes[1])
	}
	// A pipe of a stranger's would hand them the report, or hold it up.
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(pipe, stranger, stranger); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(pipe, []byte("report")); err != nil {
		t.Error(err)
	}
	is(t, pipe, "report", 0o644)
}

// A user's links are followed, and so are root's, also on the way.
func TestOwnLinks(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	mkdir(t, "real", 0o755)
	mkdir(t, "other", 0o755)
	for path, target := range map[string]string{
		"folder": "real", "up": "other/../folder/report", "absolute": filepath.Join(dir, "folder/report"), "again": "absolute", "self": "self",
	} {
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"folder/report", "up", "absolute", "again", "./other//../again"} {
		if err := WriteFile(path, []byte(path)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		is(t, "real/report", path, 0o644)
	}
	if err := WriteFile("self", nil); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("a link to itself: error %v", err)
	}
	if left, _ := os.ReadDir("real"); len(left) != 1 {
		t.Errorf("files left behind: %v", left)
	}
}

func TestMain(m *testing.M) {
	if path := os.Getenv("OUTFILE_TEST_PATH"); path != "" {
		if err := WriteFile(path, []byte("report")); err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// program runs the package in a process of its own.
func program(path string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "OUTFILE_TEST_PATH="+path)
	return cmd
}

// An open file is written to from where it is: what a shell has sent there stays.
func TestOpenFiles(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/proc/thread-self/../../fd/1"} {
		cmd := program(path)
		out, err := os.OpenFile(filepath.Join(dir, "out"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(out, "before, ")
		cmd.Stdout, cmd.Stderr = out, os.Stderr
		err = cmd.Run()
		out.Close()
		if text, _ := os.ReadFile(out.Name()); err != nil || string(text) != "before, report" {
			t.Errorf("%s: %q, error %v", path, text, err)
		}
		var piped bytes.Buffer
		cmd = program(path)
		cmd.Stdout = &piped
		if err := cmd.Run(); err != nil || piped.String() != "report" {
			t.Errorf("%s, a pipe: %q, error %v", path, &piped, err)
		}
	}
	if err := WriteFile("/dev/null", []byte("report")); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat("/dev/null"); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		t.Errorf("/dev/null is %v, %v", info.Mode(), err)
	}
}

// A user that is not root cannot be made to harm their own files, either, and takes root's
// links for what they are.
func TestAsUser(t *testing.T) {
	dir := asRoot(t)
	home := mkdir(t, filepath.Join(dir, "home"), 0o755)
	if err := os.Chown(home, stranger, stranger); err != nil {
		t.Fatal(err)
	}
	as := func(path string) string {
		cmd := program(path)
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: stranger, Gid: stranger}}
		out, err := cmd.CombinedOutput()
		if err != nil && len(out) == 0 {
			t.Fatal(err)
		}
		return string(out)
	}
	private := write(t, filepath.Join(home, "private"), "mine", 0o600)
	if err := os.Chown(private, stranger, stranger); err != nil {
		t.Fatal(err)
	}
	another := link(t, private, filepath.Join(dir, "another"), stranger-1)
	if said := as(another); !strings.HasPrefix(said, another+": ") { // it cannot be replaced
		t.Errorf("another user's link: %q", said)
	}
	is(t, private, "mine", 0o600)
	for _, path := range []string{link(t, private, filepath.Join(dir, "own"), stranger), link(t, private, filepath.Join(dir, "root's"), 0)} {
		write(t, private, "before", 0o600)
		if said := as(path); said != "" {
			t.Errorf("%s: %s", path, said)
		}
		is(t, private, "report", 0o600)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".bee-*")); len(left) != 0 {
		t.Errorf("files left behind: %v", left)
	}
	if info, err := os.Stat(private); err != nil || owner(info) != stranger {
		t.Errorf("%v, error %v", info, err)
	}
}
