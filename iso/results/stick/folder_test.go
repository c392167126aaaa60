package stick

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"bee/core/sums"
	"bee/iso/results/collection"
)

const started = `{"started_at": "2026-01-02T03:04:05.%dZ", "board": {"system": {"serial_number": "A1"}}}`

// collect makes a collection of files, and of the audit's report in its n-th second.
func collect(t *testing.T, n int, files map[string]string) *collection.Collection {
	t.Helper()
	folder := t.TempDir()
	write(t, folder, collection.Report, fmt.Sprintf(started, n))
	for name, text := range files {
		write(t, folder, name, text)
	}
	c, err := collection.Of(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func write(t *testing.T, folder, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func openRoot(t *testing.T, folder string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

// tree is what a folder has, by path.
func tree(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, folder+"/")] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

const name = "A1-20260102T030405Z"

func TestPut(t *testing.T) {
	at := t.TempDir()
	root := openRoot(t, at)
	first := collect(t, 1, map[string]string{"bee-audit.log": "audited\n", "bee-network.log": "up\n"})
	if got, err := Put(root, first, []string{"bee-audit.log", sums.File}); got != name || err != nil {
		t.Fatalf("got %s, %v", got, err)
	}
	if names, err := sums.Check(filepath.Join(at, name)); err != nil || len(names) != 3 {
		t.Errorf("got %v, %v", names, err)
	}
	if got := tree(t, at)[name+"/"+unsent]; got != "bee-audit.log\nSHA256SUMS\n" {
		t.Errorf("got %q", got)
	}

	// what is the same stays, what the power cut goes, what has arrived is no longer listed
	write(t, filepath.Join(at, name), "bee-capture.tar.gz"+part, "half")
	earlier := filepath.Join(at, "A1-20251231T235959Z")
	if err := os.Mkdir(earlier, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, earlier, "bee-audit.json"+part, "half")
	inode := func(file string) uint64 {
		var stat unix.Stat_t
		if err := unix.Stat(filepath.Join(at, name, file), &stat); err != nil {
			t.Fatal(err)
		}
		return stat.Ino
	}
	before := map[string]uint64{}
	for _, file := range []string{collection.Report, "bee-audit.log", "bee-network.log"} {
		before[file] = inode(file)
	}
	second := collect(t, 1, map[string]string{"bee-audit.log": "audited\n", "bee-network.log": "up\ndown\n"})
	if got, err := Put(root, second, nil); got != name || err != nil {
		t.Fatalf("got %s, %v", got, err)
	}
	for file, number := range before {
		if same := inode(file) == number; same != (file != "bee-network.log") {
			t.Errorf("%s is the same: %v", file, same)
		}
	}
	got := tree(t, at)
	if want := []string{collection.Report, "bee-audit.log", "bee-network.log", sums.File}; len(got) != len(want) || got[name+"/bee-network.log"] != "up\ndown\n" {
		t.Errorf("got %v, want %v", slices.Sorted(maps.Keys(got)), want)
	}
	if names, err := sums.Check(filepath.Join(at, name)); err != nil || len(names) != 3 {
		t.Errorf("got %v, %v", names, err)
	}
}

// Two audits of a machine whose clock begins anew at each start have one name.
func TestSameName(t *testing.T) {
	at := t.TempDir()
	root := openRoot(t, at)
	for _, n := range []int{1, 2, 3, 2, 1} {
		want := name
		if n > 1 {
			want += fmt.Sprintf("-%d", n)
		}
		if got, err := Put(root, collect(t, n, nil), nil); got != want || err != nil || !collection.IsFolder(got) {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
	if got := tree(t, at); len(got) != 6 {
		t.Errorf("got %v", got)
	}
}

func TestSend(t *testing.T) {
	at := t.TempDir()
	root := openRoot(t, at)
	for n, notSent := range [][]string{{"bee-audit.json", "bee-gone.log"}, nil, {"bee-audit.json", "bee-audit.log", "SHA256SUMS"}} {
		if _, err := Put(root, collect(t, n, map[string]string{"bee-audit.log": "audited\n"}), notSent); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(at, "holiday"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(at, "holiday"), unsent, "bee-picture\n")
	write(t, filepath.Join(at, "holiday"), "bee-picture", "")

	var sent []string
	full := errors.New("disk full")
	send := func(folder, file string, size int64, content io.Reader) error {
		if file == "bee-audit.log" && full != nil {
			return full
		}
		text, err := io.ReadAll(content)
		if int64(len(text)) != size {
			t.Errorf("%s: got %d bytes of %d", file, len(text), size)
		}
		sent = append(sent, folder+"/"+file)
		return err
	}
	if err := Send(root, send); !errors.Is(err, full) || err.Error() != name+"-3/bee-audit.log: disk full" {
		t.Errorf("got %v", err)
	}
	full = nil
	for range 2 {
		if err := Send(root, send); err != nil {
			t.Error(err)
		}
	}
	third := name + "-3/"
	if want := []string{name + "/bee-audit.json", third + "bee-audit.json", third + "bee-audit.json", third + "bee-audit.log", third + "SHA256SUMS"}; !slices.Equal(sent, want) {
		t.Errorf("got %v, want %v", sent, want)
	}
}

// Nothing that a stick says leads out of it, or to what is no result.
func TestStrangersStick(t *testing.T) {
	at := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(at, name), 0o755), os.Symlink("/etc/hostname", filepath.Join(at, name, "bee-link")), os.Mkdir(filepath.Join(at, name, "bee-folder"), 0o755)); err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{"bee-link\n", "bee-folder\n", "../../etc/hostname\n/etc/hostname\n.unsent\n\x1b[2J\n"} {
		write(t, filepath.Join(at, name), unsent, list)
		_ = Send(openRoot(t, at), func(folder, file string, _ int64, _ io.Reader) error {
			t.Errorf("%q: %s of %s is sent", list, file, folder)
			return nil
		})
	}
	if err := os.Symlink(t.TempDir(), filepath.Join(at, name+"-2")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(at, name), collection.Report, "{}")
	if got, err := Put(openRoot(t, at), collect(t, 1, nil), nil); err == nil {
		t.Errorf("it is written to %s", got)
	}
}

func TestNoRoom(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small file system")
	}
	at := t.TempDir()
	if err := unix.Mount("tmpfs", at, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("no small file system: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(at, unix.MNT_DETACH) })
	c := collect(t, 1, map[string]string{"bee-audit.log": "audited\n", "bee-capture.tar.gz": strings.Repeat("x", 256<<10), "bee-burn.log": strings.Repeat("x", 64<<10)})
	_, err := Put(openRoot(t, at), c, nil)
	if err == nil || !strings.Contains(err.Error(), "no room for bee-capture.tar.gz (256 KiB): ") {
		t.Errorf("got %v", err)
	}
	names, err := sums.Check(filepath.Join(at, name))
	if want := []string{"bee-audit.json", "bee-audit.log", "bee-burn.log"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("got %v, %v, want %v", names, err, want)
	}
}

func FuzzUnsent(f *testing.F) {
	f.Add("bee-audit.json\nSHA256SUMS\n")
	f.Add("../x\n\x00\n.\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range parseUnsent(text) {
			if !collection.IsFile(name) || !filepath.IsLocal(name) || filepath.Base(name) != name {
				t.Errorf("%q", name)
			}
		}
	})
}
