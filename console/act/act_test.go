package act

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bee/console/machine"
	"bee/core/link"
)

// programs puts programs into PATH that write down how they were called, or do what they do.
func programs(t *testing.T, scripts map[string]string) (called func() string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	log := filepath.Join(dir, "called")
	for name, script := range scripts {
		text := "#!/bin/sh\necho \"$(basename \"$0\") $*\" >>" + log + "\n" + script + "\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return func() string {
		text, _ := os.ReadFile(log)
		return string(text)
	}
}

// await waits until something is so.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not seen: %s", what)
		}
	}
}

// A burn-in goes on by itself, what it prints is where others look for it, and it is stopped.
func TestBurnIn(t *testing.T) {
	called := programs(t, map[string]string{"bee-burn": `trap 'echo stopped; exit 130' TERM
echo '{"pid":'$$',"stage":"burning"}'
while :; do sleep 0.05; done`})
	root := t.TempDir()
	s := System{Root: root}
	if err := s.StartBurnIn(BurnIn{GPUs: []string{"0000:19:00.0", "0000:39:00.0"}, Time: 30 * time.Minute}); err != nil {
		t.Fatal(err)
	}
	r := &machine.Reader{Root: root, Addresses: func(string) []string { return nil }}
	await(t, "its first line", func() bool { return len(r.Read().Burn.Lines) == 1 })
	if got := called(); got != "bee-burn --live --time 30m0s --gpus 0000:19:00.0,0000:39:00.0\n" {
		t.Errorf("%q", got)
	}
	pid := r.Read().Burn.Last().PID
	if session, err := unix.Getsid(pid); err != nil || session != pid {
		t.Errorf("session %d of process %d, %v", session, pid, err)
	}
	if err := s.StopBurnIn(pid); err != nil {
		t.Fatal(err)
	}
	await(t, "its last line", func() bool { return r.Read().Burn.Words == "stopped\n" })
	for _, pid := range []int{0, 1, -1} {
		if s.StopBurnIn(pid) == nil {
			t.Errorf("process %d was stopped", pid)
		}
	}
}

func TestPrograms(t *testing.T) {
	called := programs(t, map[string]string{"reboot": "", "poweroff": "", "bee-results": "echo '2 of 3\033[2J' >&2; exit 1"})
	s := System{Root: t.TempDir()}
	for _, action := range []func() error{s.Restart, s.PowerOff} {
		if err := action(); err != nil {
			t.Error(err)
		}
	}
	if err := s.SendResults(); err == nil || err.Error() != `exit status 1: 2 of 3\x1b[2J` {
		t.Error(err)
	}
	if got := called(); got != "reboot \npoweroff \nbee-results send\n" {
		t.Errorf("%q", got)
	}
	if err := s.StartBurnIn(BurnIn{Time: time.Minute}); err == nil || !strings.Contains(err.Error(), "built without it") {
		t.Error(err)
	}
	if err := s.NewPassword(); err == nil {
		t.Error("there is no ssh-access")
	}
}

func TestSetNetwork(t *testing.T) {
	s := System{Root: t.TempDir()}
	if err := s.SetNetwork([]string{"eth0,dhcp", "eth1.117"}); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(s.Root, link.File)); err != nil || string(text) != "eth0,dhcp\neth1.117\n" {
		t.Errorf("%q, %v", text, err)
	}
}
