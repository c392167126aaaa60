package found

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func has(t *testing.T, path, want string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil || strings.TrimSpace(string(text)) != want {
		t.Errorf("%s is %q, %v; want %q", path, text, err, want)
	}
}

// An engine that was killed is cleaned up after: what was there before the first of them
// counts.
func TestAfterACrash(t *testing.T) {
	h := Host{IPv4: t.TempDir(), Groups: t.TempDir()}
	file := filepath.Join(t.TempDir(), "found.json")
	in := func(name string) string { return filepath.Join(h.IPv4, name) }
	if err := h.PutBack(file); err != nil {
		t.Errorf("nothing to put back: %v", err)
	}
	put(t, in("ip_forward"), "0\n")
	put(t, in("conf/all/accept_redirects"), "1\n")
	put(t, in("conf/eth0/forwarding"), "0\n")
	put(t, in("conf/gone/forwarding"), "0\n")
	for _, hierarchy := range []string{"cpu", "memory"} {
		put(t, filepath.Join(h.Groups, hierarchy, "cgroup.procs"), "1\n")
	}
	theirs := filepath.Join(h.Groups, "cpu", group, "theirs")
	if err := os.MkdirAll(theirs, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := h.Keep(file); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	// The engine, killed; and the next one.
	put(t, in("ip_forward"), "1\n")
	put(t, in("conf/all/accept_redirects"), "0\n")
	put(t, in("conf/eth0/forwarding"), "1\n")
	put(t, in("conf/new/forwarding"), "1\n")
	if err := os.RemoveAll(in("conf/gone")); err != nil {
		t.Fatal(err)
	}
	ours := filepath.Join(h.Groups, "memory", group)
	if err := os.MkdirAll(filepath.Join(ours, "a/b"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := h.Keep(file); err != nil {
		t.Fatal(err)
	}
	if err := h.PutBack(file); err != nil {
		t.Fatal(err)
	}
	has(t, in("ip_forward"), "0")
	has(t, in("conf/all/accept_redirects"), "1")
	has(t, in("conf/eth0/forwarding"), "0")
	has(t, in("conf/new/forwarding"), "1")
	if _, err := os.Stat(in("conf/gone")); !os.IsNotExist(err) {
		t.Errorf("settings of an interface that is gone: %v", err)
	}
	if _, err := os.Stat(ours); !os.IsNotExist(err) {
		t.Errorf("the engine's control groups stay: %v", err)
	}
	if _, err := os.Stat(theirs); err != nil {
		t.Errorf("control groups that were there: %v", err)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the file stays: %v", err)
	}
}

func TestDamaged(t *testing.T) {
	file := filepath.Join(t.TempDir(), "found.json")
	put(t, file, "{")
	if err := Here.PutBack(file); err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "remove the file") {
		t.Errorf("got %v", err)
	}
	// Nothing is removed but what an engine makes.
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.Mkdir(victim, 0o755); err != nil {
		t.Fatal(err)
	}
	h := Host{IPv4: t.TempDir(), Groups: t.TempDir()}
	put(t, file, `{"settings": {"../victim": "1"}, "noGroups": ["`+victim+`"]}`)
	if err := h.PutBack(file); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(victim); err != nil {
		t.Error(err)
	}
}

// The kernel's own settings, in a network of their own.
func TestKernel(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root")
	}
	// This thread ends with its network.
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("no network of its own: %v", err)
	}
	h := Host{IPv4: Here.IPv4, Groups: t.TempDir()}
	file := filepath.Join(t.TempDir(), "found.json")
	in := func(name string) string { return filepath.Join(h.IPv4, name) }
	// of a hardened host that forwards for one interface
	put(t, in("ip_forward"), "0")
	put(t, in("conf/all/accept_redirects"), "0")
	put(t, in("conf/lo/forwarding"), "1")
	if err := h.Keep(file); err != nil {
		t.Fatal(err)
	}
	put(t, in("ip_forward"), "1") // as the plugins do
	if err := h.PutBack(file); err != nil {
		t.Fatal(err)
	}
	has(t, in("ip_forward"), "0")
	has(t, in("conf/all/accept_redirects"), "0")
	has(t, in("conf/lo/forwarding"), "1")
	has(t, in("conf/default/forwarding"), "0")
}

// The kernel's own control groups: a folder goes though there are files in it, unless a
// process is in the group.
func TestKernelGroups(t *testing.T) {
	procs, _ := filepath.Glob("/sys/fs/cgroup/pids/cgroup.procs")
	if len(procs) == 0 {
		procs, _ = filepath.Glob("/sys/fs/cgroup/cgroup.procs")
	}
	if os.Geteuid() != 0 || len(procs) == 0 {
		t.Skip("not root, or no control groups")
	}
	top := filepath.Join(filepath.Dir(procs[0]), "bee-found-test")
	empty, used := filepath.Join(top, "a/b"), filepath.Join(top, "used")
	for _, folder := range []string{empty, used} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Skip(err)
		}
	}
	sleep := exec.Command("sleep", "60")
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = sleep.Process.Kill()
		_ = sleep.Wait()
		removeGroup(top)
		if _, err := os.Stat(top); !os.IsNotExist(err) {
			t.Errorf("%s stays once it is empty: %v", top, err)
		}
	})
	put(t, filepath.Join(used, "cgroup.procs"), strconv.Itoa(sleep.Process.Pid))
	removeGroup(top)
	if _, err := os.Stat(filepath.Dir(empty)); !os.IsNotExist(err) {
		t.Errorf("an empty group stays: %v", err)
	}
	if _, err := os.Stat(used); err != nil {
		t.Errorf("a group that is used: %v", err)
	}
}
